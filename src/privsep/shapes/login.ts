import { z } from 'zod';
import { bytes, counter, identifier, milliseconds, text, whole } from './values.js';

/** begin → what a connection needs before key exchange. `cookie` is for the first KEXINIT. */
export const beginAnswer = z.strictObject({
  connectionId: identifier,
  cookie: text(24, 24),
  hostKeys: z.array(z.strictObject({ type: z.enum(['ed25519', 'ecdsa', 'rsa']), blob: text(8192, 1) })).min(1),
  maxTries: counter,
  /** What is left of the absolute grace time. */
  graceDeadlineMs: milliseconds,
  passwordAllowed: z.boolean(),
  maxSessions: counter,
  maxForwards: counter,
  keepaliveMs: milliseconds,
  idleTimeMs: milliseconds,
  acceptEnvironment: z.array(text(128)),
});

/**
 * The parts of one key exchange, exactly as they are hashed (RFC 4253 section 8, RFC 5656 section 4, RFC 8731).
 * `clientShare` and `serverShare` are the octets of Q_C and Q_S for the curve methods and the magnitude octets of e and f for
 * `dh`; `secret` is the mpint body of K for `curve` and `dh`, and the plain octets for `string`.
 */
export const exchange = z.strictObject({
  kex: z.enum(['curve', 'dh', 'string']),
  hash: z.enum(['sha256', 'sha384', 'sha512']),
  hostKeyAlgorithm: text(64, 1),
  clientIdent: bytes(256),
  serverIdent: bytes(256),
  clientKexInit: bytes(35_000),
  serverKexInit: bytes(35_000),
  clientShare: bytes(2048),
  serverShare: bytes(2048),
  secret: bytes(2048),
});

/** `signature` is the whole signature blob of the reply: string algorithm, string raw. `nextCookie` is for the next KEXINIT. */
export const signature = z.strictObject({ hash: text(88, 1), signature: text(4096, 1), nextCookie: text(24, 24) });

/** A user name is judged by the broker's one pattern; here only its size is bounded. */
const user = z.string().max(1024);

/** Without `signature` it is only the question whether such a key would do. */
export const publicKey = z.strictObject({
  user,
  service: z.literal('ssh-connection'),
  algorithm: z.string().max(128),
  blob: bytes(16_384),
  signature: bytes(16_384).optional(),
});

/** A password longer than maxPasswordBytes is answered `rejected` and counts as a try. */
export const password = z.strictObject({
  user,
  service: z.literal('ssh-connection'),
  password: bytes(32_768),
  newPassword: bytes(32_768).optional(),
});

/** What a session of this login may do: the worker tells the client early, the broker enforces it at each request. */
const policy = z.strictObject({
  terminal: z.boolean(),
  forwarding: z.boolean(),
  agentForwarding: z.boolean(),
  maxSessions: counter,
  maxForwards: counter,
  idleTimeMs: milliseconds,
});

/**
 * accepted: the login is done; unavailable: a store or helper failed, tell the client to come back, count no try;
 * known: such a key would do; partial: one more method is needed. `triesLeft` 0 means: disconnect.
 */
export const verdict = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('accepted'),
    account: identifier,
    jail: identifier,
    resumeSecret: text(64, 1),
    policy,
    notice: text(1000).optional(),
  }),
  z.strictObject({ outcome: z.literal('known') }),
  z.strictObject({
    outcome: z.enum(['rejected', 'partial', 'unavailable']),
    methods: z.array(z.enum(['publickey', 'password'])),
    triesLeft: whole(0, 1000),
  }),
]);

/** First and only question on a resume connection. */
export const resume = z.strictObject({ connectionId: identifier, secret: bytes(64) });

export const resumed = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('resumed'),
    account: identifier,
    jail: identifier,
    nextCookie: text(24, 24),
    policy,
  }),
  z.strictObject({ outcome: z.literal('refused') }),
]);

export const end = z.strictObject({ reason: text(200), bytesIn: counter, bytesOut: counter });
