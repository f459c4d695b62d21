import type { DoorEvents } from '../privsep/door-events.js';

export type Activity = Omit<DoorEvents['activity'], 'atMs'>;

interface Watcher {
  maySee(activity: Activity): Promise<boolean>;
  tell(activity: DoorEvents['activity']): void;
}

/** Those who asked to `watch`, and what they may see. */
export class WatchHub {
  readonly #watchers = new Set<Watcher>();

  /** Answers a function that ends the subscription. */
  add(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  tell(activity: Activity): void {
    const told = { atMs: Date.now(), ...activity };
    for (const watcher of this.#watchers) {
      watcher.maySee(activity).then(
        (isVisible) => isVisible && watcher.tell(told),
        () => undefined, // expected: a record that cannot be read now; then nobody but admins sees it
      );
    }
  }
}
