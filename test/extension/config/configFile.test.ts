/** Config files that the form writes. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'jsonc-parser';
import {
  asConfigPath,
  configText,
  fileNameOf,
  keepConfig,
  pathInConfig,
} from '../../../src/extension/config/configFile.js';
import { methodSchemas } from '../../../src/trainer/config/methods.js';
import { buildSchema } from '../../../src/trainer/config/schema.js';
import type { TrainForm } from '../../../src/webview/protocol.js';

const root = await mkdtemp(join(tmpdir(), 'vitune-config-'));
after(() => rm(root, { recursive: true }));
const form: TrainForm = {
  dataset: join(root, "kedi 'n köpek"),
  model: 'embedded',
  method: { type: 'lora', rank: 4 },
  epochs: 3,
  augmentation: { horizontalFlip: 0 },
};

test('paths are relative to the config and written with /', () => {
  assert.equal(pathInConfig(join(root, 'vitune'), join(root, 'photos', 'all')), '../photos/all');
  assert.equal(pathInConfig(root, root), '.');
});

test('the form writes a valid config of the same values', () => {
  const text = configText(form, root, 'words');
  assert.match(text, /^\/\/ words\n/);
  const config = buildSchema().parse(parse(text));
  assert.equal(config.dataset, "kedi 'n köpek");
  assert.equal(config.epochs, 3);
  assert.deepEqual(config.method, methodSchemas().lora.parse({ type: 'lora', rank: 4 }));
  assert.equal(config.augmentation.horizontalFlip, 0);
});

test('the same form is the same file; another form gets a number and overwrites nothing', async () => {
  const folder = join(root, 'vitune');
  const first = await keepConfig(form, folder, 'words');
  assert.equal(await keepConfig(form, folder, 'words'), first);
  const before = await readFile(first, 'utf8');
  const second = await keepConfig({ ...form, epochs: 4 }, folder, 'words');
  assert.equal(basename(second), "kedi 'n köpek-lora-2.vitune.json");
  assert.equal(await readFile(first, 'utf8'), before);
  assert.equal((await readdir(folder)).length, 2);
});

test('a file name is one on every system', () => {
  assert.equal(fileNameOf('a/b:c?.'), 'a-b-c-');
  assert.equal(fileNameOf('çiçek'), 'çiçek');
  assert.equal(fileNameOf('...'), 'training');
});

test('a config has its ending once, whatever a dialog gives', () => {
  for (const given of [
    '/a/training',
    '/a/training.json',
    '/a/training.vitune.json',
    '/a/training.vitune.json.vitune.json',
  ])
    assert.equal(asConfigPath(given), '/a/training.vitune.json', given);
  for (const given of ['/a/training.vitune.jsonc', '/a/training.vitune.jsonc.json', '/a/training.VITUNE.JSONC'])
    assert.equal(asConfigPath(given), '/a/training.vitune.jsonc', given);
  assert.equal(asConfigPath('/my.vitune.json files/v1.2'), '/my.vitune.json files/v1.2.vitune.json');
});
