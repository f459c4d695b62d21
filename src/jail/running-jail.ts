import type { JailName } from '../base/brands.js';
import type { JailControlClient } from '../privsep/jail-control-client.js';
import type { ProcessEnd } from '../privsep/keeper-client.js';

/** A jail that runs, with the one control connection that the broker keeps to it. */
export interface RunningJail {
  readonly name: JailName;
  readonly control: JailControlClient;
  /** Sessions of this broker and of those before it that have not ended. */
  readonly sessions: Set<string>;
}

/** What happens to jails and their sessions, as told by the jails' own keepers. */
export interface JailEvents {
  started(jail: JailName): void;
  /** The program of a session runs. A set-up that failed is told to the session's asker alone. */
  sessionStarted(jail: JailName, session: string): void;
  sessionEnded(jail: JailName, session: string, end: ProcessEnd): void;
  restarted(jail: JailName): void;
  /** `how`: exit, reboot, poweroff, killed, or lost when the keeper went away without a word. */
  ended(jail: JailName, how: string, end: ProcessEnd): void;
}
