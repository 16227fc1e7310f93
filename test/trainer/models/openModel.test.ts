/** Whole models of transformers: what config.json says of the head against what the weights are. */
import assert from 'node:assert/strict';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readSafetensors, writeSafetensors, type Tensor } from '../../../src/trainer/checkpoint/safetensors.js';
import { Classifier } from '../../../src/trainer/inference/classifier.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from './goldenCheckpoint.js';

/** A copy of the tiny ViT with five classes, its config and its weights changed. */
async function changed(
  t: TestContext,
  config: object,
  change = (name: string, tensor: Tensor): Tensor | undefined => tensor,
): Promise<string> {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', 'vit'), folder, { recursive: true });
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), ...config }));
  const weights = join(folder, 'model.safetensors');
  const { tensors } = await readSafetensors(weights);
  const kept = [...tensors].flatMap(([name, tensor]) => {
    const own = change(name, tensor);
    return own ? [[name, own] as const] : [];
  });
  await writeSafetensors(weights, kept, { format: 'pt' });
  return folder;
}

const named = (count: number): object => ({
  id2label: Object.fromEntries([...Array(count).keys()].map((i) => [i, `n${i}`])),
});

const refused: [what: string, config: object, error: object, change?: Parameters<typeof changed>[2]][] = [
  ['fewer names than outputs', named(3), { code: 'HEAD_SIZE', message: /3 classes.* 5/ }],
  ['more names than outputs', named(7), { code: 'HEAD_SIZE', message: /7 classes.* 5/ }],
  ['no name at all', { id2label: {} }, { code: 'HEAD_MISSING' }],
  [
    'a head without its biases',
    {},
    { code: 'MODEL_WEIGHT_MISSING', message: /classifier\.bias/ },
    (name, tensor) => (name === 'classifier.bias' ? undefined : tensor),
  ],
  ['a regression', { problem_type: 'regression' }, { code: 'MODEL_CONFIG_INVALID', message: /^problem_type/ }],
  ['an unknown task', { problem_type: 'ranking' }, { code: 'MODEL_CONFIG_INVALID', message: /^problem_type/ }],
];
for (const [what, config, error, change] of refused)
  test(`refuses ${what}`, async (t) => {
    await assert.rejects(Classifier.open(await changed(t, config, change)), error);
  });

test("a single output says yes or no, as in transformers' pipeline", async (t) => {
  const model = await changed(t, named(1), (name, { shape, data }) =>
    name.startsWith('classifier.')
      ? { shape: [1, ...shape.slice(1)], data: data.slice(0, data.length / 5) }
      : { shape, data },
  );
  const classifier = await Classifier.open(model);
  t.after(() => classifier.dispose());
  const { predictions } = classifier.answer({ logits: Float32Array.of(-1), embedding: new Float32Array() }, { top: 5 });
  assert.deepEqual(
    predictions.map(({ label }) => label),
    ['n0'],
  );
  assert.ok(Math.abs(predictions[0]!.probability - 1 / (1 + Math.E)) < 1e-6, String(predictions[0]!.probability));
});

test('a network of timm, whose config.json counts its classes without naming them, answers by the default names', async (t) => {
  const models = join(golden, 'models');
  const names = (await readdir(models)).filter((name) => name.startsWith('timm'));
  assert.ok(names.length > 2, names.join());
  for (const name of names) {
    const folder = join(await temporaryFolder(t), name);
    await cp(join(models, name), folder, { recursive: true });
    const file = join(folder, 'config.json');
    const json = JSON.parse(await readFile(file, 'utf8')) as { num_classes: number };
    const classifier = await Classifier.open(folder);
    t.after(() => classifier.dispose());
    const names = Array.from({ length: json.num_classes }, (_, i) => `LABEL_${i}`);
    assert.deepEqual(classifier.labels, names, name);
    await writeFile(file, JSON.stringify({ ...json, num_classes: 3 }));
    await assert.rejects(Classifier.open(folder), { code: 'HEAD_SIZE' });
  }
});
