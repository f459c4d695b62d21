/** One step of a long work, for a screen or a log. */
export interface BuildProgress {
  /** What is going on, in a word or two: `snapshot`, `install`, `digest`. */
  readonly phase: string;
  /** 0 to 100 of the whole build; absent when nobody can tell. */
  readonly percentage?: number;
  /** The package being fetched or set up, when the source works by packages. */
  readonly package?: string;
}

/** Called as often as there is news; must not throw. */
export type ReportProgress = (progress: BuildProgress) => void;
