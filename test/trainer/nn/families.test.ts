/**
 * Features and logits of every family, compared with those that transformers or timm gave
 * (test/golden/make_families.py).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { readSafetensors, writeSafetensors, type Tensor } from '../../../src/trainer/checkpoint/safetensors.js';
import { GraphScope } from '../../../src/trainer/compile/scope.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { blocksOf, depthOf, familyOf } from '../../../src/trainer/nn/families.js';
import { classificationHead } from '../../../src/trainer/nn/head.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { temporaryFolder } from '../data/images.js';

const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
const native = 32;
const labels = 5;

interface Answers {
  /** One list of [image][width] for each part of the head. */
  features?: number[][][];
  logits?: number[][];
}
const models = (
  JSON.parse(readFileSync(join(golden, 'families.json'), 'utf8')) as {
    models: Record<string, { native: Answers; larger: Answers & { imageSize: number } }>;
  }
).models;
const count = models.clip!.native.features![0]!.length;
const images = new Uint8Array(readFileSync(join(golden, 'images.bin'))).subarray(0, count * native * native * 3);

/** The images repeated to `size`. */
function repeated(size: number): Uint8Array {
  const larger = new Uint8Array(count * size * size * 3);
  for (let i = 0; i < larger.length; i++) {
    const [c, x, y, n] = [
      i % 3,
      Math.floor(i / 3) % size,
      Math.floor(i / 3 / size) % size,
      Math.floor(i / 3 / size / size),
    ];
    larger[i] = images[((n * native + (y % native)) * native + (x % native)) * 3 + c]!;
  }
  return larger;
}

/** The outputs of the network in `folder` for the images, and the names of the weights that its graph reads. */
async function answersOf(
  folder: string,
  imageSize = native,
): Promise<{ features: number[][]; logits: number[]; weights: string[] }> {
  const base = await openBaseModel({ model: folder, init: 'pretrained', seed: 0, imageSize });
  const { config, preprocessor } = base;
  const b = new Builder();
  const entering = b.input('images', [count, imageSize, imageSize, 3], 'u8');
  const weights: string[] = [];
  const frozen = new WeightStore({
    read(name, shape) {
      weights.push(name);
      return base.weight(name, shape, 0);
    },
  });
  const scope = new GraphScope(b, frozen, { trains: () => false, head: { hidden: 0, dropout: 0 } }, undefined);
  const norm = { mean: preprocessor.mean, deviation: preprocessor.std, rescale: preprocessor.rescaleFactor };
  const features = familyOf(config).body(scope, config, entering, norm);
  features.forEach((feature, i) => {
    assert.deepEqual(feature.shape, [count, config.features]);
    b.output(`features.${i}`, feature);
  });
  b.output('logits', classificationHead(scope, config, features, { labels, hidden: 0, dropout: 0 }));
  const executable = await createEngine('cpu').load(b.graph);
  const fed = imageSize === native ? images : repeated(imageSize);
  const outputs = await executable.run({ images: hostTensor('u8', [count, imageSize, imageSize, 3], fed) });
  const result = {
    features: features.map((_, i) => [...(outputs[`features.${i}`]!.data as Float32Array)]),
    logits: [...(outputs.logits!.data as Float32Array)],
    weights,
  };
  await executable.dispose();
  return result;
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Math.abs(actual[i]! - expected[i]!) <= 1e-4 * Math.max(1, Math.abs(expected[i]!)),
      `${what}[${i}]: ${actual[i]} instead of ${expected[i]}`,
    );
}

for (const [name, expected] of Object.entries(models)) {
  for (const [kind, answers] of Object.entries(expected)) {
    if (!answers.features) continue;
    test(`${name}: features and logits equal those of PyTorch, images ${kind}`, async () => {
      const actual = await answersOf(
        join(golden, 'models', name),
        'imageSize' in answers ? (answers.imageSize as number) : native,
      );
      assert.equal(actual.features.length, answers.features!.length);
      answers.features!.forEach((feature, i) => assertClose(actual.features[i]!, feature.flat(), `features ${i}`));
      if (answers.logits) assertClose(actual.logits, answers.logits.flat(), 'logits');
    });
  }

  test(`${name}: every weight of the body has its depth, every block its own weights`, async () => {
    const folder = join(golden, 'models', name);
    const { config } = await openBaseModel({ model: folder, init: 'pretrained', seed: 0 });
    const { weights } = await answersOf(folder);
    const depths = new Map(weights.map((weight) => [weight, depthOf(config, weight)]));
    assert.equal(blocksOf(config).length, config.layers);
    for (const [i, block] of blocksOf(config).entries()) {
      const own = weights.filter((weight) => weight.startsWith(`${block}.`));
      assert.ok(own.length >= 12, `${block} has ${own.length} weights`);
      for (const weight of own) assert.equal(depths.get(weight), i + 1, weight);
    }
    const last = weights.filter((weight) => depths.get(weight) === config.layers + 1);
    assert.ok(
      last.every((weight) => /norm|classifier|^head|^attn_pool/.test(weight)),
      last.join(),
    );
    assert.ok(
      weights.filter((weight) => depths.get(weight) === 0).every((weight) => !/classifier|^head|\.\d+\./.test(weight)),
    );
  });
}

