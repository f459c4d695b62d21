import { addon } from '../../../src/base/addon.js';

/** A second descriptor for the same description, by sending it to ourselves. */
export function duplicate(fd: number): number {
  const [one, other] = addon.socketPair('stream');
  addon.send(one, Buffer.of(0), [fd]);
  const [copy] = addon.recv(other, 1, 1)?.fds ?? [];
  addon.close(one);
  addon.close(other);
  if (copy === undefined) throw new Error('the descriptor did not arrive');
  return copy;
}
