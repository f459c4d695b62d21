import { disconnectReason, message } from './ssh2/messages.js';
import type { Transport } from './ssh2/transport.js';
import { buildPayload } from './ssh2/wire.js';

/** How many keepalives may stay unanswered. */
const maxSilentIntervals = 3;
/** How often the clocks are looked at when keepalive is off. */
const lookMs = 10_000;

export interface LivenessOptions {
  readonly transport: Transport;
  /** 0: no keepalives. */
  readonly keepaliveMs: number;
  /** 0: no limit. */
  readonly idleMs: number;
}

/** The clocks of a logged-in connection: keepalive, idle time, age of the keys. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #timer: NodeJS.Timeout;
  #payloadBytes = 0;
  #lastUseMs = performance.now();

  constructor(options: LivenessOptions) {
    this.#options = options;
    const everyMs = Math.min(options.keepaliveMs || lookMs, options.idleMs || lookMs, lookMs);
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { transport, keepaliveMs, idleMs } = this.#options;
    const now = performance.now();
    if (transport.meter.payloadBytes !== this.#payloadBytes) this.#lastUseMs = now;
    this.#payloadBytes = transport.meter.payloadBytes;
    const silentMs = now - transport.lastHeardMs;
    if (keepaliveMs > 0 && silentMs > keepaliveMs * maxSilentIntervals) {
      transport.destroy('the client no longer answers');
    } else if (idleMs > 0 && now - this.#lastUseMs > idleMs) {
      transport.disconnect(disconnectReason.byApplication, 'The connection was idle for too long.');
    } else {
      if (keepaliveMs > 0 && silentMs >= keepaliveMs)
        transport.send(buildPayload(message.globalRequest, 'keepalive@openssh.com', true));
      transport.rekeyWhenDue();
    }
  }
}
