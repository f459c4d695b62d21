import { z } from 'zod';
import { InvalidValueError } from '../base/invalid-value.js';
import { matching, parsed, text, yesNo } from '../config/values.js';
import { accountName, jailName, listOf } from '../store/fields.js';
import type { RecordKind } from '../store/record-codec.js';
import type { LoginEvidence } from './authenticated-account.js';
import type { ConnectionSource } from './connection.js';

/** A login that can be restored. The secret itself is only in the worker. */
export interface StoredLogin {
  readonly from: ConnectionSource;
  readonly login: LoginEvidence;
  readonly sessionId: Buffer;
  readonly secretHash: Buffer;
}

const number = parsed((written): number => {
  if (/^[0-9]{1,15}$/.test(written)) return Number(written);
  throw new InvalidValueError('is not a number');
});
const base64 = matching(/^[A-Za-z0-9+/]{1,128}={0,2}$/, 'base64').transform((value) => Buffer.from(value, 'base64'));
/** Values of the admin's own (a forced command, variables, targets) may hold any character: base64 of UTF-8. */
const packed = matching(/^[A-Za-z0-9+/]*={0,2}$/, 'base64').transform((value) =>
  Buffer.from(value, 'base64').toString('utf8'),
);

/** RUN/resume/CONNECTION.ini. */
export const resumeKind: RecordKind<StoredLogin> = {
  kind: 'resume',
  version: 1,
  shape: z
    .strictObject({
      connection: z.strictObject({
        id: text,
        source: text,
        source_port: number,
        local: text,
        local_port: number,
        opened: number,
      }),
      login: z.strictObject({
        account: accountName,
        jail: jailName,
        method: text,
        fingerprint: text.optional(),
        record_created: text.optional(),
        session_id: base64,
        secret_hash: base64,
      }),
      policy: z.strictObject({
        terminal: yesNo,
        forwarding: yesNo,
        agent_forwarding: yesNo,
        max_sessions: number,
        max_forwards: number,
        idle_time: number,
        command: packed.optional(),
        variable: listOf(packed, 64).optional(),
        // An empty list permits nothing, no list permits all: they must not turn into each other.
        limits_open: yesNo,
        permit_open: listOf(packed, 1024).optional(),
        limits_listen: yesNo,
        permit_listen: listOf(packed, 1024).optional(),
      }),
    })
    .transform(
      ({ connection, login, policy }): StoredLogin => ({
        from: {
          connectionId: connection.id,
          source: connection.source,
          sourcePort: connection.source_port,
          local: connection.local,
          localPort: connection.local_port,
          openedMs: connection.opened,
        },
        sessionId: login.session_id,
        secretHash: login.secret_hash,
        login: {
          account: login.account,
          jail: login.jail,
          method: login.method,
          ...(login.fingerprint !== undefined && { fingerprint: login.fingerprint }),
          ...(login.record_created !== undefined && { recordCreated: login.record_created }),
          policy: {
            terminal: policy.terminal,
            forwarding: policy.forwarding,
            agentForwarding: policy.agent_forwarding,
            maxSessions: policy.max_sessions,
            maxForwards: policy.max_forwards,
            idleTimeMs: policy.idle_time,
            environment: (policy.variable ?? []).map((variable) => {
              const split = variable.indexOf('=');
              return [variable.slice(0, split), variable.slice(split + 1)] as const;
            }),
            ...(policy.command !== undefined && { command: policy.command }),
            ...(policy.limits_open && { permitOpen: policy.permit_open ?? [] }),
            ...(policy.limits_listen && { permitListen: policy.permit_listen ?? [] }),
          },
        },
      }),
    ),
  format: ({ from, login, sessionId, secretHash }) => {
    const { policy } = login;
    const word = (value: boolean): string => (value ? 'yes' : 'no');
    const pack = (value: string): string => Buffer.from(value, 'utf8').toString('base64');
    return [
      [
        'connection',
        {
          id: from.connectionId,
          source: from.source,
          source_port: String(from.sourcePort),
          local: from.local,
          local_port: String(from.localPort),
          opened: String(from.openedMs),
        },
      ],
      [
        'login',
        {
          account: login.account,
          jail: login.jail,
          method: login.method,
          fingerprint: login.fingerprint,
          record_created: login.recordCreated,
          session_id: sessionId.toString('base64'),
          secret_hash: secretHash.toString('base64'),
        },
      ],
      [
        'policy',
        {
          terminal: word(policy.terminal),
          forwarding: word(policy.forwarding),
          agent_forwarding: word(policy.agentForwarding),
          max_sessions: String(policy.maxSessions),
          max_forwards: String(policy.maxForwards),
          idle_time: String(policy.idleTimeMs),
          command: policy.command === undefined ? undefined : pack(policy.command),
          variable: policy.environment.map(([name, value]) => pack(`${name}=${value}`)),
          limits_open: word(policy.permitOpen !== undefined),
          permit_open: policy.permitOpen?.map(pack),
          limits_listen: word(policy.permitListen !== undefined),
          permit_listen: policy.permitListen?.map(pack),
        },
      ],
    ];
  },
};
