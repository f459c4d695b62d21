/** What is told of a list of samples. */
export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly firstQuartile: number;
  readonly thirdQuartile: number;
}

/** The ratio of two medians, with the interval that 95 of 100 resampled runs fall into. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** The value below which `share` of the samples lie, between neighbours by their distance. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export function summarize(samples: readonly number[]): Summary {
  return {
    count: samples.length,
    median: median(samples),
    firstQuartile: quantile(samples, 0.25),
    thirdQuartile: quantile(samples, 0.75),
  };
}

/** A small fixed generator: the same samples give the same interval. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function resampled(samples: readonly number[], random: () => number): number[] {
  return samples.map(() => samples[Math.floor(random() * samples.length)] ?? Number.NaN);
}

/** Median of `ours` by median of `theirs`, with a bootstrap interval. */
export function ratioOf(ours: readonly number[], theirs: readonly number[], rounds = 2_000): Ratio {
  const random = makeRandom(20_261_124);
  const ratios = Array.from(
    { length: rounds },
    () => median(resampled(ours, random)) / median(resampled(theirs, random)),
  );
  return { ratio: median(ours) / median(theirs), low: quantile(ratios, 0.025), high: quantile(ratios, 0.975) };
}

/** True when the samples spread so widely that a comparison says little: the quartiles lie over 40 % of the median apart. */
export function isNoisy(samples: readonly number[]): boolean {
  const { median: middle, firstQuartile, thirdQuartile } = summarize(samples);
  return (thirdQuartile - firstQuartile) / middle > 0.4;
}
