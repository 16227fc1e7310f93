/** Loading configs from real files: defaults, paths, overrides, and the error for each mistake. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { learningRateOf } from '../../../src/trainer/config/schema.js';
import { UserError } from '../../../src/trainer/errors/errors.js';

let folder: string;
let file: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), `vitune cönfig 'quoted' `));
  file = join(folder, 'my run.vitune.json');
});
after(() => rm(folder, { recursive: true }));

async function load(text: string | Uint8Array, ...overrides: string[]) {
  await writeFile(file, text);
  return loadConfig(file, overrides);
}

/** What is expected of the error: code and place, and parts of message and remedy. */
interface Expected {
  code: string;
  at?: [line: number, column: number] | 'file' | 'nowhere';
  says?: string;
  remedy?: string;
}

async function fails(text: string | Uint8Array, expected: Expected, ...overrides: string[]) {
  await assert.rejects(load(text, ...overrides), (error) => {
    assert.ok(error instanceof UserError, (error as Error).stack);
    const place = { file, ...(Array.isArray(expected.at) ? { line: expected.at[0], column: expected.at[1] } : {}) };
    if (expected.at)
      assert.deepEqual([error.code, error.place], [expected.code, expected.at === 'nowhere' ? {} : place]);
    else assert.equal(error.code, expected.code);
    assert.ok(error.message.includes(expected.says ?? ''), error.message);
    assert.ok(error.remedy.includes(expected.remedy ?? '') && error.remedy.length > 5, error.remedy);
    return true;
  });
}

const lora = {
  type: 'lora',
  rank: 8,
  alpha: 16,
  dropout: 0,
  targetModules: ['query', 'value'],
  useRslora: false,
  useDora: false,
};

test('defaults, and paths relative to the file', async () => {
  const { config, path } = await load('{ "dataset": "../photos", "output": "out/ä b" }');
  assert.equal(path, file);
  assert.equal(config.dataset, resolve(folder, '../photos'));
  assert.equal(config.output, join(folder, 'out', 'ä b'));
  assert.equal(config.model, 'embedded');
  assert.deepEqual(config.method, lora);
  const augmentation = { randomResizedCrop: { scale: [0.5, 1], ratio: [3 / 4, 4 / 3] }, horizontalFlip: 0.5 };
  assert.deepEqual(config.augmentation, { ...augmentation, randAugment: false, randomErasing: 0, mixup: 0, cutmix: 0 });
  assert.deepEqual([config.dropPath, config.ema], [0, false]);
  assert.equal(config.batchSize, 16);
  assert.equal(config.learningRate, undefined);
  assert.equal(learningRateOf(config, 192), 1e-3);
});

test('comments, trailing commas, a byte-order mark, UTF-16, and Windows line ends', async () => {
  const text = '\ufeff// über alles\r\n{\r\n  /* x */ "dataset": "a", // y\r\n  "epochs": 3,\r\n}\r\n';
  assert.equal((await load(text)).config.epochs, 3);
  assert.equal((await load(Buffer.from(text, 'utf16le'))).config.epochs, 3);
  await fails(text.replace('3', '0'), { code: 'CONFIG_VALUE', at: [4, 13] });
});

test('a method by name, and as an object with some options', async () => {
  const { config } = await load('{"dataset":"a","method":"full"}');
  assert.deepEqual(config.method, { type: 'full', layerDecay: 1 });
  assert.equal(learningRateOf(config, 768), 5e-5);
  assert.equal(learningRateOf(config, 192), 2e-4);
  assert.equal(learningRateOf({ ...config, learningRate: 1e-3 }, 192), 1e-3);
  assert.deepEqual((await load('{"dataset":"a","method":{"type":"lora","rank":4}}')).config.method, {
    ...lora,
    rank: 4,
  });
  assert.deepEqual((await load('{"dataset":"a","method":"head"}')).config.method, {
    type: 'head',
    solver: 'sgd',
    projection: 1000,
    hidden: 0,
    dropout: 0,
  });
});

test('regularisation: {} takes the usual options', async () => {
  const { config } = await load('{"dataset":"a","augmentation":{"randAugment":{}},"ema":{}}');
  assert.deepEqual([config.augmentation.randAugment, config.ema], [{ operations: 2, magnitude: 9 }, { decay: 0.999 }]);
  assert.deepEqual(
    (await load('{"dataset":"a","augmentation":{"randAugment":{"magnitude":5}}}')).config.augmentation.randAugment,
    {
      operations: 2,
      magnitude: 5,
    },
  );
});

test('a dataset of several folders', async () => {
  const { config } = await load('{"dataset":{"train":"t","validation":"/v"}}');
  assert.deepEqual(config.dataset, { train: join(folder, 't'), validation: resolve('/v'), test: undefined });
});

