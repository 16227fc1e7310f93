/** Adapters and models saved by Python give the same outputs here (test/golden), and unsupported ones are reported. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readSafetensors, writeSafetensors, type Tensor } from '../../../src/trainer/checkpoint/safetensors.js';
import { renamedBlocks } from '../../../src/trainer/nn/classicBlock.js';
import { theirNames } from '../../../src/trainer/nn/moduleNames.js';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import { openModel } from '../../../src/trainer/models/openModel.js';
import type { Classification, Evaluation } from '../../../src/trainer/protocol.js';
import { jsonLines, vituneHere } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { copyAdapter, distance, golden, numbersOf, writeImages } from './goldenCheckpoint.js';

/** DeiT's, without the resizing and the crop that the stored images did not get. */
const uncropped = JSON.stringify({
  ...(JSON.parse(readFileSync(join(golden, 'models', 'deit', 'preprocessor_config.json'), 'utf8')) as object),
  size: { height: 32, width: 32 },
  do_center_crop: false,
});
const variants = JSON.parse(readFileSync(join(golden, 'interchange', 'logits.json'), 'utf8')) as {
  logits: Record<string, number[][]>;
};
const cases: [adapter: string, expected: number[][]][] = [
  ['curves/vit-lora-final', numbersOf('vit').curves.lora!.finalLogits],
  ['curves/vit-head-final', numbersOf('vit').curves.head!.finalLogits],
  ['curves/deit-lora-final', numbersOf('deit').curves.lora!.finalLogits],
  ...Object.entries(variants.logits).map(([name, logits]): [string, number[][]] => [`interchange/${name}`, logits]),
];

for (const [adapter, expected] of cases) {
  test(`${adapter}: PEFT's logits`, async (t) => {
    const folder = await temporaryFolder(t);
    const images = await writeImages(join(folder, 'images'));
    const copy = await copyAdapter(adapter, join(folder, 'adapter'));
    if (adapter.includes('deit')) await writeFile(join(copy, 'preprocessor_config.json'), uncropped);
    const { labels, logits } = await computeLogits({ model: copy, images });
    assert.deepEqual(labels, numbersOf('vit').labels);
    assert.ok(distance(logits, expected) < 1e-4, String(distance(logits, expected)));
  });
}

/** Changes the tensors of an adapter. */
async function edit(
  folder: string,
  change: (tensors: Map<string, Tensor>) => Iterable<readonly [string, Tensor]>,
): Promise<void> {
  const file = join(folder, 'adapter_model.safetensors');
  await writeSafetensors(file, change((await readSafetensors(file)).tensors), { format: 'pt' });
}

test("an adapter made under transformers 5, whose modules have other names, and one with both sets of names' tensors", async (t) => {
  const folder = await temporaryFolder(t);
  const images = await writeImages(join(folder, 'images'));
  const adapter = await copyAdapter(
    'curves/vit-lora-final',
    join(folder, 'adapter'),
    (config) => (config.target_modules = ['q_proj', 'v_proj']),
  );
  const expected = numbersOf('vit').curves.lora!.finalLogits;
  await edit(adapter, (tensors) =>
    [...tensors].flatMap(([name, tensor]) =>
      [...new Set([name, ...theirNames(name, renamedBlocks)])].map((each) => [each, tensor] as const),
    ),
  );
  assert.ok(distance((await computeLogits({ model: adapter, images })).logits, expected) < 1e-4);
  await edit(adapter, (tensors) => [...tensors].filter(([name]) => !name.includes('encoder.layer')));
  assert.ok(distance((await computeLogits({ model: adapter, images })).logits, expected) < 1e-4);
});

test('a model with a head, as transformers saved it', async (t) => {
  const folder = await temporaryFolder(t);
  const images = await writeImages(join(folder, 'images'));
  for (const name of ['vit', 'deit-teacher']) {
    const model = join(folder, name);
    await cp(join(golden, 'models', name), model, { recursive: true });
    if (name !== 'vit') await writeFile(join(model, 'preprocessor_config.json'), uncropped);
    const { labels, logits } = await computeLogits({ model, images });
    assert.deepEqual(labels, numbersOf(name).labels);
    assert.ok(distance(logits, numbersOf(name).logits) < 1e-4, String(distance(logits, numbersOf(name).logits)));
  }
});

