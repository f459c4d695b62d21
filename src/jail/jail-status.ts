import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseIni } from '../base/ini.js';
import { InvalidValueError } from '../base/invalid-value.js';
import { isAbsent } from '../errors/errno.js';
import { jailRunDir } from './plan.js';

/** What a jail's keeper wrote down last (RUN/jails/NAME/state): also how it ended, when it does not run. */
export interface WrittenState {
  readonly state: string;
  readonly initPid: number | null;
  readonly startedMs: number | null;
  readonly ended: string;
}

const nothing: WrittenState = { state: '', initPid: null, startedMs: null, ended: '' };

/** Reads the state file; an absent or damaged one says nothing (the lock and the control socket tell whether the jail runs). */
export function readWrittenState(runDir: string, jail: string): WrittenState {
  const file = join(jailRunDir(runDir, jail), 'state');
  try {
    const document = parseIni(readFileSync(file, 'utf8'), file);
    const values = new Map<string, string>();
    for (const section of document.sections.values()) {
      for (const entry of section.entries.values()) values.set(entry.key, entry.values[0] ?? '');
    }
    return {
      state: values.get('state') ?? '',
      initPid: toNumber(values.get('init_pid')),
      startedMs: toNumber(values.get('started')),
      ended: values.get('how') ?? '',
    };
  } catch (error) {
    // Expected: the jail never ran since boot, or the file is being replaced by a broken writer.
    if (isAbsent(error) || error instanceof InvalidValueError) return nothing;
    throw error;
  }
}

function toNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}
