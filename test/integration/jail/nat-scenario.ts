/**
 * Run in a network namespace of its own (unshare --net) that plays the host: makes an uplink to an "outside" and the interfaces of two jails as
 * the keeper makes them, puts our network in place, tries who reaches whom, takes it away again. Prints what came out as JSON.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseAbsolutePath } from '../../../src/base/brands.js';
import { parseSubnet } from '../../../src/base/ip.js';
import { configFrom } from '../../../src/config/load.js';
import { NatNetwork } from '../../../src/jail/network.js';
import { planAddresses } from '../../../src/jail/network-addresses.js';
import { listInstanceTables } from '../../../src/jail/nft.js';

const outside = '192.168.77.2';
const host = '192.168.77.1';
const directory = mkdtempSync('/var/tmp/jaild-nat-test-');
const base = configFrom(join(directory, 'jaild.ini'), []);
const config = {
  server: { ...base.server, runDir: parseAbsolutePath(join(directory, 'run')) },
  network: { ...base.network, pool: parseSubnet('10.214.0.0/16'), uplink: 'up0', dns: [host] },
};
const claimsDir = join(directory, 'claims');
const children: ChildProcess[] = [];

/** Says `connected`, or the code of the failure; `banner` of a server is not waited for. */
const probe = `
  const [host, port, from] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port: Number(port), ...(from && { localAddress: from }) });
  socket.setTimeout(1500, () => { console.log('silent'); process.exit(); });
  socket.on('connect', () => { console.log('connected'); process.exit(); });
  socket.on('error', (error) => { console.log(error.code); process.exit(); });`;
const serve = `require('node:net').createServer((socket) => socket.end()).listen(Number(process.argv[1]), '0.0.0.0', () => console.log('up'))`;

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

function inside(pid: string, ...command: string[]): string {
  return execFileSync('nsenter', ['--target', pid, '--net', ...command], { encoding: 'utf8' }).trim();
}

/** A network namespace that lives as long as the process sleeping in it. */
async function makeNamespace(): Promise<string> {
  const child = spawn('unshare', ['--net', 'sleep', '60'], { stdio: 'ignore' });
  children.push(child);
  const pid = String(child.pid);
  while (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) await pause(5);
  inside(pid, 'ip', 'link', 'set', 'lo', 'up');
  return pid;
}

async function listenIn(pid: string, port: number): Promise<void> {
  const child = spawn('nsenter', ['--target', pid, '--net', process.execPath, '-e', serve, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
}

function reach(pid: string, address: string, port: number, from = ''): string {
  return inside(pid, process.execPath, '-e', probe, address, String(port), from);
}

async function makeJail(index: number): Promise<{ pid: string; address: string }> {
  const { interfaceName, address, gateway } = planAddresses(config.network.pool, index, config.server.runDir);
  const pid = await makeNamespace();
  ip('link', 'add', interfaceName, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
  ip('addr', 'add', `${gateway}/32`, 'dev', interfaceName);
  ip('link', 'set', interfaceName, 'up');
  ip('route', 'add', `${address}/32`, 'dev', interfaceName);
  for (const [name, value] of [
    ['forwarding', '1'],
    ['rp_filter', '1'],
  ] as const) {
    writeFileSync(`/proc/sys/net/ipv4/conf/${interfaceName}/${name}`, value);
  }
  inside(pid, 'ip', 'addr', 'add', `${address}/32`, 'dev', 'eth0');
  inside(pid, 'ip', 'link', 'set', 'eth0', 'up');
  inside(pid, 'ip', 'route', 'add', `${gateway}/32`, 'dev', 'eth0');
  inside(pid, 'ip', 'route', 'add', 'default', 'via', gateway);
  return { pid, address };
}

function listenHere(port: number): Promise<Server> {
  const server = createServer((socket) => socket.end());
  return new Promise((resolve) => server.listen(port, '0.0.0.0', () => resolve(server)));
}

async function play(): Promise<Record<string, string | string[]>> {
  ip('link', 'set', 'lo', 'up');
  const world = await makeNamespace();
  ip('link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', world);
  ip('addr', 'add', `${host}/24`, 'dev', 'up0');
  ip('addr', 'add', '169.254.7.7/32', 'dev', 'up0'); // stands in for a metadata service
  ip('link', 'set', 'up0', 'up');
  inside(world, 'ip', 'addr', 'add', `${outside}/24`, 'dev', 'eth0');
  inside(world, 'ip', 'link', 'set', 'eth0', 'up');
  const [first, second] = [await makeJail(0), await makeJail(1)];
  const servers = [await listenHere(53), await listenHere(80)];
  await listenIn(world, 80);
  await listenIn(second.pid, 80);
  const forwarding = (): string => readFileSync('/proc/sys/net/ipv4/conf/up0/forwarding', 'utf8').trim();
  const results: Record<string, string | string[]> = {
    'before: outside': reach(first.pid, outside, 80),
    'before: host': reach(first.pid, host, 80),
  };

  const nat = new NatNetwork(config, { claimsDir });
  await nat.ensure();
  await new NatNetwork(config, { claimsDir }).ensure(); // another broker of this instance
  inside(world, 'ip', 'route', 'add', '10.214.0.0/16', 'via', host);
  Object.assign(results, {
    outside: reach(first.pid, outside, 80),
    'host by gateway': reach(first.pid, '10.214.0.1', 80),
    'host by uplink': reach(first.pid, host, 80),
    'dns of the host': reach(first.pid, host, 53),
    'link-local': reach(first.pid, '169.254.7.7', 80),
    'other jail': reach(first.pid, second.address, 80),
    'host to jail': execFileSync(process.execPath, ['-e', probe, second.address, '80'], { encoding: 'utf8' }).trim(),
    'outside to jail': reach(world, second.address, 80),
    forwarding: forwarding(),
    ip_forward: readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(),
    tables: (await listInstanceTables()).map(() => 'one'),
  });
  inside(first.pid, 'ip', 'addr', 'add', '10.214.0.99/32', 'dev', 'eth0');
  results['spoofed source'] = reach(first.pid, outside, 80, '10.214.0.99');
  await nat.remove();
  await nat.remove();
  Object.assign(results, { 'after: forwarding': forwarding(), 'after: tables': await listInstanceTables() });
  for (const server of servers) server.close();
  return results;
}

try {
  process.stdout.write(`${JSON.stringify(await play())}\n`);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(directory, { recursive: true });
}
