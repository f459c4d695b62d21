/** What checking one crypt(3) hash may take. */
export interface HashCost {
  readonly memoryBytes: number;
  readonly timeMs: number;
}

const itoa64 = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const unbounded: HashCost = { memoryBytes: Number.POSITIVE_INFINITY, timeMs: Number.POSITIVE_INFINITY };
const small = 64 * 1024;

/** Rough times on a slow core of today; they only have to tell a usual hash from a trap. */
const sha2RoundMs = 0.001;
const bcryptUnitMs = 0.06;
const memoryHardMsPerMiB = 4;

function digit(text: string, index: number): number {
  return itoa64.indexOf(text[index] ?? '');
}

/** `$y$`, `$gy$` and `$7$` hold log2(N) and r; memory is 128·r·N octets. */
function memoryHard(logN: number, r: number): HashCost {
  if (logN < 1 || logN > 40 || r < 1) return unbounded;
  const memoryBytes = 128 * r * 2 ** logN;
  return { memoryBytes, timeMs: (memoryBytes / 2 ** 20) * memoryHardMsPerMiB };
}

/**
 * Judges a stored hash before any work is done for it: a hash with absurd rounds would hold a thread that nothing can stop.
 * What cannot be read here counts as cheap: crypt(3) itself then refuses it, or it is one of the old fast kinds.
 */
export function estimateHashCost(setting: string): HashCost {
  const yescrypt = /^\$g?y\$(.)(.)(.)/.exec(setting);
  if (yescrypt !== null) return memoryHard(digit(yescrypt[2] ?? '', 0) + 1, digit(yescrypt[3] ?? '', 0) + 1);
  const scrypt = /^\$7\$(.)(.{5})(.{5})/.exec(setting);
  if (scrypt !== null) return memoryHard(digit(scrypt[1] ?? '', 0), Math.max(1, digit(scrypt[2] ?? '', 0)));
  const bcrypt = /^\$2[abxy]\$(\d\d)\$/.exec(setting);
  if (bcrypt !== null) return { memoryBytes: small, timeMs: bcryptUnitMs * 2 ** Number(bcrypt[1]) };
  const rounds = /^\$(?:5|6|md5|sha1)[$,](?:rounds=)?(\d+)\$/.exec(setting);
  return { memoryBytes: small, timeMs: rounds === null ? 5 : Number(rounds[1]) * sha2RoundMs };
}
