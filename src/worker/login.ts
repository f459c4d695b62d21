import type { Answer } from '../privsep/request-table.js';
import type { WireReader } from './ssh2/wire.js';

/** A login that the broker has accepted. Made here only. */
export type Login = Extract<Answer<'check-password'>, { outcome: 'accepted' }>;

/**
 * What came of one method: the broker's verdict; `prove`, the answer to a publickey question without a signature; or `oversized`, refused
 * without looking anything up.
 */
export type MethodVerdict =
  | Answer<'check-password'>
  | { readonly outcome: 'prove'; readonly payload: Buffer }
  | { readonly outcome: 'oversized' };

/** One userauth request after its common head. */
export interface MethodRequest {
  readonly user: string;
  readonly reader: WireReader;
}
