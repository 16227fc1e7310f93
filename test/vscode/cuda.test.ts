/** CUDA on demand: the command says why this machine cannot use it, before anything is downloaded. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CudaReport } from '../../src/trainer/protocol.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const cli = fileURLToPath(new URL('../../dist/trainer/cli.mjs', import.meta.url));

function found(): CudaReport {
  const { stdout, status } = spawnSync(process.execPath, [cli, 'cuda', 'status', '--json'], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  return JSON.parse(stdout) as CudaReport;
}

const skip = process.platform === 'linux' && found().refusal ? false : 'This machine may be able to use CUDA.';

describe('CUDA on demand', { skip }, () => {
  const editor = useEditor(() => ({ workspace: makeWorkspace() }));

  test('without a card that it can use the command says why, with a remedy', async () => {
    const { message, remedy } = found().refusal!;
    await editor().command('ViTune: Install CUDA Support…');
    await editor().waitForNotification(`${message} ${remedy}`);
    await editor().screenshot('CUDA refused');
  });

  test('the doctor says the same', async () => {
    const { message, remedy } = found().refusal!;
    await editor().command('ViTune: Doctor: Check Engines and Devices');
    const report = await editor().report('Engines and devices');
    await report.getByText(message).first().waitFor();
    await report.getByText(remedy).first().waitFor();
  });
});