test('a model is a path when it looks like one or is a folder, else a name', async () => {
  await mkdir(join(folder, 'google', 'vit'), { recursive: true });
  const model = async (name: string) => (await load(JSON.stringify({ dataset: 'a', model: name }))).config.model;
  assert.equal(await model('google/vit'), join(folder, 'google', 'vit'));
  assert.equal(await model('google/other'), 'google/other');
  assert.equal(await model('./google/other'), join(folder, 'google', 'other'));
  assert.equal(await model('../x'), resolve(folder, '../x'));
  assert.equal(await model('/abs/x'), resolve('/abs/x'));
  await mkdir(join(folder, 'embedded'));
  assert.equal(await model('embedded'), 'embedded');
  assert.equal(await model('./embedded'), join(folder, 'embedded'));
});

test('later stages find the place of a value', async () => {
  const { placeOf } = await load(
    '{\n  "model": "x",\n  "method": {"type": "lora",\n    "rank": 4},\n  "dataset": "a"\n}',
    'epochs=3',
  );
  assert.deepEqual(placeOf('model'), { file, line: 2, column: 12 });
  assert.deepEqual(placeOf('method.rank'), { file, line: 4, column: 13 });
  assert.deepEqual(placeOf('method.alpha'), { file, line: 3, column: 13 }, 'of the object that lacks it');
  assert.deepEqual(placeOf('batchSize'), { file, line: 1, column: 1 });
  assert.deepEqual(placeOf('epochs'), {}, 'from --set');
});

test('syntax errors', async () => {
  const cases: [string, [number, number], string][] = [
    ['', [1, 1], 'value is missing'],
    ['{', [1, 2], 'closing brace'],
    ['{\n  "dataset": "a"\n  "epochs": 3\n}', [3, 3], 'comma'],
    ['{"dataset" "a"}', [1, 12], 'colon'],
    ['{"dataset": }', [1, 13], 'value is missing'],
    ["{'dataset': 'a'}", [1, 2], 'double quotes'],
    ['{"dataset": "C:\\photos"}', [1, 13], 'backslash'],
    ['{"dataset": "a}', [1, 13], 'not closed'],
    ['{"dataset": "a"} x', [1, 18], ''],
    ['{"dataset": ["a"', [1, 17], 'bracket'],
    ['{"dataset": "a" /* }', [1, 17], 'comment'],
  ];
  for (const [text, at, says] of cases) await fails(text, { code: 'CONFIG_SYNTAX', at, says });
  await fails(Buffer.from([0x7b, 0x22, 0xe4, 0x22, 0x7d]), { code: 'CONFIG_SYNTAX', at: 'file', says: 'UTF-8' });
});

test('not an object', async () => {
  for (const text of ['[]', '"a"', '1', 'null']) await fails(text, { code: 'CONFIG_NOT_OBJECT', at: [1, 1] });
});

test('unknown keys, with the one that was meant', async () => {
  await fails('{\n "dataset": "a",\n "epoch": 3}', {
    code: 'CONFIG_KEY_UNKNOWN',
    at: [3, 2],
    says: '"epoch"',
    remedy: '"epochs"',
  });
  await fails('{"dataset":"a","learning_rate":1}', {
    code: 'CONFIG_KEY_UNKNOWN',
    at: [1, 16],
    remedy: '"learningRate"',
  });
  await fails('{"dataset":"a","BATCHSIZE":1}', { code: 'CONFIG_KEY_UNKNOWN', remedy: '"batchSize"' });
  await fails('{"dataset":"a","method":{"type":"lora","rnak":4}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    at: [1, 40],
    says: 'method.rnak',
    remedy: '"rank"',
  });
  await fails('{"dataset":"a","augmentation":{"randomResizedCrop":{"scales":4}}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    says: 'augmentation.randomResizedCrop.scales',
    remedy: '"scale"',
  });
  await fails('{"dataset":{"trian":"a"}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    at: [1, 13],
    says: 'dataset.trian',
    remedy: '"train"',
  });
  await fails('{"datasett":"a"}', { code: 'CONFIG_KEY_UNKNOWN', at: [1, 2], remedy: '"dataset"' });
  await fails('{"dataset":"a","__proto__":{"epochs":3}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    at: [1, 16],
    says: '__proto__',
  });
});

test('an unknown key like no other gets the list; an option of another method is unknown', async () => {
  await fails('{"dataset":"a","zebracrossing":1}', {
    code: 'CONFIG_KEY_UNKNOWN',
    remedy: 'model, revision, init, dataset',
  });
  await fails('{"dataset":"a","method":{"type":"head","rank":1}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    remedy: 'type, solver, projection, hidden, dropout',
  });
});

