/** A graphics card is held against the CPU before a training relies on it; here by the software driver. */
import assert from 'node:assert/strict';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { relativeDifference } from '../../../src/trainer/training/crossCheck.js';
import type { ErrorInfo, TrainEvent } from '../../../src/trainer/protocol.js';
import { jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { noVulkan, vulkanEnvironment } from '../onnx/softwareVulkan.js';

const fault = pathToFileURL(fileURLToPath(new URL('wrongDevice.mjs', import.meta.url))).href;

/** Trains a step or two; `fault` are variables of the fault point, which is loaded where they are given. */
async function trainOn(t: TestContext, device: string, variables?: NodeJS.ProcessEnv) {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 5, bee: 5 });
  const config = await writeConfig(folder, { method: 'lora', device, epochs: 1, output: 'run' });
  const cache = join(folder, 'cache');
  const options = variables && { ...variables, NODE_OPTIONS: `--import ${fault}` };
  const env = { ...vulkanEnvironment(), VITUNE_CACHE: cache, ...options };
  const train = (...more: string[]) => vitune(['train', config, '--json', ...more], { env });
  const devices = join(cache, 'devices');
  return { train, devices, ...(await train()) };
}

test('a relative difference finds numbers that are none, and what only one has', () => {
  const of = (...values: number[]): Float32Array => Float32Array.from(values);
  assert.equal(relativeDifference(of(3, 4), of(3, 4)), 0);
  assert.ok(Math.abs(relativeDifference(of(3, 4.5), of(3, 4)) - 0.1) < 1e-7);
  assert.equal(relativeDifference(of(0), of(0)), 0);
  for (const [a, b] of [
    [of(NaN), of(1)],
    [of(1), of(Infinity)],
    [of(1), of(0)],
    [of(1), of(1, 2)],
    [of(1, 2), of(1)],
  ] as const)
    assert.equal(relativeDifference(a, b), Infinity);
});

test('a device that computes as the CPU does is used, and is checked once', { skip: noVulkan }, async (t) => {
  const { code, stdout, stderr, train, devices } = await trainOn(t, 'webgpu');
  assert.equal(code, 0, stderr);
  assert.equal(jsonLines<TrainEvent>(stdout).find((event) => event.type === 'started')?.device, 'webgpu');
  const [kept, ...more] = await readdir(devices);
  assert.deepEqual(more, []);
  const file = join(devices, kept!);
  const { mtimeMs } = await stat(file);
  assert.equal((await train('--set', 'output=second')).code, 0);
  assert.equal((await stat(file)).mtimeMs, mtimeMs);
  // What is damaged is made again.
  await writeFile(file, '{"at":1');
  assert.equal((await train('--set', 'output=third')).code, 0);
  assert.ok((await stat(file)).size > 20);
});

test('a named device that computes wrongly is refused', { skip: noVulkan }, async (t) => {
  const { code, stdout, stderr } = await trainOn(t, 'webgpu', { WRONG_DEVICE: 'wrong' });
  assert.equal(code, 2, stderr);
  const error = jsonLines<ErrorInfo>(stdout).at(-1)!;
  assert.equal(error.code, 'DEVICE_WRONG');
  assert.match(error.message, /webgpu computes wrongly: .* by \d+ % or more/);
  assert.match(error.remedy, /"cpu"/);
  assert.match(error.file!, /\.vitune\.json$/);
});

test('a device that crashes in the check is refused, and the training process lives', { skip: noVulkan }, async (t) => {
  const { code, stdout, devices } = await trainOn(t, 'webgpu', { WRONG_DEVICE: 'ends' });
  assert.equal(code, 2);
  assert.equal(jsonLines<ErrorInfo>(stdout).at(-1)!.code, 'DEVICE_UNCHECKED');
  // It may have been for want of memory, so it is checked again the next time.
  await assert.rejects(readdir(devices), { code: 'ENOENT' });
});

test('where no device is named the CPU takes over, and that is said', { skip: noVulkan }, async (t) => {
  const { code, stdout, stderr } = await trainOn(t, 'auto', { WRONG_DEVICE: 'wrong', SLOW_CPU: 'yes' });
  assert.equal(code, 0, stderr);
  const events = jsonLines<TrainEvent>(stdout);
  const notice = events.find((event) => event.type === 'notice' && event.code === 'DEVICE_WRONG');
  assert.ok(notice?.type === 'notice' && /runs on the CPU/.test(notice.remedy ?? ''));
  assert.equal(events.find((event) => event.type === 'started')?.device, 'cpu');
});
