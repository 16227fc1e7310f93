/** What ONNX Runtime says of a device that it cannot use becomes a sentence, and stays as a detail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { probe } from '../../../src/trainer/engine/probe.js';
import { deviceReason } from '../../../src/trainer/engine/deviceReason.js';

test('the words of ONNX Runtime are a detail', () => {
  const said = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
  const { reason, detail } = deviceReason('cuda', said);
  assert.match(reason, /CUDA libraries.*not installed/);
  assert.doesNotMatch(reason, /Ort|shared library/);
  assert.equal(detail, `cuda: ${said}`);
});

test('other words stand as they are', () => {
  assert.deepEqual(deviceReason('webgpu', 'the device computes wrong results'), {
    reason: 'the device computes wrong results',
  });
});

test('CUDA, where it cannot be used on this machine, has a sentence of its own', async (t) => {
  const said = await probe(createEngine('cuda')).then(
    () => undefined,
    (error: Error) => error.message,
  );
  if (said === undefined) return t.skip('CUDA works here');
  const { reason } = deviceReason('cuda', said);
  assert.doesNotMatch(reason, /OrtSession|ExecutionProvider/, said);
});