/** A copy of a golden model, its config replaced and its weights renamed or, without a name, left out. */
async function changed(
  t: TestContext,
  name: string,
  config: (json: Record<string, unknown>) => object,
  rename: (name: string) => string | undefined,
): Promise<string> {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', name), folder, { recursive: true });
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify(config(JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>)));
  const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
  const kept = [...tensors].flatMap(([stored, tensor]): [string, Tensor][] => {
    const to = rename(stored);
    return to === undefined ? [] : [[to, tensor]];
  });
  await rm(join(folder, 'model.safetensors'));
  await writeSafetensors(join(folder, 'model.safetensors'), kept, { format: 'pt' });
  return folder;
}

const alone = (json: Record<string, unknown>, className: string): object => ({
  ...(json.vision_config as object),
  architectures: [className],
});
const variants: [
  what: string,
  model: string,
  config: (json: Record<string, unknown>) => object,
  rename: (name: string) => string | undefined,
][] = [
  [
    'the image tower alone',
    'clip',
    (json) => alone(json, 'CLIPVisionModel'),
    (name) => (name.startsWith('vision_model.') ? name : undefined),
  ],
  [
    'the image tower without its prefix',
    'clip',
    (json) => alone(json, 'CLIPVisionModelWithProjection'),
    (name) => /^vision_model\.(.*)/.exec(name)?.[1],
  ],
  [
    'the image tower alone',
    'siglip',
    (json) => alone(json, 'SiglipVisionModel'),
    (name) => (name.startsWith('vision_model.') ? name : undefined),
  ],
  [
    'a bare body',
    'dinov2',
    (json) => ({ ...json, architectures: ['Dinov2Model'] }),
    (name) => /^dinov2\.(.*)/.exec(name)?.[1],
  ],
  ['a body with a prefix', 'beit-shared', (json) => json, (name) => `beit.${name}`],
  ["transformers 5's names", 'dinov3', (json) => json, (name) => name.replace(/^layer\./, 'model.layer.')],
  [
    'a bare encoder',
    'vit-mae',
    (json) => ({ ...json, architectures: ['ViTMAEModel'] }),
    (name) => /^vit\.(.*)/.exec(name)?.[1],
  ],
  [
    "transformers 5's names",
    'beit',
    (json) => json,
    (name) =>
      name
        .replace('encoder.layer.', 'layers.')
        .replace('attention.attention.relative', 'relative')
        .replace('attention.query', 'q_proj')
        .replace('attention.key', 'k_proj')
        .replace('attention.value', 'v_proj')
        .replace('attention.output.dense', 'attention.o_proj')
        .replace('intermediate.dense', 'mlp.fc1')
        .replace('output.dense', 'mlp.fc2'),
  ],
];
for (const [what, model, config, rename] of variants) {
  test(`${model} as ${what} gives equal predictions`, async (t) => {
    const { features } = await answersOf(await changed(t, model, config, rename));
    assert.deepEqual(features, (await answersOf(join(golden, 'models', model))).features);
  });
}

/** A copy whose weights are changed, tensor by tensor. */
async function spoilt(
  t: TestContext,
  name: string,
  change: (stored: string, tensor: Tensor) => Tensor,
): Promise<string> {
  const folder = await changed(
    t,
    name,
    (json) => json,
    (stored) => stored,
  );
  const file = join(folder, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  await writeSafetensors(
    file,
    [...tensors].map(([stored, tensor]) => [stored, change(stored, tensor)] as const),
    { format: 'pt' },
  );
  return folder;
}

test('what is left beside whole patches is not used, as by a convolution', async (t) => {
  const side = native + 3;
  const wider = (json: Record<string, unknown>) => ({
    ...json,
    ...(json.vision_config ? { vision_config: { ...json.vision_config, image_size: side } } : { image_size: side }),
  });
  for (const name of ['siglip', 'dinov2', 'beit', 'dinov3']) {
    const folder = await changed(t, name, wider, (stored) => stored);
    // The images lie at the top left of the larger ones.
    const { features } = await answersOf(folder, side);
    assert.deepEqual(features, (await answersOf(join(golden, 'models', name))).features);
  }
});

test("a text tower is not read, whatever is in it; the image tower's numbers must be finite", async (t) => {
  const nan = (pattern: RegExp) => (stored: string, tensor: Tensor) =>
    pattern.test(stored) ? { ...tensor, data: tensor.data.map(() => NaN) } : tensor;
  for (const name of ['clip', 'siglip']) {
    const folder = await spoilt(t, name, nan(/^text_model\.|^logit_/));
    assert.deepEqual((await answersOf(folder)).features, (await answersOf(join(golden, 'models', name))).features);
    await assert.rejects(answersOf(await spoilt(t, name, nan(/^vision_model\.encoder/))), { code: /NOT_FINITE/ });
  }
});

test("timm's fused weight that does not come apart into three is named", async (t) => {
  const folder = await spoilt(t, 'timm-vit', (stored, tensor) =>
    stored.endsWith('qkv.bias') ? { shape: [95], data: tensor.data.slice(0, 95) } : tensor,
  );
  await assert.rejects(openBaseModel({ model: folder, init: 'pretrained', seed: 0 }), {
    code: 'MODEL_WEIGHT_SHAPE',
    message: /qkv\.bias.*\[95\].*\[96\]/,
  });
});
