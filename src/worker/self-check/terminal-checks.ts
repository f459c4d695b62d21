import { strict as assert } from 'node:assert';
import { addon } from '../../base/addon.js';
import { wrapMaster } from '../pty/wrap-master.js';
import type { SelfCheck } from './self-check.js';

const output = Buffer.alloc(3000, 'x');
const input = Buffer.from('input\n');
const turns = 3;

/** Checks of node-pty: it must wrap a foreign master and touch neither its input nor its output. */
export const terminalChecks: readonly SelfCheck[] = [
  {
    name: 'node-pty wraps a master that it did not open, and reads nothing from it',
    run: async () => {
      const { master, slave } = addon.openPty();
      const wrapped = wrapMaster(master, 80, 24);
      let slaveOpen = true;
      try {
        addon.write(slave, output);
        addon.write(master, input);
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        assert.equal(
          addon.read(slave, 100)?.toString('latin1'),
          input.toString('latin1'),
          'the program gets its input',
        );
        wrapped.resize(100, 40);
        addon.close(slave);
        slaveOpen = false;
        assert.equal(drain(master).subarray(0, output.length).compare(output), 0, 'no byte of the output is missing');
      } finally {
        if (slaveOpen) addon.close(slave);
        wrapped.close();
      }
    },
  },
];

function drain(master: number): Buffer {
  const chunks: Buffer[] = [];
  for (let chunk = addon.read(master, 65_536); chunk !== null && chunk.length > 0; chunk = addon.read(master, 65_536))
    chunks.push(chunk);
  return Buffer.concat(chunks);
}
