import type { ListenerEvents } from '../privsep/door-events.js';
import type { Door } from './dispatch.js';

/** The doors of listeners: one, or for a while two when a new listener takes over. All are told everything; they know their own. */
export class ListenerDoors {
  readonly #doors = new Set<Door>();

  get isConnected(): boolean {
    return this.#doors.size > 0;
  }

  add(door: Door): void {
    this.#doors.add(door);
  }

  remove(door: Door): void {
    this.#doors.delete(door);
  }

  tell<E extends keyof ListenerEvents>(event: E, facts: ListenerEvents[E]): void {
    for (const door of this.#doors) door.send(event, facts as never);
  }

  closeAll(): void {
    for (const door of this.#doors) door.close();
  }
}
