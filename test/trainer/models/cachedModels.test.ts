/** Which models of the cache are offered: whole ones of a known family, whatever else lies there. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cachedModels } from '../../../src/trainer/models/cachedModels.js';
import { tinyModel, vituneHere } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

const commit = 'a'.repeat(40);

test('whole models of known families are listed by name, the rest of the cache is passed over', async (t) => {
  const cache = await temporaryFolder(t);
  assert.deepEqual(await cachedModels(join(cache, 'none')), []);
  const add = (name: string) => {
    const folder = join(cache, name, 'snapshots', commit);
    mkdirSync(folder, { recursive: true });
    cpSync(join(tinyModel, 'config.json'), join(folder, 'config.json'));
    return folder;
  };
  const addWhole = (name: string) => {
    const folder = add(name);
    cpSync(join(tinyModel, 'model.safetensors'), join(folder, 'model.safetensors'));
    return folder;
  };
  const second = addWhole('models--owner--two--dashes');
  const first = addWhole('models--owner--first');
  add('models--owner--half');
  writeFileSync(
    join(addWhole('models--owner--text'), 'config.json'),
    '{"architectures":["BertModel"],"model_type":"bert"}',
  );
  writeFileSync(join(addWhole('models--owner--torn'), 'config.json'), '{"architectures"');
  addWhole('models--noowner');
  addWhole('datasets--owner--pictures');
  mkdirSync(join(cache, 'models--owner--empty'));
  writeFileSync(join(cache, 'version.txt'), '1');
  const wanted = [
    { id: 'owner/first', folder: first },
    { id: 'owner/two--dashes', folder: second },
  ];
  assert.deepEqual(await cachedModels(cache), wanted);

  process.env.HF_HUB_CACHE = cache;
  const ended = await vituneHere(['download', '--list', '--json']);
  assert.deepEqual(JSON.parse(ended.stdout), { type: 'cached', models: wanted });
  assert.match((await vituneHere(['download', '--list'])).stdout, /owner\/first/);
  for (const wrong of [['download'], ['download', 'owner/first', '--list']])
    assert.equal((await vituneHere(wrong)).code, 2);
});
