/** Base models: bare bodies, half precision, heads that do not fit, random weights, and the identity of a model. */
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { openBaseModel, reopenBaseModel } from '../../../src/trainer/models/baseModel.js';
import { tinyModel } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

const query = 'vit.encoder.layer.1.attention.attention.query.weight';
const open = (model: string, more: object = {}) => openBaseModel({ model, init: 'pretrained', seed: 1, ...more });

/** A copy of the tiny model, its config and its weights changed. */
async function changed(
  t: TestContext,
  o: { config?: object; rename?: (name: string) => string | undefined; dtype?: 'F16' },
): Promise<string> {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(tinyModel, folder, { recursive: true });
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify({ ...(JSON.parse(await readFile(config, 'utf8')) as object), ...o.config }));
  const file = join(folder, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  const kept = [...tensors].flatMap(([name, tensor]) => {
    const renamed = o.rename ? o.rename(name) : name;
    return renamed === undefined ? [] : [[renamed, tensor] as const];
  });
  await writeSafetensors(file, kept, { format: 'pt' }, o.dtype);
  return folder;
}

test('a bare body without prefix and head has the same weights, and a head drawn by its own seed', async (t) => {
  const bare = await open(
    await changed(t, {
      config: { architectures: ['ViTModel'] },
      rename: (name) => (name.startsWith('vit.') ? name.slice(4) : undefined),
    }),
  );
  const whole = await open(tinyModel);
  assert.deepEqual(bare.weight(query, [48, 48], 0), whole.weight(query, [48, 48], 0));
  const head = bare.weight('classifier.weight', [5, 48], 1);
  assert.notDeepEqual(head, whole.weight('classifier.weight', [5, 48], 1));
  assert.deepEqual(head, bare.weight('classifier.weight', [5, 48], 1));
  assert.notDeepEqual(head, bare.weight('classifier.weight', [5, 48], 2));
  assert.ok(head.every((value) => Math.abs(value) <= 0.04) && head.some((value) => value !== 0));
  assert.ok(bare.weight('classifier.bias', [5], 1).every((value) => value === 0));
});

test('a head of another size is drawn at random, one that fits is kept', async () => {
  const base = await open(tinyModel);
  assert.equal(base.weight('classifier.weight', [7, 48], 1).length, 7 * 48);
  const kept = (await readSafetensors(join(tinyModel, 'model.safetensors'))).tensors.get('classifier.weight')!.data;
  assert.deepEqual(base.weight('classifier.weight', [5, 48], 1), kept);
});

test('weights in half precision are the same but for rounding', async (t) => {
  const [half, whole] = [await open(await changed(t, { dtype: 'F16' })), await open(tinyModel)];
  const [a, b] = [half.weight(query, [48, 48], 0), whole.weight(query, [48, 48], 0)];
  assert.notDeepEqual(a, b);
  // Half a unit in the last of 11 bits, or of the smallest half.
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]!) <= Math.max(Math.abs(b[i]!) * 2 ** -11, 2 ** -25)));
});

test('a weight that is stored unchanged has a place in its file', async (t) => {
  const [whole, half] = [await open(tinyModel), await open(await changed(t, { dtype: 'F16' }))];
  const { file, offset } = whole.place(query, [48, 48])!;
  const bytes = (await readFile(file)).subarray(offset, offset + 4 * 48 * 48);
  assert.deepEqual([...whole.weight(query, [48, 48], 0)], [...new Float32Array(Uint8Array.from(bytes).buffer)]);
  assert.equal(half.place(query, [48, 48]), undefined, 'other numbers');
  assert.equal(whole.place('classifier.weight', [7, 48]), undefined, 'drawn');
  const positions = 'vit.embeddings.position_embeddings';
  const tokens = (side: number) => [1, 1 + (side / whole.config.patchSize) ** 2, 48];
  assert.ok(whole.place(positions, tokens(whole.config.imageSize)));
  const larger = 2 * whole.config.imageSize;
  assert.equal((await open(tinyModel, { imageSize: larger })).place(positions, tokens(larger)), undefined, 'resized');
});

test('a missing weight and one of another shape are named', async (t) => {
  const folder = await changed(t, { rename: (name) => (name === query ? undefined : name) });
  const base = await open(folder);
  assert.throws(() => base.weight(query, [48, 48], 0), { code: 'MODEL_WEIGHT_MISSING', message: new RegExp(query) });
  assert.throws(() => base.weight(query.replace('1', '2'), [48, 96], 0), { code: 'MODEL_WEIGHT_SHAPE' });
});

test('a weight under two names, of which transformers takes one or the other, is named', async (t) => {
  const folder = await changed(t, {});
  const file = join(folder, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  await writeSafetensors(file, [...tensors, [query.slice('vit.'.length), tensors.get(query)!]], { format: 'pt' });
  await assert.rejects(open(folder), { code: 'MODEL_WEIGHT_TWICE', message: new RegExp(query), place: { file } });
});

test('another image size: positions are resampled, and refused if they differ from the config', async (t) => {
  const positions = 'vit.embeddings.position_embeddings';
  const larger = await open(tinyModel, { imageSize: 48 });
  assert.equal(larger.weight(positions, [1, 37, 48], 0).length, 37 * 48);
  assert.deepEqual([larger.config.imageSize, larger.preprocessor.transform.height], [48, 48]);
  const wrong = await open(await changed(t, { config: { image_size: 64 } }), { imageSize: 48 });
  assert.throws(() => wrong.weight(positions, [1, 37, 48], 0), { code: 'MODEL_WEIGHT_SHAPE' });
});

test('random weights follow from the seed, name by name', async () => {
  const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => open(tinyModel, { init: 'random', seed })));
  const of = (base: typeof one) => base!.weight(query, [48, 48], 5);
  assert.deepEqual(of(one), of(same));
  assert.notDeepEqual(of(one), of(other));
  assert.equal(one!.reference.sha256, same!.reference.sha256);
  assert.notEqual(one!.reference.sha256, other!.reference.sha256);
  // Checkpoints name their base by this: a change would make those of yesterday refuse to resume.
  assert.equal(one!.reference.sha256, 'c05ba2384b267f5b472388ad88cea04e5c89b85cd07f0817ba6182876e61b692');
  assert.ok(one!.weight('vit.layernorm.weight', [48], 0).every((value) => value === 1));
  const deviation = Math.sqrt(of(one).reduce((sum, value) => sum + value * value, 0) / 48 ** 2);
  // Of a normal distribution of 0.02 cut at two deviations.
  assert.ok(Math.abs(deviation - 0.0176) < 0.001, String(deviation));
});

test('models are distinguished by their weights alone', async (t) => {
  const { reference } = await open(tinyModel);
  const copy = await changed(t, {});
  await cp(join(tinyModel, 'model.safetensors'), join(copy, 'model.safetensors'));
  await reopenBaseModel({ ...reference, model: copy }, '/checkpoint');
  await assert.rejects(reopenBaseModel({ ...reference, model: await changed(t, { dtype: 'F16' }) }, '/checkpoint'), {
    code: 'BASE_CHANGED',
    place: { file: '/checkpoint' },
  });
  await assert.rejects(reopenBaseModel({ ...reference, model: join(copy, 'absent') }, '/checkpoint'), {
    code: 'BASE_MISSING',
  });
});
