import type { AbsolutePath } from '../../base/brands.js';
import type { DigestCover, TreeSize } from '../keeper-tree.js';
import type { ReportProgress } from '../progress.js';
import type { Recipe } from '../recipe.js';

/** What a build depends on besides its recipe. Same recipe and same key: the version that is there is used again. */
export interface SourceInputs {
  /** Hex digest over everything that counts. */
  readonly key: string;
  /** The parts by name, so that a later check can say what changed. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface SourceContext {
  readonly recipe: Recipe;
  /** Empty directory of this build alone. */
  readonly stagingPath: AbsolutePath;
  /** Path of `jail-keeper`. */
  readonly keeperPath: string;
  readonly report: ReportProgress;
  readonly signal: AbortSignal;
}

/** A finished directory tree below the staging directory, owned by the ids that it has inside a jail. */
export interface StagedLayer {
  readonly role: 'skeleton' | 'system';
  readonly directoryPath: string;
  /** How its digest is taken; `times` for a snapshot too large to be read in a build (`template verify --contents` reads it). */
  readonly covers: DigestCover;
  /** When the source knows it already. */
  readonly size?: TreeSize;
}

/** One way to get a root file system. Runs as root on trusted input. */
export interface TemplateSource {
  /** Reads what the build would depend on; cheap, changes nothing. */
  readonly loadInputs: (recipe: Recipe) => Promise<SourceInputs>;
  /** Makes the layers, topmost first. */
  readonly build: (context: SourceContext) => Promise<readonly StagedLayer[]>;
}
