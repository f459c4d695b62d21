import { encodeFields, type Field, fieldsLimits } from '../privsep/fields.js';
import type { JailSpec } from './spec.js';

/** A spec as native code reads it (fields format, at most 256 KiB; the reference of the fields is native/src/spec.c). */
export function encodeSpec(spec: JailSpec): Buffer {
  const fields: Field[] = [
    ['jail', spec.jail],
    ['run-dir', spec.runDir],
    ['dir', spec.dir],
    ['base', spec.base],
    ...spec.layers.map((layer): Field => ['layer', layer]),
    ['hostname', spec.hostname],
    ['profile', spec.profile],
    ...spec.volumes.map((volume): Field => ['volume', [volume.access, volume.source, volume.target]]),
    ['tmp-bytes', spec.tmpBytes],
    ['run-bytes', spec.runBytes],
    ['shm-bytes', spec.shmBytes],
    ['pts-max', spec.ptsMax],
    ...spec.devices.map((device): Field => ['device', device]),
    ...toNetworkFields(spec),
    ...spec.etcFiles.map((file): Field => ['etc-file', [file.path, file.content]]),
    ...toCgroupFields(spec),
    ['pids-max', spec.pidsMax],
    ...spec.rlimits.map((limit): Field => ['rlimit', [...limit]]),
    ['linger-ms', spec.lingerMs],
  ];
  return encodeFields(fields, fieldsLimits.specBytes);
}

function toNetworkFields({ network }: JailSpec): Field[] {
  if (network.mode !== 'nat') return [['network', network.mode]];
  return [
    ['network', 'nat'],
    ['net-interface', network.interfaceName],
    ['net-address', network.address],
    ['net-gateway', network.gateway],
  ];
}

function toCgroupFields({ cgroup }: JailSpec): Field[] {
  if (cgroup === null) return [];
  return [['cgroup', cgroup.path], ...cgroup.limits.map(([file, value]): Field => ['cgroup-limit', [file, value]])];
}
