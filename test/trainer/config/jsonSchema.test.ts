/**
 * The JSON Schema and the validation come from the same lines: here they are held against each other, and the examples
 * against both.
 */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse, type ParseError } from 'jsonc-parser';
import { configPage } from '../../../src/trainer/config/configPage.js';
import { configJsonSchema, type JsonSchema } from '../../../src/trainer/config/jsonSchema.js';
import { methodSchemas } from '../../../src/trainer/config/methods.js';
import { buildSchema } from '../../../src/trainer/config/schema.js';

const schema = configJsonSchema();
const ajv = new Ajv({ strict: true, strictTypes: false });
ajv.addVocabulary([
  'markdownDescription',
  'enumDescriptions',
  'defaultSnippets',
  'x-learningRate',
  'x-form',
  'errorMessage',
]);
const jsonSchemaAccepts = ajv.compile(schema);
const zodAccepts = (value: unknown) => buildSchema().safeParse(value).success;

const examples = join(import.meta.dirname, '../../../examples');

async function readExample(name: string): Promise<Record<string, unknown>> {
  const problems: ParseError[] = [];
  const value = parse(await readFile(join(examples, name), 'utf8'), problems, { allowTrailingComma: true }) as Record<
    string,
    unknown
  >;
  assert.deepEqual(problems, []);
  return value;
}

test('every example is valid under both', async () => {
  const names = (await readdir(examples)).filter((name) => name.endsWith('.vitune.json'));
  assert.ok(names.length >= 3);
  for (const name of names) {
    const value = await readExample(name);
    assert.ok(jsonSchemaAccepts(value), `${name}: ${ajv.errorsText(jsonSchemaAccepts.errors)}`);
    assert.ok(zodAccepts(value), name);
  }
});

test('the example of every key has every key, at its default', async () => {
  const example = await readExample('every-key.vitune.json');
  assert.deepEqual(Object.keys(example).sort(), Object.keys(schema.properties!).sort());
  const defaults = buildSchema().parse({ dataset: 'photos' });
  const { dataset: _dataset, ...rest } = defaults;
  for (const [key, value] of Object.entries(rest)) assert.deepEqual(example[key], value, key);
});

const invalid: [string, Record<string, unknown>][] = [
  ['no dataset', {}],
  ['dataset of a wrong type', { dataset: 7 }],
  ['empty dataset', { dataset: '' }],
  ['dataset without train', { dataset: { validation: 'v' } }],
  ['unknown key', { dataset: 'a', epoch: 3 }],
  ['unknown key of a method', { dataset: 'a', method: { type: 'lora', rnak: 3 } }],
  ['option of another method', { dataset: 'a', method: { type: 'head', rank: 3 } }],
  ['unknown key of the crop', { dataset: 'a', augmentation: { randomResizedCrop: { size: 1 } } }],
  ['unknown method', { dataset: 'a', method: 'lorra' }],
  ['method without type', { dataset: 'a', method: {} }],
  ['rank 0', { dataset: 'a', method: { type: 'lora', rank: 0 } }],
  ['rank 1025', { dataset: 'a', method: { type: 'lora', rank: 1025 } }],
  ['no target modules', { dataset: 'a', method: { type: 'lora', targetModules: [] } }],
  ['negative block', { dataset: 'a', method: { type: 'lora', layersToTransform: [-1] } }],
  ['no blocks to transform', { dataset: 'a', method: { type: 'lora', layersToTransform: [] } }],
  ['half a block', { dataset: 'a', method: { type: 'partial', blocks: 0.5 } }],
  ['empty pattern', { dataset: 'a', method: { type: 'partial', modules: [''] } }],
  ['layer decay 0', { dataset: 'a', method: { type: 'full', layerDecay: 0 } }],
  ['layer decay above 1', { dataset: 'a', method: { type: 'full', layerDecay: 1.1 } }],
  ['unknown placement', { dataset: 'a', method: { type: 'adapter', placement: 'parallel' } }],
  ['bottleneck 0', { dataset: 'a', method: { type: 'adapter', bottleneck: 0 } }],
  ['batch of 0', { dataset: 'a', batchSize: 0 }],
  ['batch of 4097', { dataset: 'a', batchSize: 4097 }],
  ['half an epoch', { dataset: 'a', epochs: 0.5 }],
  ['epochs as text', { dataset: 'a', epochs: '3' }],
  ['learning rate 0', { dataset: 'a', learningRate: 0 }],
  ['dropout 1', { dataset: 'a', dropout: 1 }],
  ['unknown device', { dataset: 'a', device: 'tpu' }],
  ['crop true', { dataset: 'a', augmentation: { randomResizedCrop: true } }],
  ['scale of three numbers', { dataset: 'a', augmentation: { randomResizedCrop: { scale: [0.1, 0.2, 0.3] } } }],
  ['scale of one number', { dataset: 'a', augmentation: { randomResizedCrop: { scale: [0.1] } } }],
  ['scale above 1', { dataset: 'a', augmentation: { randomResizedCrop: { scale: [0.1, 2] } } }],
  ['negative seed', { dataset: 'a', seed: -1 }],
];
for (const [name, value] of invalid) {
  test(`invalid under both: ${name}`, () => {
    assert.equal(zodAccepts(value), false, 'zod');
    assert.equal(jsonSchemaAccepts(value), false, 'JSON Schema');
  });
}

/** Every key of the schema, dotted, with its own schema. */
function* everyKey(node: JsonSchema, prefix = ''): Generator<[string, JsonSchema]> {
  for (const branch of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) yield* everyKey(branch, prefix);
  for (const [key, property] of Object.entries(node.properties ?? {})) {
    yield [prefix + key, property];
    yield* everyKey(property, `${prefix}${key}.`);
  }
}

test('every key is described, every object closed, every choice explained', () => {
  const keys = [...everyKey(schema)];
  assert.ok(keys.length > 45);
  for (const [key, property] of keys) {
    assert.ok(property.markdownDescription, key);
    if (property.properties) assert.equal(property.additionalProperties, false, key);
    for (const choice of [property, ...(property.anyOf ?? [])]) {
      if (choice.enum) assert.equal(choice.enumDescriptions?.length, choice.enum.length, key);
    }
  }
});

test('docs/config.md matches the schema: `npm run docs` writes it', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/config.md'), 'utf8');
  assert.equal(page, configPage());
  for (const [key] of everyKey(schema)) assert.ok(page.includes(`\n- \`${key.split('.').at(-1)}\`: `), key);
});

test('completion offers each method as an object with all its options', () => {
  const snippets = schema.properties!.method!.defaultSnippets!;
  assert.equal(snippets.length, Object.keys(methodSchemas()).length);
  for (const snippet of snippets) {
    // The text that VS Code inserts: tab stops become their default, and the text after ^ is JSON.
    const inserted = JSON.stringify(snippet.body)
      .replace(/"\^\$\{\d+:([^}]*)\}"/g, '$1')
      .replace(/\$\{\d+:([^}]*)\}/g, '$1');
    const value: unknown = { dataset: 'a', method: JSON.parse(inserted) };
    assert.ok(jsonSchemaAccepts(value) && zodAccepts(value), inserted);
    assert.deepEqual(Object.keys(JSON.parse(inserted) as object).length, Object.keys(snippet.body as object).length);
  }
});
