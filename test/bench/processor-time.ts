import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Counts the processor time of everything that descends from the processes put into it, also of what has ended. */
export interface ProcessorMeter {
  add(pid: number): void;
  milliseconds(): number;
  remove(): void;
}

/** A cgroup v1 cpuacct group where the host has it, else a v2 group. */
export function makeProcessorMeter(name: string): ProcessorMeter {
  const first = '/sys/fs/cgroup/cpuacct';
  const isFirst = existsSync(path.join(first, 'cpuacct.usage'));
  const group = path.join(isFirst ? first : '/sys/fs/cgroup', `bench-${name}-${process.pid}`);
  mkdirSync(group);
  return {
    add: (pid) => writeFileSync(path.join(group, 'cgroup.procs'), String(pid)),
    milliseconds: () =>
      isFirst
        ? Number(readFileSync(path.join(group, 'cpuacct.usage'), 'utf8')) / 1e6
        : Number(/usage_usec (\d+)/.exec(readFileSync(path.join(group, 'cpu.stat'), 'utf8'))?.[1]) / 1e3,
    remove: () => {
      try {
        rmdirSync(group);
      } catch {
        // expected: something of it still ends; an empty group costs nothing
      }
    },
  };
}
