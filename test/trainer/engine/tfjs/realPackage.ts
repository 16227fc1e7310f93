/** The real @tensorflow/tfjs-node-gpu, where scripts/ensure-tensorflow.mjs has installed it. */
import { spawnSync } from 'node:child_process';
import { tensorflowFolder } from '../../../../scripts/ensure-tensorflow.mjs';

/** The reason why it cannot be tested here; false if it can. */
export const noTensorflow = tensorflowFolder()
  ? false
  : 'TensorFlow.js is not installed; node scripts/ensure-tensorflow.mjs says why, or installs it';

/** The environment in which a process finds it. */
export const tensorflowEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  VITUNE_TENSORFLOW: tensorflowFolder(),
  VITUNE_THREADS: '1',
});

/** Runs a program of the tests on TensorFlow, in a process of its own, and returns what it printed as JSON. */
export function runOnTensorflow<T>(program: string, ...args: string[]): T {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', program, 'tensorflow', ...args],
    { env: tensorflowEnvironment(), encoding: 'utf8', timeout: 600_000 },
  );
  if (status !== 0) throw new Error(`${program} ended with ${status ?? signal}: ${stderr}`);
  return JSON.parse(stdout) as T;
}
