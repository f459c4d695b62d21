/** How many connections may be there. "Startups" are those that are not logged in. */
export interface AdmissionLimits {
  readonly maxStartups: number;
  /** From so many startups on, new connections are refused by chance: 30 % here, rising to all of them at `maxStartups`. */
  readonly dropFrom: number;
  readonly maxStartupsPerSource: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerSource: number;
}

/** Which limit a connection met. `early` is the refusal by chance. */
export type AdmissionRefusal = 'startups' | 'early' | 'startups-source' | 'connections' | 'connections-source';

export type Admission =
  | { readonly outcome: 'admitted'; readonly slot: Slot }
  | { readonly outcome: 'refused'; readonly limit: AdmissionRefusal };

/** The place of one connection. Its holder releases it; both calls are harmless when repeated. */
export interface Slot {
  /** Logged in: no startup any more. */
  authenticated(): void;
  release(): void;
}

interface Counts {
  startups: number;
  connections: number;
}

const lowestDropChance = 0.3;

/** Decides which connections are served, by counts alone; knows nothing of sockets. */
export class AdmissionControl {
  readonly #random: () => number;
  readonly #total: Counts = { startups: 0, connections: 0 };
  readonly #bySource = new Map<string, Counts>();
  #limits: AdmissionLimits;

  constructor(limits: AdmissionLimits, random: () => number = Math.random) {
    this.#limits = limits;
    this.#random = random;
  }

  /** For new connections; those that are there stay. */
  setLimits(limits: AdmissionLimits): void {
    this.#limits = limits;
  }

  /** Counts of all sources together. */
  get total(): Readonly<Counts> {
    return this.#total;
  }

  /** How many sources have a connection; nothing is kept of the others. */
  get sources(): number {
    return this.#bySource.size;
  }

  admit(source: string): Admission {
    const limit = this.#refusal(this.#bySource.get(source) ?? { startups: 0, connections: 0 });
    if (limit !== undefined) return { outcome: 'refused', limit };
    const counts = this.#bySource.get(source) ?? { startups: 0, connections: 0 };
    this.#bySource.set(source, counts);
    this.#change(counts, 1, 1);
    return { outcome: 'admitted', slot: this.#makeSlot(source, counts) };
  }

  #refusal(own: Counts): AdmissionRefusal | undefined {
    const { maxStartups, dropFrom, maxStartupsPerSource, maxConnections, maxConnectionsPerSource } = this.#limits;
    // The source's own limits first: a source that is too loud is told so, and does not use up the chance of the others.
    if (own.connections >= maxConnectionsPerSource) return 'connections-source';
    if (own.startups >= maxStartupsPerSource) return 'startups-source';
    if (this.#total.connections >= maxConnections) return 'connections';
    if (this.#total.startups >= maxStartups) return 'startups';
    if (this.#total.startups < dropFrom || dropFrom >= maxStartups) return undefined;
    const chance =
      lowestDropChance + ((1 - lowestDropChance) * (this.#total.startups - dropFrom)) / (maxStartups - dropFrom);
    return this.#random() < chance ? 'early' : undefined;
  }

  #makeSlot(source: string, counts: Counts): Slot {
    let state: 'startup' | 'authenticated' | 'released' = 'startup';
    return {
      authenticated: () => {
        if (state !== 'startup') return;
        state = 'authenticated';
        this.#change(counts, -1, 0);
      },
      release: () => {
        if (state === 'released') return;
        this.#change(counts, state === 'startup' ? -1 : 0, -1);
        state = 'released';
        if (counts.connections === 0) this.#bySource.delete(source);
      },
    };
  }

  #change(counts: Counts, startups: number, connections: number): void {
    for (const changed of [counts, this.#total]) {
      changed.startups += startups;
      changed.connections += connections;
    }
  }
}
