import { isInSubnet, parseIpBytes, parseSubnet } from '../base/ip.js';
import type { ListenerSettings } from '../privsep/worker-control.js';

export type WorkerSettings = ListenerSettings['workers'];

/**
 * Which connections may share a worker: all with one key. `alone` means that no other connection may come to that worker.
 * The key of `pool` is the same for all; of them any worker with few connections will do.
 */
export type Placement =
  | { readonly kind: 'alone' }
  | { readonly kind: 'address'; readonly key: string }
  | { readonly kind: 'pool' };

/** What a worker looks like to the choice below. */
export interface WorkerLoad {
  readonly key: string | undefined;
  readonly load: number;
}

/** Where a connection from `address` belongs. `sourceKey` is the address cut to its source prefix. */
export function planPlacement(settings: WorkerSettings, address: string, sourceKey: string): Placement {
  if (settings.sharing === 'connection' || isListed(settings.neverShare, address)) return { kind: 'alone' };
  return settings.sharing === 'pool' ? { kind: 'pool' } : { kind: 'address', key: sourceKey };
}

/**
 * Which of the shared workers takes the connection: the index of one, `new` for one more, or `full` when there is none and none may
 * be added. An address keeps the worker it has; when all are taken it shares with others rather than being refused.
 */
export function chooseWorker(
  placement: Exclude<Placement, { kind: 'alone' }>,
  workers: readonly WorkerLoad[],
  maxWorkers: number,
): number | 'new' | 'full' {
  if (placement.kind === 'address') {
    const own = workers.findIndex(({ key }) => key === placement.key);
    if (own >= 0) return own;
    const unused = workers.findIndex(({ key, load }) => key === undefined && load === 0);
    if (unused >= 0) return unused;
  }
  const least = workers.reduce(
    (best, { load }, index) => (best < 0 || load < (workers[best]?.load ?? 0) ? index : best),
    -1,
  );
  if (placement.kind === 'pool' && least >= 0 && workers[least]?.load === 0) return least;
  if (workers.length < maxWorkers) return 'new';
  return least < 0 ? 'full' : least;
}

function isListed(subnets: readonly string[], address: string): boolean {
  if (subnets.length === 0) return false;
  const bytes = parseIpBytes(address);
  return subnets.some((text) => isInSubnet(bytes, parseSubnet(text)));
}
