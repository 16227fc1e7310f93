/** Finding the weights of a model folder: one file, shards, and what is said when there are none. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openModelWeights } from '../../../src/trainer/checkpoint/modelWeights.js';
import { writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitune weights '));
});
afterEach(() => rm(folder, { recursive: true }));

const tensor = (...values: number[]) => ({ shape: [values.length], data: new Float32Array(values) });
const writeIndex = (content: unknown) =>
  writeFile(
    join(folder, 'model.safetensors.index.json'),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

test('one file', async () => {
  await writeSafetensors(join(folder, 'model.safetensors'), [['a', tensor(1, 2)]], { format: 'pt' });
  const weights = await openModelWeights(folder);
  assert.deepEqual([...(await weights.read('a'))], [1, 2]);
  assert.deepEqual(weights.files, [join(folder, 'model.safetensors')]);
  await weights.close();
});

test('shards', async () => {
  await writeSafetensors(join(folder, 'model-1.safetensors'), [
    ['a', tensor(1)],
    ['b', tensor(2)],
  ]);
  await writeSafetensors(join(folder, 'model-2.safetensors'), [['c', tensor(3)]], { format: 'pt' });
  await writeIndex({
    metadata: { total_size: 12 },
    weight_map: { c: 'model-2.safetensors', a: 'model-1.safetensors', b: 'model-1.safetensors' },
  });
  const weights = await openModelWeights(folder);
  assert.deepEqual([...weights.entries.keys()], ['c', 'a', 'b']);
  assert.deepEqual([await weights.read('a'), await weights.read('b'), await weights.read('c')].map(Number), [1, 2, 3]);
  assert.equal(weights.metadata.format, 'pt');
  assert.equal(weights.files.length, 3);
  await weights.close();
});

test('a shard that is not there, or lacks a tensor', async () => {
  await writeIndex({ weight_map: { a: 'model-1.safetensors' } });
  await assert.rejects(openModelWeights(folder), { code: 'MODEL_SHARD_MISSING', message: /model-1\.safetensors/ });
  await writeSafetensors(join(folder, 'model-1.safetensors'), [['b', tensor(1)]]);
  await assert.rejects(openModelWeights(folder), { code: 'SAFETENSORS_NOT_IN_SHARD' });
});

test('an invalid index, or one that leads out of the folder', async () => {
  for (const content of [
    '{',
    'null',
    {},
    { weight_map: [] },
    { weight_map: { a: 1 } },
    { weight_map: { a: '../x' } },
    { weight_map: { a: '..\\x' } },
  ]) {
    await writeIndex(content);
    await assert.rejects(openModelWeights(folder), { code: 'SAFETENSORS_INDEX_INVALID' });
  }
});

test('no weights, or only a pickle', async () => {
  await assert.rejects(openModelWeights(folder), {
    code: 'MODEL_WEIGHTS_MISSING',
    message: /model\.safetensors, model\.safetensors\.index\.json/,
  });
  await writeFile(join(folder, 'pytorch_model.bin'), 'x');
  await assert.rejects(openModelWeights(folder), { code: 'MODEL_WEIGHTS_PICKLE', remedy: /safe_serialization/ });
});
