import { isNoisy, type Ratio, ratioOf, type Summary, summarize } from './statistics.js';

/** One way to do the thing that is measured: ours, or a peer's. */
export interface Variant {
  readonly name: string;
  /** Gives one sample in the measurement's unit. What it prepares and cleans up beside that is not counted. */
  readonly sample: () => Promise<number>;
}

/** A comparison as it is measured: the first variant is ours, the others are peers. */
export interface Comparison {
  readonly name: string;
  readonly unit: 'ms' | 'MB' | 'logins/s';
  readonly rounds: number;
  readonly warmUp: number;
  readonly variants: readonly Variant[];
  /** What the project wants: at most (or at least) this ratio to the named peer. */
  readonly goal?: { readonly peer: string; readonly ratio: number; readonly is: 'at most' | 'at least' };
  /** An absolute limit for ours, in the unit. */
  readonly limit?: number;
}

export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly variants: readonly {
    readonly name: string;
    readonly samples: readonly number[];
    readonly summary: Summary;
  }[];
  readonly ratios: readonly ({ readonly peer: string } & Ratio)[];
  readonly goal: string | null;
  readonly isMet: boolean | null;
  readonly isNoisy: boolean;
}

/** Measures the variants in turn (A B C A B C ...), so that whatever the machine does meets all of them. */
export async function measure(comparison: Comparison): Promise<Result> {
  const samples = comparison.variants.map((): number[] => []);
  for (let round = -comparison.warmUp; round < comparison.rounds; round += 1) {
    for (const [index, variant] of comparison.variants.entries()) {
      const value = await variant.sample();
      if (round >= 0) {
        samples[index]?.push(value);
      }
    }
  }
  return judge(comparison, samples);
}

/** Makes the result of samples that were taken in whatever way. */
export function judge(comparison: Comparison, samples: readonly (readonly number[])[]): Result {
  const [ours = []] = samples;
  const ratios = comparison.variants.slice(1).map((variant, index) => ({
    peer: variant.name,
    ...ratioOf(ours, samples[index + 1] ?? []),
  }));
  return {
    name: comparison.name,
    unit: comparison.unit,
    variants: comparison.variants.map(({ name }, index) => ({
      name,
      samples: samples[index] ?? [],
      summary: summarize(samples[index] ?? []),
    })),
    ratios,
    goal: goalText(comparison),
    isMet: isGoalMet(comparison, ratios, summarize(ours).median),
    isNoisy: samples.some(isNoisy),
  };
}

function goalText({ goal, limit, unit }: Comparison): string | null {
  if (goal !== undefined) {
    return `${goal.is} ${goal.ratio} x ${goal.peer}`;
  }
  return limit === undefined ? null : `at most ${limit} ${unit}`;
}

function isGoalMet({ goal, limit }: Comparison, ratios: Result['ratios'], ours: number): boolean | null {
  if (goal !== undefined) {
    const found = ratios.find((ratio) => ratio.peer === goal.peer)?.ratio ?? Number.NaN;
    return goal.is === 'at most' ? found <= goal.ratio : found >= goal.ratio;
  }
  return limit === undefined ? null : ours <= limit;
}
