/** config.json as transformers writes and reads it: every field is applied, changes nothing, or is refused by name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { openModel } from '../../../src/trainer/models/openModel.js';
import { parseNetwork, refusedFields } from '../../../src/trainer/nn/families.js';
import { floatFields } from '../../../src/trainer/nn/floatFields.js';
import { inertFields } from '../../../src/trainer/nn/inertFields.js';
import { activations } from '../../../src/trainer/nn/layers.js';
import type { Scope } from '../../../src/trainer/nn/scope.js';
import { temporaryFolder } from '../data/images.js';
import { interpret } from '../ir/interpreter.js';
import { golden } from '../models/goldenCheckpoint.js';

type Classes = Record<string, Record<string, { fields: string[]; floats: string[] }>>;
const stored = JSON.parse(readFileSync(join(golden, 'fields.json'), 'utf8')) as Record<
  'transformers4' | 'transformers5',
  { configs: Classes }
>;

/** An object that remembers which of its fields were read. */
function watched(json: Record<string, unknown>, read: Set<string>): Record<string, unknown> {
  return new Proxy(json, {
    get(target, key) {
      if (typeof key === 'string') read.add(key);
      return Reflect.get(target, key) as unknown;
    },
  });
}

/** The fields of a family's config classes that its `parse` reads. */
function fieldsRead(family: string, kind: string): Set<string> {
  const read = new Set<string>();
  const type = kind === 'ViTMAEConfig' ? 'vit_mae' : family;
  if (['clip', 'siglip'].includes(family))
    parseNetwork(watched({ model_type: type, vision_config: watched({}, read) }, read), 'config.json');
  else parseNetwork(watched({ model_type: type }, read), 'config.json');
  return read;
}

for (const [version, { configs }] of Object.entries(stored).filter(([name]) => name !== 'peft'))
  for (const [family, kinds] of Object.entries(configs))
    for (const [kind, { fields, floats }] of Object.entries(kinds))
      test(`${kind} of ${version}: each field is read, changes nothing, or is refused`, () => {
        const read = fieldsRead(family, kind);
        const unknown = fields.filter(
          (field) => !read.has(field) && !inertFields.has(field) && !refusedFields.includes(field),
        );
        assert.deepEqual(unknown, []);
        assert.deepEqual(
          fields.filter((field) => read.has(field) && inertFields.has(field) && field !== 'architectures'),
          [],
        );
        assert.deepEqual(
          floats.filter((field) => !floatFields.has(field)),
          [],
        );
      });

test('a field that changes the network is refused by name', () => {
  const refuse = (json: object, message: RegExp) =>
    assert.throws(() => parseNetwork(json, 'config.json'), { code: 'MODEL_CONFIG_INVALID', message });
  refuse({ model_type: 'vit', pruned_heads: { 0: [1] } }, /pruned_heads/);
  refuse({ model_type: 'dinov2', quantization_config: { load_in_8bit: true } }, /quantization_config/);
  refuse({ model_type: 'clip', vision_config: { pruned_heads: { 1: [0] } } }, /vision_config\.pruned_heads/);
  refuse({ model_type: 'vit', hidden_act: 'laplace' }, /hidden_act/);
  refuse({ model_type: 'vit', image_size: [224, 192] }, /image_size/);
  refuse({ model_type: 'vit', image_size: [224] }, /image_size/);
  assert.equal(parseNetwork({ model_type: 'vit', pruned_heads: {} }, 'config.json').family, 'vit');
  assert.equal(parseNetwork({ model_type: 'vit', image_size: [192, 192] }, 'config.json').imageSize, 192);
});

const known = JSON.parse(readFileSync(join(golden, 'activations.json'), 'utf8')) as {
  x: number[];
  values: Record<string, number[]>;
};
for (const [name, expected] of Object.entries(known.values))
  test(`the activation ${name} ${name === 'laplace' ? 'is not known' : "equals transformers'"}`, () => {
    if (name === 'laplace') return assert.ok(!Object.hasOwn(activations, name));
    const b = new Builder();
    b.output('y', activations[name]!({ b } as Scope, b.input('x', [known.x.length])));
    const { y } = interpret(b.graph, { x: known.x });
    expected.forEach((value, i) => {
      const found = Number(y!.data[i]);
      assert.ok(
        Math.abs(found - value) <= 2e-6 * Math.max(1, Math.abs(value)),
        `${known.x[i]}: ${found}, not ${value}`,
      );
    });
  });

async function modelWith(folder: string, change: (config: Record<string, unknown>) => void, name = 'vit') {
  await cp(join(golden, 'models', name), folder, { recursive: true });
  const file = join(folder, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  change(config);
  await writeFile(file, JSON.stringify(config));
  return folder;
}

test('labels: numbers, none, and what has no place', async (t) => {
  const folder = await temporaryFolder(t);
  const labelled = (name: string, id2label: unknown) =>
    modelWith(join(folder, name), (config) => (config.id2label = id2label));
  const numbers = await labelled('numbers', { 0: 7, 1: null, 2: 'c', 3: 3.5, 4: '' });
  assert.deepEqual((await openModel(numbers)).labels, ['7', 'LABEL_1', 'c', '3.5', '']);
  const wrong = await labelled('wrong', ['a', 'b', 'c', 'd', 'e']);
  await assert.rejects(openModel(wrong), { code: 'MODEL_CONFIG_INVALID', message: /id2label/ });
  const gap = await labelled('gap', { 1: 'a', 2: 'b' });
  await assert.rejects(openModel(gap), { code: 'MODEL_CONFIG_INVALID', message: /id2label/ });
  // Who trains a new head does not need them.
  assert.deepEqual((await openBaseModel({ model: wrong, init: 'pretrained', seed: 0 })).config.labels, []);
});

test('two classes without names, as transformers writes them', async (t) => {
  const folder = await temporaryFolder(t);
  const { readSafetensors, writeSafetensors } = await import('../../../src/trainer/checkpoint/safetensors.js');
  const model = await modelWith(join(folder, 'model'), (config) => {
    delete config.id2label;
    delete config.label2id;
  });
  // The head has five rows, so these are not the names of its classes.
  await assert.rejects(computeLogits({ model, images: [0] }), { code: 'HEAD_SIZE', message: /2 classes.* 5/ });
  const file = join(model, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  await writeSafetensors(
    file,
    [...tensors].map(([name, { shape, data }]) =>
      name.startsWith('classifier.')
        ? ([name, { shape: [2, ...shape.slice(1)], data: data.slice(0, (data.length / 5) * 2) }] as const)
        : ([name, { shape, data }] as const),
    ),
    { format: 'pt' },
  );
  const { labels, logits } = await computeLogits({ model, images: [0] });
  assert.deepEqual([labels, logits[0]!.length], [['LABEL_0', 'LABEL_1'], 2]);
});
