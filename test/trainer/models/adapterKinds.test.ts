/**
 * Every kind of LoRA adapter of PEFT gives the same outputs here, under transformers 4 and 5 (test/golden/adapters.py).
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import {
  appliedFields,
  inertFields,
  parseAdapterConfig,
  refusedFields,
  targetsOf,
} from '../../../src/trainer/models/adapterConfig.js';
import { openModel } from '../../../src/trainer/models/openModel.js';
import { temporaryFolder } from '../data/images.js';
import { distance, golden, writeImages } from './goldenCheckpoint.js';

const folder = join(golden, 'adapters');
const logitsOf = (version: string) =>
  (JSON.parse(readFileSync(join(folder, version, 'logits.json'), 'utf8')) as { logits: Record<string, number[][]> })
    .logits;

/** A copy whose base is where its config says, and whose preprocessor leaves the stored images unchanged. */
async function copyOf(
  adapter: string,
  to: string,
  change: (config: Record<string, unknown>) => void = () => undefined,
) {
  await cp(adapter, to, { recursive: true });
  const file = join(to, 'adapter_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const base = join(adapter, String(config.base_model_name_or_path));
  config.base_model_name_or_path = base;
  change(config);
  await writeFile(file, JSON.stringify(config));
  const processor = JSON.parse(await readFile(join(base, 'preprocessor_config.json'), 'utf8')) as object;
  const square = { height: 32, width: 32 };
  await writeFile(
    join(to, 'preprocessor_config.json'),
    JSON.stringify({ ...processor, size: square, crop_size: square, do_center_crop: false }),
  );
  return to;
}

for (const version of ['transformers4', 'transformers5']) {
  for (const [name, expected] of Object.entries(logitsOf(version))) {
    test(`${name}, made under ${version}: PEFT's logits`, async (t) => {
      const work = await temporaryFolder(t);
      const images = (await writeImages(join(work, 'images'))).slice(0, expected.length);
      const model = await copyOf(join(folder, version, name), join(work, 'adapter'));
      const { logits } = await computeLogits({ model, images });
      assert.ok(distance(logits, expected) < 1e-4, String(distance(logits, expected)));
    });
  }
}

const refused: [field: string, value: unknown, code: string, message: RegExp][] = [
  ...(
    [
      ['megatron_config', { a: 1 }],
      ['trainable_token_indices', [1]],
      ['velora_config', { num_groups: 64 }],
      ['alora_invocation_tokens', [5]],
      ['use_qalora', true],
      ['monteclora_config', { a: 1 }],
      [
        'layer_replication',
        [
          [0, 2],
          [1, 3],
        ],
      ],
      ['target_parameters', ['vit.embeddings.cls_token']],
      ['use_bdlora', { nblocks: 2 }],
      ['arrow_config', { top_k: 1 }],
      ['kasa_config', { beta: 1 }],
      ['a_field_of_tomorrow', 3],
    ] as [string, unknown][]
  ).map(([field, value]): [string, unknown, string, RegExp] => [
    field,
    value,
    'ADAPTER_UNSUPPORTED',
    new RegExp(field),
  ]),
  ...['pissa_niter_4', 'corda', 'eva', 'loftq', 'lora_ga', 'mica', 'PISSA'].map(
    (init): [string, unknown, string, RegExp] => ['init_lora_weights', init, 'ADAPTER_UNSUPPORTED', new RegExp(init)],
  ),
  ['alpha_pattern', { 'no.such.layer': 4 }, 'ADAPTER_PATTERN_UNMATCHED', /no\.such\.layer/],
  ['rank_pattern', { 'vit.layer': 4 }, 'ADAPTER_PATTERN_UNMATCHED', /vit\.layer/],
  ['rank_pattern', { query: 3 }, 'ADAPTER_RANK', /3/],
  ['alpha_pattern', { '(?i)QUERY': 4 }, 'ADAPTER_UNSUPPORTED', /alpha_pattern/],
  ['target_modules', ['value'], 'ADAPTER_NOT_TARGETED', /query/],
  ['exclude_modules', '.*query', 'ADAPTER_NOT_TARGETED', /query/],
  ['layers_to_transform', [0], 'ADAPTER_NOT_TARGETED', /query/],
];
for (const [field, value, code, message] of refused)
  test(`refused by name: ${field} ${JSON.stringify(value)}`, async (t) => {
    const model = await copyOf(
      join(folder, 'transformers4', 'gaussian'),
      join(await temporaryFolder(t), 'adapter'),
      (config) => (config[field] = value),
    );
    await assert.rejects(openModel(model), { code, message });
  });

const peft = (
  JSON.parse(readFileSync(join(golden, 'fields.json'), 'utf8')) as {
    peft: { types: string[]; lora: Record<string, unknown> };
  }
).peft;

test("each field of PEFT's config is applied, changes nothing, or is refused", () => {
  const known = [...appliedFields, ...inertFields, ...refusedFields];
  assert.deepEqual(known.toSorted(), Object.keys(peft.lora).sort());
});

for (const type of peft.types.filter((each) => each !== 'LORA'))
  test(`an adapter of the kind ${type} is named for what it is`, async (t) => {
    const model = await copyOf(
      join(folder, 'transformers4', 'gaussian'),
      join(await temporaryFolder(t), 'adapter'),
      (config) => (config.peft_type = type),
    );
    await assert.rejects(openModel(model), { code: 'ADAPTER_UNSUPPORTED', message: new RegExp(type) });
  });

test('a whole name among the target modules counts whatever the blocks are, as in PEFT', () => {
  const targets = ['query', 'classifier', 'vit.encoder.layer.0.output.dense'];
  const config = parseAdapterConfig({ peft_type: 'LORA', target_modules: targets, layers_to_transform: [1] }, 'a.json');
  const isTarget = targetsOf(config, 'a.json');
  const names = ['0', '1'].flatMap((i) =>
    ['attention.attention.query', 'output.dense'].map((end) => `vit.encoder.layer.${i}.${end}`),
  );
  const found = [...names, 'classifier'].filter((name) => isTarget(name, true));
  assert.deepEqual(found, [
    'vit.encoder.layer.0.output.dense',
    'vit.encoder.layer.1.attention.attention.query',
    'classifier',
  ]);
});
