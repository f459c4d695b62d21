import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { InvalidValueError } from '../../../src/base/invalid-value.js';
import { isUsableFrom, parseAuthorizedKeys, parseKeyLine } from '../../../src/broker/authorized-keys.js';
import { isPermitted } from '../../../src/broker/login-policy.js';
import { makeTestKey } from './ssh-keys.js';

const { line } = makeTestKey(['-t', 'ed25519']);
const parse = (options: string) => parseKeyLine(`${options} ${line}`, 2048).options;

describe('authorized key', () => {
  it('without options allows everything', () => {
    const { options, comment } = parseKeyLine(line, 2048);
    assert.deepEqual(options, { terminal: true, forwarding: true, agentForwarding: true, environment: [] });
    assert.equal(comment, 'test');
  });

  it('with restrict allows nothing but what follows', () => {
    assert.deepEqual(parse('restrict'), {
      terminal: false,
      forwarding: false,
      agentForwarding: false,
      environment: [],
    });
    assert.deepEqual(parse('restrict,pty'), {
      terminal: true,
      forwarding: false,
      agentForwarding: false,
      environment: [],
    });
    assert.equal(parse('no-port-forwarding,no-x11-forwarding,no-user-rc').forwarding, false);
    assert.equal(parse('No-Pty').terminal, false);
  });

  it('takes quoted values apart as sshd does', () => {
    assert.equal(parse('command="echo \\"a, b\\" c"').command, 'echo "a, b" c');
    assert.deepEqual(parse('environment="A=1",environment="B=x,y"').environment, [
      ['A', '1'],
      ['B', 'x,y'],
    ]);
    assert.deepEqual(parse('permitopen="localhost:80",permitopen="[::1]:*"').permitOpen, ['localhost:80', '::1:*']);
    assert.deepEqual(parse('permitlisten="8080"').permitListen, ['*:8080']);
  });

  for (const options of [
    'verify-required',
    'cert-authority',
    'tunnel="0"',
    'principals="a"',
    'pty="yes"',
    'command',
    'from',
    'xyz',
    'constructor',
    '__proto__',
    'command="a",command="b"',
    'environment="1A=x"',
    'expiry-time="tomorrow"',
    'permitopen="x"',
    'permitopen="host:99999999"',
  ]) {
    it(`with ${options} is not used at all (A23)`, () => {
      assert.throws(() => parse(options), InvalidValueError);
      assert.equal(parseAuthorizedKeys([`${options} ${line}`, line], 2048).keys.length, 1);
      assert.equal(parseAuthorizedKeys([`${options} ${line}`, line], 2048).refused.length, 1);
    });
  }

  for (const bad of [
    '',
    'ssh-ed25519',
    'ssh-ed25519 AAAA',
    'ssh-ed25519 !!!!!!!!!!!!!!!!!!!!',
    line.replace('ssh-ed25519', 'ssh-rsa'),
    `command="open ${line}`,
  ]) {
    it(`is refused as ${JSON.stringify(bad.slice(0, 40))}`, () => {
      assert.throws(() => parseKeyLine(bad, 2048), InvalidValueError);
    });
  }

  it('expires at its time', () => {
    const options = parse('expiry-time="20260102030405Z"');
    assert.equal(options.expiresMs, Date.UTC(2026, 0, 2, 3, 4, 5));
    assert.equal(isUsableFrom(options, '127.0.0.1', Date.UTC(2026, 0, 2, 3, 4, 4)), true);
    assert.equal(isUsableFrom(options, '127.0.0.1', Date.UTC(2026, 0, 2, 3, 4, 5)), false);
  });

  it('is used from its addresses only', () => {
    const cases: readonly (readonly [from: string, source: string, usable: boolean])[] = [
      ['10.0.0.0/8', '10.1.2.3', true],
      ['10.0.0.0/8', '11.1.2.3', false],
      ['10.0.0.0/8,!10.1.2.3', '10.1.2.3', false],
      ['192.168.1.*', '192.168.1.77', true],
      ['192.168.?.7', '192.168.12.7', false],
      ['2001:db8::/32', '2001:db8::1', true],
      ['2001:db8::/32', '10.0.0.1', false],
      ['example.org', '10.0.0.1', false],
      ['!10.0.0.1', '10.0.0.2', false],
      ['10.0.0.1', '::ffff:10.0.0.1', true],
    ];
    for (const [from, source, usable] of cases)
      assert.equal(isUsableFrom(parse(`from="${from}"`), source, 0), usable, `${from} ${source}`);
  });

  it('permits targets by host and port', () => {
    assert.equal(isPermitted(undefined, 'any', 1), true);
    assert.equal(isPermitted(['localhost:80'], 'LOCALHOST', 80), true);
    assert.equal(isPermitted(['localhost:80'], 'localhost', 81), false);
    assert.equal(isPermitted(['*:80', '::1:*'], '::1', 5), true);
    assert.equal(isPermitted([], 'localhost', 80), false);
  });
});
