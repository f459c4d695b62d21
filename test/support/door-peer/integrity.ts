import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DoorPeer } from './peer.js';
import { type Pace, SshClient } from './ssh-client.js';

export interface IntegrityCount {
  runs: number;
  readonly incomplete: string[];
}

const outputBytes = 600_000;
const exitCode = 5;
const paces: readonly Pace[] = ['fast', 'slow', 'stalled'];

/** Runs a program that writes 600 kB and exits at once, `rounds` times for each kind of reader, through a terminal and through pipes. */
export async function countIncomplete(rounds: number): Promise<IntegrityCount> {
  const peer = await DoorPeer.start();
  const client = new SshClient(peer.port);
  const data = randomBytes(outputBytes);
  const path = join(client.directory, 'data');
  writeFileSync(path, data);
  const count: IntegrityCount = { runs: 0, incomplete: [] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const pace of paces) {
        for (const kind of ['terminal', 'pipes'] as const) {
          const command =
            kind === 'terminal' ? `stty raw -echo; cat ${path}; exit ${exitCode}` : `cat ${path}; exit ${exitCode}`;
          const result = await client.run(command, { flags: kind === 'terminal' ? ['-tt'] : ['-T'], pace });
          count.runs += 1;
          if (!result.output.equals(data) || result.code !== exitCode) {
            count.incomplete.push(`${kind} ${pace}: ${result.output.length} bytes, status ${result.code}`);
          }
        }
      }
    }
  } finally {
    rmSync(path, { force: true });
    client.close();
    peer.close();
  }
  return count;
}
