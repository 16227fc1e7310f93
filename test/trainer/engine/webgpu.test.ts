/** Training steps on WebGPU, here by the software driver, equal those on the CPU. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { noVulkan, vulkanEnvironment } from '../onnx/softwareVulkan.js';
import { cases, type Difference } from './deviceSteps.js';

test('training steps on WebGPU equal those on the CPU', { skip: noVulkan }, async (t) => {
  // A process of its own: the driver is looked for at its start, and a tensor left on the device would abort it at its
  // end.
  const program = fileURLToPath(new URL('deviceSteps.ts', import.meta.url));
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, 'webgpu'], {
    env: { ...vulkanEnvironment(), VITUNE_THREADS: '1' },
    encoding: 'utf8',
    // A driver that hangs must not hang the tests; the steps take a minute of a quiet machine.
    timeout: 900_000,
  });
  assert.deepEqual({ status, signal }, { status: 0, signal: null }, stderr);
  const differences = JSON.parse(stdout) as Record<string, Difference>;
  for (const { name } of cases) {
    await t.test(name, () => {
      for (const [kind, difference] of Object.entries(differences[name]!))
        assert.ok(difference < 1e-3, `${kind}: ${difference}`);
    });
  }
});
