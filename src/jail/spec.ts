import type { AbsolutePath, BaseId, HostName, JailName } from '../base/brands.js';
import type { JailVolume } from '../store/volume.js';

/** The network of a jail, as the keeper sets it up. */
export type SpecNetwork =
  | { readonly mode: 'none' | 'host' }
  | {
      readonly mode: 'nat';
      /** Host side name of the veth. */
      readonly interfaceName: string;
      readonly address: string;
      readonly gateway: string;
    };

/** The complete description of one jail, handed to native code. Made only by `planJail`. */
export interface JailSpec {
  readonly jail: JailName;
  /** RUN/jails/NAME. */
  readonly runDir: string;
  /** STATE/jails/NAME, with upper/ and work/. */
  readonly dir: string;
  readonly base: BaseId;
  /** Topmost first. */
  readonly layers: readonly AbsolutePath[];
  readonly hostname: HostName;
  readonly profile: 'strict' | 'standard' | 'nesting';
  readonly volumes: readonly JailVolume[];
  readonly tmpBytes: number;
  readonly runBytes: number;
  readonly shmBytes: number;
  readonly ptsMax: number;
  readonly devices: readonly ('fuse' | 'net/tun')[];
  readonly network: SpecNetwork;
  /** Written when absent in the jail, or when what is there begins with "# jaild". */
  readonly etcFiles: readonly { readonly path: string; readonly content: string }[];
  readonly cgroup: {
    readonly path: string;
    readonly limits: readonly (readonly [file: string, value: string])[];
  } | null;
  readonly pidsMax: number;
  readonly rlimits: readonly (readonly [name: string, soft: string, hard: string])[];
  /** 0 = stays. */
  readonly lingerMs: number;
}
