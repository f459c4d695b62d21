/** How a worker ends, as evidence for whoever reads the broker's log (`worker-exited`). */
export const workerExit = {
  /** All connections had ended after a drain. */
  drained: 0,
  /** An exception that nobody expected. */
  fault: 70,
  /** The control socket brought what no listener sends. */
  controlMalformed: 76,
  /** A correction of a library does not hold: nothing was served. */
  checkFailed: 78,
} as const;

export type WorkerExit = (typeof workerExit)[keyof typeof workerExit];