test('missing keys', async () => {
  await fails('\n {}', {
    code: 'CONFIG_KEY_MISSING',
    at: [2, 2],
    says: '"dataset"',
    remedy: 'a text that is not empty, an object with train, validation, test or an object with folder',
  });
  await fails('{"dataset":{"validation":"v"}}', { code: 'CONFIG_KEY_MISSING', at: [1, 12], says: '"dataset.train"' });
  await fails('{"dataset":"a","method":{"rank":4}}', {
    code: 'CONFIG_KEY_MISSING',
    at: [1, 25],
    says: '"method.type"',
    remedy: '"head", "partial", "adapter", "lora", "qlora" or "full"',
  });
});

test('wrong types', async () => {
  const cases: [string, string, string][] = [
    ['epochs', '"3"', 'a whole number from 1 to 100000'],
    ['epochs', 'null', 'a whole number'],
    ['learningRate', '[1]', 'a number > 0 ≤ 10'],
    ['dataset', '7', 'a text that is not empty'],
    ['method', '7', '"head", "partial", "adapter", "lora", "qlora", "full"'],
    ['augmentation', 'false', 'an object with randomResizedCrop, horizontalFlip'],
    ['output', '{}', 'a text that is not empty'],
  ];
  for (const [key, value, remedy] of cases) {
    const rest = key === 'dataset' ? '' : '"dataset":"a",';
    const text = `{${rest}\n"${key}": ${value}}`;
    await fails(text, { code: 'CONFIG_TYPE', at: [2, key.length + 5], says: `"${key}" is ${value}`, remedy });
  }
  await fails('{"dataset":"a","method":{"type":"lora","targetModules":"query"}}', {
    code: 'CONFIG_TYPE',
    at: [1, 56],
    remedy: 'a list of',
  });
  await fails('{"dataset":"a","method":{"type":"lora","targetModules":["query",1]}}', {
    code: 'CONFIG_TYPE',
    at: [1, 65],
    says: 'method.targetModules.1',
  });
});

test('values out of range', async () => {
  const cases: [string, string, string][] = [
    ['batchSize', '0', 'from 1 to 4096'],
    ['batchSize', '4097', 'from 1 to 4096'],
    ['batchSize', '1.5', 'a whole number'],
    ['epochs', '-1', 'a whole number'],
    ['learningRate', '0', 'a number > 0'],
    ['learningRate', '1e999', 'a number > 0'],
    ['dropout', '1', 'a number ≥ 0 < 1'],
    ['seed', '-1', 'a whole number ≥ 0'],
    ['maxGradNorm', '-0.1', 'a number ≥ 0'],
    ['device', '"gpu"', '"auto", "cpu", "webgpu", "cuda" or "tensorflow"'],
    ['model', '""', 'a text that is not empty'],
    ['method', '"lorra"', '"lora"'],
    ['validationSplit', '1', '> 0 < 1'],
    ['dropPath', '1', 'a number ≥ 0 < 1'],
  ];
  for (const [key, value, remedy] of cases) {
    const says = `"${key}" is ${value === '1e999' ? 'Infinity' : value}`;
    await fails(`{"dataset":"a",\n"${key}": ${value}}`, {
      code: 'CONFIG_VALUE',
      at: [2, key.length + 5],
      says,
      remedy,
    });
  }
  await fails('{"dataset":"a","method":{"type":"lora","rank":1025}}', {
    code: 'CONFIG_VALUE',
    at: [1, 47],
    says: '"method.rank" is 1025',
    remedy: '1 to 1024',
  });
  await fails('{"dataset":"a","method":{"type":"lore"}}', {
    code: 'CONFIG_VALUE',
    at: [1, 33],
    says: '"method.type"',
    remedy: '"head", "partial", "adapter", "lora", "qlora" or "full"',
  });
  await fails('{"dataset":"a","method":{"type":"lora","targetModules":[]}}', { code: 'CONFIG_VALUE' });
  const augmentations: [string, string, string][] = [
    ['mixup', '-1', 'a number from 0 to 100'],
    ['cutmix', '101', 'a number from 0 to 100'],
    ['randomErasing', '2', 'a number from 0 to 1'],
    ['randAugment.magnitude', '31', 'a whole number from 0 to 30'],
    ['randAugment.magnitude', '0.5', 'a whole number from 0 to 30'],
    ['randAugment.operations', '0', 'a whole number from 1 to 14'],
  ];
  for (const [key, value, remedy] of augmentations)
    await fails(
      '{"dataset":"a"}',
      { code: 'CONFIG_VALUE', says: `"augmentation.${key}" is ${value}`, remedy },
      `augmentation.${key}=${value}`,
    );
  await fails('{"dataset":"a","ema":{"decay":1}}', {
    code: 'CONFIG_VALUE',
    at: [1, 31],
    says: '"ema.decay" is 1',
    remedy: '> 0 < 1',
  });
  await fails('{"dataset":"a","augmentation":{"randomResizedCrop":{"scale":[0.9,0.1]}}}', {
    code: 'CONFIG_VALUE',
    at: [1, 61],
    says: 'greater than its second',
  });
  await fails('{"dataset":"a","augmentation":{"randomResizedCrop":{"scale":[0,1]}}}', {
    code: 'CONFIG_VALUE',
    at: [1, 62],
    remedy: 'a number > 0 ≤ 1',
  });
});

