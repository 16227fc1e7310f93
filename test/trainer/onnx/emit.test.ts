/** Every op, run by ONNX Runtime on the CPU and on WebGPU, equals the interpreter. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { opCases } from '../ir/opCases.js';
import { faultsOf, opTypes } from './emitCases.js';
import { noVulkan, vulkanEnvironment } from './softwareVulkan.js';

test('every op has a case', () => {
  for (const type of opTypes) assert.ok(opCases[type].length > 0, type);
});

for (const type of opTypes) {
  test(`${type} on the CPU equals the interpreter`, async () => assert.deepEqual(await faultsOf(type, 'cpu'), []));
}

test('every op on WebGPU equals the interpreter', { skip: noVulkan }, async (t) => {
  // In a separate process: a crashing driver must not end the other tests.
  const program = fileURLToPath(new URL('emitCases.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program, 'webgpu'], {
    env: vulkanEnvironment(),
  });
  const faults = JSON.parse(stdout) as Record<string, string[]>;
  for (const type of opTypes) await t.test(type, () => assert.deepEqual(faults[type], []));
});
