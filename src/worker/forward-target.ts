import type { Question } from '../privsep/request-table.js';
import { WireReader } from './ssh2/wire.js';

type Target = Question<'open-connection'>;
type Listen = Question<'open-listener'>;

const maxHostBytes = 255;
const maxPathBytes = 107;
const largestPort = 65_535;

/** Reads what follows the head of a direct-tcpip or direct-streamlocal channel; null when no address can look like this. */
export function parseTarget(type: string, body: Buffer): Target | null {
  const reader = new WireReader(body);
  if (type === 'direct-streamlocal@openssh.com') {
    const path = parsePath(reader.string());
    return path === null ? null : { kind: 'unix', path, originHost: '', originPort: 0 };
  }
  const host = parseHost(reader.string());
  const port = reader.uint32();
  const originHost = parseHost(reader.string()) ?? '';
  const originPort = reader.uint32();
  if (host === null || host === '' || port === 0 || port > largestPort) return null;
  return { kind: 'tcp', host, port, originHost, originPort: originPort > largestPort ? 0 : originPort };
}

/** Reads the body of tcpip-forward, streamlocal-forward@openssh.com or their cancellations. */
export function parseListen(type: string, body: Buffer): Listen | null {
  const reader = new WireReader(body);
  if (type.endsWith('streamlocal-forward@openssh.com')) {
    const path = parsePath(reader.string());
    return path === null ? null : { kind: 'unix', path };
  }
  const host = parseHost(reader.string());
  const port = reader.uint32();
  return host === null || port > largestPort ? null : { kind: 'tcp', host, port };
}

function parseHost(bytes: Buffer): string | null {
  return bytes.length > maxHostBytes || /[^\x21-\x7e]/.test(bytes.toString('latin1')) ? null : bytes.toString('latin1');
}

function parsePath(bytes: Buffer): string | null {
  const path = bytes.toString('utf8');
  return bytes.length === 0 ||
    bytes.length > maxPathBytes ||
    bytes.includes(0) ||
    !Buffer.from(path, 'utf8').equals(bytes)
    ? null
    : path;
}