test('the same key twice', async () => {
  await fails('{"dataset":"a",\n "epochs":3,\n "epochs":4}', {
    code: 'CONFIG_KEY_TWICE',
    at: [3, 2],
    says: '"epochs"',
  });
  await fails('{"dataset":"a","method":{"type":"lora","rank":1,"rank":2}}', { code: 'CONFIG_KEY_TWICE', at: [1, 49] });
});

test('no such file, or one that cannot be read', async () => {
  await assert.rejects(loadConfig(join(folder, 'none.vitune.json')), { code: 'CONFIG_MISSING' });
  await assert.rejects(loadConfig(folder), { code: 'FILE_UNREADABLE' });
});

test('--set changes values, JSON or text, at any depth', async () => {
  const text = '{"dataset":"a","method":"lora","epochs":9}';
  const { config } = await load(
    text,
    'method.rank=4',
    'method.targetModules=["key"]',
    'epochs=3',
    'device=cpu',
    'augmentation.randomResizedCrop=false',
    'output=x=y',
  );
  assert.deepEqual(config.method, { ...lora, rank: 4, targetModules: ['key'] });
  assert.deepEqual([config.epochs, config.device, config.augmentation.randomResizedCrop], [3, 'cpu', false]);
  assert.equal(config.output, join(folder, 'x=y'));
  assert.deepEqual((await load('{"dataset":"a"}', 'method.rank=2', 'dataset=b')).config.method, {
    ...config.method,
    rank: 2,
    targetModules: ['query', 'value'],
  });
  assert.deepEqual((await load(text, 'method=head')).config.method, {
    type: 'head',
    solver: 'sgd',
    projection: 1000,
    hidden: 0,
    dropout: 0,
  });
});

test('faults of --set name the option', async () => {
  const text = '{"dataset":"a"}';
  await fails(
    text,
    { code: 'CONFIG_VALUE', at: 'nowhere', says: '--set batchSize=0: ', remedy: '1 to 4096' },
    'batchSize=0',
  );
  await fails(
    text,
    { code: 'CONFIG_KEY_UNKNOWN', at: 'nowhere', says: '--set method.rnak=4', remedy: '"rank"' },
    'method.rnak=4',
  );
  await fails(text, { code: 'CONFIG_KEY_UNKNOWN', at: 'nowhere', says: '__proto__' }, '__proto__.epochs=4');
  await fails(text, { code: 'CONFIG_TYPE', at: 'nowhere', says: '--set epochs=many' }, 'epochs=many');
  await fails(text, { code: 'OPTION_INVALID', at: 'nowhere', says: 'dataset' }, 'dataset.train=x');
  for (const bad of ['epochs', '=3', '', 'method..rank=1', '.x=1'])
    await fails(text, { code: 'OPTION_INVALID', at: 'nowhere', says: `--set ${bad}: ` }, bad);
});

test('a misspelt key is looked for in the form of the dataset that it fits best', async () => {
  await fails('{"dataset":{"folder":"a","colums":["b"]}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    says: '"dataset.colums"',
    remedy: '"columns"',
  });
  await fails('{"dataset":{"train":"a","valdation":"b"}}', {
    code: 'CONFIG_KEY_UNKNOWN',
    says: '"dataset.valdation"',
    remedy: '"validation"',
  });
});

test('class weights: a word, a list or numbers by label', async () => {
  for (const given of ['balanced', [1, 2.5], { cat: 2, 'the dog': 0.5 }]) {
    const { config } = await load(JSON.stringify({ dataset: 'a', classWeights: given }));
    assert.deepEqual(config.classWeights, given);
  }
  await fails('{"dataset":"a","classWeights":{"cat":-1}}', {
    code: 'CONFIG_VALUE',
    says: '"classWeights.cat"',
    remedy: 'a number',
  });
  await fails('{"dataset":"a","classWeights":"even"}', {
    code: 'CONFIG_VALUE',
    says: '"classWeights"',
    remedy: '"balanced"',
  });
});
