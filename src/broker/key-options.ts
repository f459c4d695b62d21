import { InvalidValueError } from '../base/invalid-value.js';

/** What the options of one authorized_keys line (sshd(8)) restrict or set. Everything is allowed unless the line says otherwise. */
export interface KeyOptions {
  readonly terminal: boolean;
  readonly forwarding: boolean;
  readonly agentForwarding: boolean;
  /** Patterns of from="": addresses, CIDR blocks, `*` and `?`; `!` in front excludes. */
  readonly from?: readonly string[];
  /** Runs instead of whatever the client asks for. */
  readonly command?: string;
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** Unix milliseconds. */
  readonly expiresMs?: number;
  /** `host:port`; absent: any. */
  readonly permitOpen?: readonly string[];
  readonly permitListen?: readonly string[];
}

type Draft = { -readonly [Name in keyof KeyOptions]: KeyOptions[Name] };

const flags: Readonly<Record<string, (draft: Draft) => void>> = {
  restrict: (draft) => Object.assign(draft, { terminal: false, forwarding: false, agentForwarding: false }),
  pty: (draft) => Object.assign(draft, { terminal: true }),
  'no-pty': (draft) => Object.assign(draft, { terminal: false }),
  'port-forwarding': (draft) => Object.assign(draft, { forwarding: true }),
  'no-port-forwarding': (draft) => Object.assign(draft, { forwarding: false }),
  'agent-forwarding': (draft) => Object.assign(draft, { agentForwarding: true }),
  'no-agent-forwarding': (draft) => Object.assign(draft, { agentForwarding: false }),
  // Neither X11 forwarding nor ~/.ssh/rc exists here: all four hold as they are.
  'x11-forwarding': () => undefined,
  'no-x11-forwarding': () => undefined,
  'user-rc': () => undefined,
  'no-user-rc': () => undefined,
};

const values: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  from: (draft, value) =>
    set(
      draft,
      'from',
      value
        .split(',')
        .map((pattern) => pattern.trim())
        .filter((pattern) => pattern !== ''),
    ),
  command: (draft, value) => set(draft, 'command', value),
  environment: (draft, value) => {
    draft.environment = [...draft.environment, parseVariable(value)];
  },
  'expiry-time': (draft, value) =>
    set(draft, 'expiresMs', Math.min(draft.expiresMs ?? Number.MAX_SAFE_INTEGER, parseExpiry(value))),
  permitopen: (draft, value) => set(draft, 'permitOpen', [...(draft.permitOpen ?? []), parseTarget(value)]),
  permitlisten: (draft, value) => set(draft, 'permitListen', [...(draft.permitListen ?? []), parseTarget(value)]),
};

function set<Name extends keyof Draft>(draft: Draft, name: Name, value: Draft[Name]): void {
  const once = name === 'from' || name === 'command';
  if (once && draft[name] !== undefined) throw new InvalidValueError(`the option ${name} stands twice`);
  draft[name] = value;
}

/** The options part of a line, as cut out by `parseKeyLine`. An option that is not known throws: the key must not be used then. */
export function parseKeyOptions(text: string): KeyOptions {
  const draft: Draft = { terminal: true, forwarding: true, agentForwarding: true, environment: [] };
  for (const option of splitOptions(text)) applyOption(draft, option);
  return draft;
}

function applyOption(draft: Draft, option: string): void {
  const match = /^([A-Za-z0-9-]+)(?:="((?:[^"\\]|\\.)*)")?$/s.exec(option);
  const name = match?.[1]?.toLowerCase() ?? '';
  const value = match?.[2]?.replaceAll('\\"', '"');
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  const setter = Object.hasOwn(values, name) ? values[name] : undefined;
  if (flag !== undefined && value === undefined) return flag(draft);
  if (setter !== undefined && value !== undefined) return setter(draft, value);
  throw new InvalidValueError(`the option "${option.slice(0, 40)}" is not known`);
}

function splitOptions(text: string): string[] {
  return text.match(/(?:[^,"\\]|\\.|"(?:[^"\\]|\\.)*")+/gs) ?? [];
}

function parseVariable(text: string): readonly [string, string] {
  const match = /^([A-Za-z_][A-Za-z0-9_]{0,127})=([^\0]{0,4096})$/s.exec(text);
  if (match === null) throw new InvalidValueError('the option environment needs NAME=VALUE');
  return [match[1] ?? '', match[2] ?? ''];
}

/** YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in UTC with a Z, else in the host's time zone. */
function parseExpiry(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/.exec(text);
  if (match === null) throw new InvalidValueError('the option expiry-time needs YYYYMMDD[HHMM[SS]][Z]');
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone = ''] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  if (Number.isNaN(time)) throw new InvalidValueError('the time of the option expiry-time does not exist');
  return time;
}

function parseTarget(text: string): string {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):)?(\d{1,5}|\*)$/.exec(text);
  if (match === null) throw new InvalidValueError(`"${text.slice(0, 60)}" is no host:port`);
  return `${(match[1] ?? '*').replace(/^\[|\]$/g, '').toLowerCase()}:${match[2] ?? ''}`;
}
