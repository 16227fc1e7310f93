/** What `vitune check` finds in configs on real folders and models, and that its fixes mend them. */
import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { applyEdits, modify } from 'jsonc-parser';
import { root } from '../../../scripts/ensure-installed.mjs';
import type { ConfigCheck, ConfigFix } from '../../../src/trainer/protocol.js';
import { checkConfig } from '../../../src/trainer/training/checkConfig.js';
import { tinyModel, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

let folder: string;
let file: string;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  folder = await temporaryFolder({
    after: (clean: () => unknown) => void cleanUps.push(clean),
  } as unknown as Parameters<typeof temporaryFolder>[0]);
  file = join(folder, 'mine.vitune.jsonc');
  await writeDataset(join(folder, 'photos'), { red: 20, green: 20 });
  await mkdir(join(folder, 'models'));
  await cp(tinyModel, join(folder, 'models', 'tiny'), { recursive: true });
  await cp(join(root, 'test', 'golden', 'models', 'dinov3'), join(folder, 'models', 'dino'), { recursive: true });
  await writeDataset(join(folder, 'table'), { all: 10 });
  const rows = Array.from({ length: 10 }, (_, i) => `all/all ${i}.png,${i % 2 ? 'cat' : 'dog'},${i % 3}`);
  await writeFile(join(folder, 'table', 'labels.csv'), ['file,species,age', ...rows].join('\n'));
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

const check = (text: string): Promise<Omit<ConfigCheck, 'type'>> =>
  checkConfig(file, text, new AbortController().signal);
const checkOf = (config: object) => check(JSON.stringify(config));

/** The text with a fix applied, as the editor applies it. */
function mended(text: string, { edits }: ConfigFix): string {
  return edits.reduce((old, { path, name, value }) => {
    if (name === undefined) return applyEdits(old, modify(old, path, value, {}));
    return old.replace(JSON.stringify(path.at(-1)), JSON.stringify(name));
  }, text);
}

test('a good config: images, steps, the model, and defaults that fit it', async () => {
  const found = await checkOf({ dataset: 'photos', model: 'models/tiny', method: 'full', epochs: 3 });
  assert.deepEqual(found.problems, []);
  assert.deepEqual(found.dataset?.images, { train: 32, validation: 8, test: 0 });
  assert.deepEqual(found.dataset?.tasks[0]?.labels, ['green', 'red']);
  assert.deepEqual(found.plan, { steps: 6, stepsPerEpoch: 2, evaluations: 3, checkpoints: 3, batchSize: 16 });
  assert.equal(found.model?.width, 48);
  assert.equal(found.defaults.learningRate?.value, 8e-4, '5e-5 × 768 / 48');
  assert.match(found.defaults.learningRate?.reason ?? '', /width 48/);
  assert.deepEqual(found.defaults.evalSteps, { value: 2, reason: 'After each epoch.' });
  assert.equal(found.defaults['method.layerDecay']?.value, 1);
  const other = await checkOf({ dataset: 'photos', model: 'models/dino', method: 'full', imageSize: 64 });
  assert.equal(other.defaults.learningRate?.value, 1.2e-3, '5e-5 × 768 / 32');
  assert.equal(other.defaults.imageSize?.value, 32, 'that of the model, not that of the config');
});

test('what a training is called depends on what it computes alone', async () => {
  const nameOf = async (config: object) =>
    (await checkOf({ dataset: 'photos', model: 'models/tiny', ...config })).training;
  const name = await nameOf({});
  assert.match(name ?? '', /^[0-9a-f]{16}$/);
  assert.equal(await nameOf({ method: { type: 'lora', rank: 8 }, output: 'there', batchSize: 16 }), name);
  assert.notEqual(await nameOf({ batchSize: 8 }), name);
  assert.notEqual(await nameOf({ dataset: './table' }), name);
});

const faulty: [name: string, text: string, code: string, fix: string, place: [line: number, column: number]][] = [
  ['a key', '{ "dataset": "photos",\n  "epoch": 3 }', 'CONFIG_KEY_UNKNOWN', 'Rename to “epochs”', [2, 3]],
  [
    'a key of the method',
    '{ "dataset": "photos", "method": { "type": "lora", "rnk": 3 } }',
    'CONFIG_KEY_UNKNOWN',
    'Rename to “rank”',
    [1, 52],
  ],
  ['a method', '{ "dataset": "photos", "method": "lorra" }', 'CONFIG_VALUE', 'Use "lora"', [1, 34]],
  ['a number', '{ "dataset": "photos", "weightDecay": 3 }', 'CONFIG_VALUE', 'Use 1', [1, 39]],
  ['a folder', '{ "dataset": "./phots" }', 'DATASET_MISSING', 'Use "./photos"', [1, 14]],
  [
    'a folder of a split',
    '{ "dataset": { "train": "photos", "validation": "phots" } }',
    'DATASET_MISSING',
    'Use "photos"',
    [1, 49],
  ],
  ['a model', '{ "dataset": "photos", "model": "./models/tyny" }', 'MODEL_NOT_FOUND', 'Use "./models/tiny"', [1, 33]],
  [
    'a column',
    '{ "dataset": { "folder": "table", "columns": ["specie"] } }',
    'LABELS_COLUMN_MISSING',
    'Use "species"',
    [1, 47],
  ],
  [
    'a layer',
    '{ "dataset": "photos", "model": "./models/dino", "method": { "type": "lora", "targetModules": ["q_porj"] } }',
    'TARGET_MODULES_UNMATCHED',
    'Use "q_proj"',
    [1, 96],
  ],
  [
    'a rank',
    '{ "dataset": "photos", "model": "./models/tiny", "method": { "type": "lora", "rank": 64 } }',
    'LORA_RANK_TOO_LARGE',
    'Use 48',
    [1, 86],
  ],
  [
    'a size',
    '{ "dataset": "photos", "model": "./models/tiny", "imageSize": 33 }',
    'IMAGE_SIZE_INVALID',
    'Use 32',
    [1, 63],
  ],
  [
    'a label with a weight',
    '{ "dataset": "photos", "classWeights": { "gren": 2 } }',
    'CLASS_WEIGHTS_LABEL',
    'Rename to “green”',
    [1, 42],
  ],
  [
    'a label of a test',
    '{ "dataset": "photos", "tests": { "classAccuracy": { "gren": 0.9 } } }',
    'TESTS_CLASS_UNKNOWN',
    'Rename to “green”',
    [1, 54],
  ],
  [
    'a key that the solver does not read',
    '{ "dataset": "photos", "method": { "type": "head", "solver": "ridge" }, "epochs": 3 }',
    'CONFIG_KEY_NEEDLESS',
    'Remove “epochs”',
    [1, 73],
  ],
  ['the batch', '{ "dataset": "photos", "batchSize": 64 }', 'BATCH_BEYOND_IMAGES', 'Use 8', [1, 37]],
];
for (const [name, text, code, title, [line, column]] of faulty)
  test(`${name} that is wrong is found at its place, and the first fix mends it`, async () => {
    const { problems } = await check(text);
    assert.deepEqual(
      problems.map((each) => each.code),
      [code],
    );
    const [problem] = problems;
    assert.equal(problem!.file, file);
    assert.deepEqual([problem!.line, problem!.column], [line, column]);
    assert.equal(problem!.isWarning, code === 'BATCH_BEYOND_IMAGES');
    assert.equal(problem!.fixes[0]?.title, title);
    assert.deepEqual((await check(mended(text, problem!.fixes[0]!))).problems, []);
  });

test('every fault is found at once, and half a text says what it can', async () => {
  const { problems, model, plan, columns } = await check(
    '{\n "dataset": { "folder": "table", "columns": [] },\n "model": "models/dino",\n "epoch": 3, "optim": "adam",\n "method": {',
  );
  assert.deepEqual(problems.map(({ code }) => code).sort(), [
    'CONFIG_KEY_MISSING',
    'CONFIG_KEY_UNKNOWN',
    'CONFIG_SYNTAX',
    'CONFIG_VALUE',
    'CONFIG_VALUE',
    'LABELS_NO_LABEL_COLUMN',
  ]);
  assert.deepEqual(columns, ['file', 'species', 'age']);
  assert.deepEqual(model?.layers, ['query', 'key', 'value', 'o_proj', 'up_proj', 'down_proj']);
  assert.equal(plan, undefined);
});

test('a file without a config, or without a dataset, is no riddle', async () => {
  assert.deepEqual(
    (await check('[]')).problems.map(({ code }) => code),
    ['CONFIG_NOT_OBJECT'],
  );
  const { problems, model } = await check('{}');
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['CONFIG_KEY_MISSING'],
  );
  assert.equal(model?.family, 'vit');
  await assert.rejects(checkConfig(join(folder, 'none.vitune.json'), undefined, new AbortController().signal), {
    code: 'CONFIG_MISSING',
  });
});

test('of the hub nothing is asked: what is not here is left to the training', async () => {
  const { problems, model, dataset } = await checkOf({ dataset: 'hub:nobody/nothing', model: 'nobody/nothing' });
  assert.deepEqual([problems, model, dataset], [[], undefined, undefined]);
});