test('classify and evaluate take such folders', async (t) => {
  const folder = await temporaryFolder(t);
  const images = await writeImages(join(folder, 'photos', 'apple'));
  await writeImages(join(folder, 'photos', 'dune'));
  const adapter = await copyAdapter('curves/vit-lora-final', join(folder, 'adapter'));
  for (const checkpoint of [adapter, join(golden, 'models', 'deit')]) {
    const classified = await vituneHere(['classify', images[0]!, '--checkpoint', checkpoint, '--json']);
    assert.equal(classified.code, 0, classified.stderr);
    const [answer] = jsonLines<Classification & { predictions: { label: string; probability: number }[] }>(
      classified.stdout,
    );
    assert.equal(answer!.predictions.length, 5);
    const evaluated = await vituneHere([
      'evaluate',
      '--dataset',
      join(folder, 'photos'),
      '--checkpoint',
      checkpoint,
      '--json',
    ]);
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.deepEqual(jsonLines<Evaluation>(evaluated.stdout)[0]!.labels, numbersOf('vit').labels);
  }
});

test('labels: of the config next to the adapter, of the base if they fit, else the default names of transformers', async (t) => {
  const folder = await temporaryFolder(t);
  const adapter = await copyAdapter('curves/vit-head-final', join(folder, 'adapter'));
  await edit(adapter, (tensors) =>
    [...tensors].map(([name, { shape, data }]) => [
      name,
      { shape: [2, ...shape.slice(1)], data: data.slice(0, (data.length / 5) * 2) },
    ]),
  );
  assert.deepEqual((await openModel(adapter)).labels, ['LABEL_0', 'LABEL_1']);
  const config = JSON.parse(readFileSync(join(golden, 'models', 'vit', 'config.json'), 'utf8')) as object;
  await writeFile(join(adapter, 'config.json'), JSON.stringify({ ...config, id2label: { 0: 'yes', 1: 'no' } }));
  const { labels, logits } = await computeLogits({ model: adapter, images: [0] });
  assert.deepEqual([labels, logits[0]!.length], [['yes', 'no'], 2]);
});

test('a base next to the adapter', async (t) => {
  const folder = await temporaryFolder(t);
  const adapter = await copyAdapter(
    'curves/vit-lora-final',
    join(folder, 'adapter'),
    (config) => (config.base_model_name_or_path = './its base'),
  );
  await assert.rejects(openModel(adapter), { code: 'BASE_MISSING', place: { file: adapter } });
  await cp(join(golden, 'models', 'vit'), join(adapter, 'its base'), { recursive: true });
  assert.equal((await openModel(adapter)).labels.length, 5);
});

