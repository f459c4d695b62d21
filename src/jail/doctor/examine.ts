import type { Config } from '../../config/schema.js';
import type { DoctorFinding } from './finding.js';
import { examineInstance } from './instance.js';
import { examineKernel } from './kernel.js';
import { examineLimits } from './limits.js';
import { examineNetwork } from './network.js';

/** Looks at everything that jaild needs of the host. Looks only: nothing is made or changed. */
export async function examineHost(config: Config): Promise<readonly DoctorFinding[]> {
  return [
    ...(await examineInstance(config)),
    ...examineKernel(),
    ...examineLimits(config),
    ...(await examineNetwork(config)),
  ];
}
