/** Bounds of one connection that no client needs to reach. */
export const trafficLimits = {
  /** All bytes that may arrive before login (CVE-2025-26466: floods of harmless messages). */
  preAuthBytes: 1024 * 1024,
  /** Producers pause while the TCP socket holds more than this, and go on once it has drained. */
  pauseBytes: 1024 * 1024,
  /** No more of the client's messages are read while this much waits to be sent: answers may not pile up either. */
  stopReadingBytes: 4 * 1024 * 1024,
  /** What may queue behind an unfinished key exchange (CVE-2025-22869's class). */
  rekeyQueueBytes: 4 * 1024 * 1024,
  rekeyDeadlineMs: 60_000,
  /** New keys after so much traffic or time, whichever comes first (RFC 4253 section 9). */
  rekeyBytes: 1024 ** 3,
  rekeyTimeMs: 3_600_000,
  /** Exchanges that a client may ask for without moving data, and the data that earns one more. */
  freeRekeys: 100,
  bytesPerRekey: 32 * 1024,
  /** How long a closing connection may take to flush its last words. */
  flushMs: 2_000,
} as const;

/** Counts what a connection moved and says when a limit is reached. Time is given in, so that it can be tested. */
export class TrafficMeter {
  bytesIn = 0;
  bytesOut = 0;
  /** Bytes of channel data alone: what earns key exchanges. */
  payloadBytes = 0;
  #exchanges = 0;
  #keyedBytes = 0;
  #keyedMs = 0;

  /** False when the client has asked for more key exchanges than its traffic explains: each costs milliseconds of the one thread. */
  admitExchange(): boolean {
    this.#exchanges += 1;
    return this.#exchanges <= trafficLimits.freeRekeys + this.payloadBytes / trafficLimits.bytesPerRekey;
  }

  /** To be called when new keys are in use. */
  keysChanged(nowMs: number): void {
    this.#keyedBytes = this.bytesIn + this.bytesOut;
    this.#keyedMs = nowMs;
  }

  /** True when the keys have served long enough. */
  wantsNewKeys(nowMs: number): boolean {
    return (
      this.bytesIn + this.bytesOut - this.#keyedBytes >= trafficLimits.rekeyBytes ||
      nowMs - this.#keyedMs >= trafficLimits.rekeyTimeMs
    );
  }
}