const wrong: [
  name: string,
  code: string,
  message: RegExp,
  arrange: (adapter: string, t: TestContext) => Promise<unknown>,
][] = [
  [
    'another base, by its names',
    'ADAPTER_NOT_OF_BASE',
    /query/,
    (adapter) =>
      copyAdapter(
        'curves/vit-lora-final',
        adapter,
        (config) => (config.base_model_name_or_path = join(golden, 'models', 'deit')),
      ),
  ],
  [
    'made on a network of timm',
    'ADAPTER_OF_TIMM',
    /timm_model\.blocks\.0\.attn\.qkv\.weight/,
    (adapter) =>
      edit(adapter, () =>
        ['A', 'B'].map((part) => [
          `base_model.model.timm_model.blocks.0.attn.qkv.lora_${part}.weight`,
          part === 'A'
            ? { shape: [2, 48], data: new Float32Array(96) }
            : { shape: [144, 2], data: new Float32Array(288) },
        ]),
      ),
  ],
  [
    'another base, by its width',
    'ADAPTER_NOT_OF_BASE',
    /query/,
    (adapter) =>
      edit(adapter, (tensors) =>
        [...tensors].map(([name, { shape, data }]) =>
          name.includes('lora_A') ? [name, { shape: [4, 24], data: data.slice(0, 96) }] : [name, { shape, data }],
        ),
      ),
  ],
  [
    'half of a layer',
    'MODEL_WEIGHT_MISSING',
    /lora_B/,
    (adapter) => edit(adapter, (tensors) => [...tensors].filter(([name]) => !/layer\.1.*query.*lora_B/.test(name))),
  ],
  [
    'another kind of adapter',
    'ADAPTER_UNSUPPORTED',
    /LOHA/,
    (adapter) => copyAdapter('curves/vit-lora-final', adapter, (config) => (config.peft_type = 'LOHA')),
  ],
  [
    'another kind, whose rank LoRA could not have',
    'ADAPTER_UNSUPPORTED',
    /OFT/,
    (adapter) =>
      copyAdapter('curves/vit-lora-final', adapter, (config) => Object.assign(config, { peft_type: 'OFT', r: 0 })),
  ],
  [
    'a module of modules_to_save that the file lacks',
    'MODEL_WEIGHT_MISSING',
    /classifier\.bias/,
    (adapter) => edit(adapter, (tensors) => [...tensors].filter(([name]) => !name.includes('classifier.bias'))),
  ],
  [
    'LoRA on a head of another size than that of the base',
    'ADAPTER_HEAD',
    /3 classes.* 5/,
    async (adapter) => {
      await copyAdapter('curves/vit-lora-final', adapter, (config) => {
        (config.target_modules as string[]).push('classifier');
        config.modules_to_save = null;
      });
      await edit(adapter, (tensors) => [
        ...[...tensors].filter(([name]) => !name.includes('classifier')),
        ['base_model.model.classifier.lora_A.weight', { shape: [4, 48], data: new Float32Array(192) }],
        ['base_model.model.classifier.lora_B.weight', { shape: [3, 4], data: new Float32Array(12) }],
      ]);
    },
  ],
  [
    'a tensor of an embedding',
    'ADAPTER_UNSUPPORTED',
    /lora_embedding_A/,
    (adapter) =>
      edit(adapter, (tensors) => [
        ...tensors,
        ['base_model.model.x.lora_embedding_A', { shape: [1], data: new Float32Array(1) }],
      ]),
  ],
  [
    'no base',
    'CHECKPOINT_DAMAGED',
    /base_model_name_or_path/,
    (adapter) => copyAdapter('curves/vit-lora-final', adapter, (config) => (config.base_model_name_or_path = null)),
  ],
  [
    'a config that is no object',
    'CHECKPOINT_DAMAGED',
    /./,
    (adapter) => writeFile(join(adapter, 'adapter_config.json'), '[1]'),
  ],
  [
    'a config with a text for a rank',
    'CHECKPOINT_DAMAGED',
    /lora_alpha/,
    (adapter) => copyAdapter('curves/vit-lora-final', adapter, (config) => (config.lora_alpha = 'much')),
  ],
  ['no tensors', 'FILE_UNREADABLE', /./, (adapter) => rm(join(adapter, 'adapter_model.safetensors'))],
  [
    'a pickle',
    'MODEL_WEIGHTS_PICKLE',
    /pickle/,
    async (adapter) => {
      await rm(join(adapter, 'adapter_model.safetensors'));
      await writeFile(join(adapter, 'adapter_model.bin'), 'x');
    },
  ],
  [
    'numbers that are none',
    'SAFETENSORS_NOT_FINITE',
    /./,
    (adapter) =>
      edit(adapter, (tensors) =>
        [...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.fill(NaN) }]),
      ),
  ],
];
for (const [name, code, message, arrange] of wrong) {
  test(`a defect of an adapter: ${name}`, async (t) => {
    const adapter = await copyAdapter('curves/vit-lora-final', join(await temporaryFolder(t), 'adapter'));
    await arrange(adapter, t);
    await assert.rejects(computeLogits({ model: adapter, images: [0] }), { code, message });
  });
}

test('a body without a head classifies nothing', async (t) => {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', 'vit'), folder, { recursive: true });
  const file = join(folder, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  await writeSafetensors(
    file,
    [...tensors].filter(([name]) => !name.startsWith('classifier')),
    { format: 'pt' },
  );
  await assert.rejects(computeLogits({ model: folder, images: [0] }), {
    code: 'HEAD_MISSING',
    place: { file: folder },
  });
  await mkdir(join(folder, 'adapter'));
  const adapter = await copyAdapter('curves/vit-lora-final', join(folder, 'adapter'), (config) =>
    Object.assign(config, { base_model_name_or_path: '..', modules_to_save: null }),
  );
  await edit(adapter, (all) => [...all].filter(([name]) => !name.includes('classifier')));
  await assert.rejects(computeLogits({ model: adapter, images: [0] }), {
    code: 'HEAD_MISSING',
    place: { file: adapter },
  });
});
