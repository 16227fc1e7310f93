/** The recommended models: each can be read by its name, and says what it is; those of the cache are at hand. */
import assert from 'node:assert/strict';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isHubId } from '../../../src/trainer/hub/repository.js';
import { listModels } from '../../../src/trainer/models/recommendedModels.js';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import { temporaryFolder } from '../data/images.js';
import { commitOf } from '../hub/hubServer.js';
import { golden } from './goldenCheckpoint.js';

test('each says size, licence and purpose; nothing but the embedded one is at hand without a cache', async (t) => {
  const { models, checked } = await listModels(join(await temporaryFolder(t), 'none'));
  assert.match(checked, /^\d{4}-\d\d-\d\d$/);
  assert.ok(models.length >= 8);
  assert.deepEqual(
    models.filter(({ isHere }) => isHere).map(({ model }) => model),
    ['embedded'],
  );
  for (const { model, parameters, bytes, licence, purpose } of models) {
    assert.ok(parameters! > 1e6 && bytes! >= 2 * parameters! && bytes! <= 4 * parameters!, model);
    assert.ok(licence && purpose, model);
    assert.ok(model === 'embedded' || isHubId(model), model);
  }
});

test('those of timm are read by the names that they have there', async (t) => {
  const { models } = await listModels(join(await temporaryFolder(t), 'none'));
  const ofTimm = models.flatMap(({ model }) => /^timm\/([^.]+)\./.exec(model)?.[1] ?? []);
  assert.ok(ofTimm.length >= 4);
  for (const architecture of ofTimm) assert.ok(parseNetwork({ architecture }, 'config.json').layers > 0);
});

test('what the cache holds is at hand: a recommended one in its place, others behind', async (t) => {
  const cache = join(await temporaryFolder(t), 'hub');
  const folders: Record<string, string> = {};
  for (const id of ['facebook/dinov2-small', 'owner/tiny']) {
    const repository = join(cache, `models--${id.replace('/', '--')}`);
    folders[id] = join(repository, 'snapshots', commitOf(id));
    await mkdir(dirname(folders[id]), { recursive: true });
    await cp(join(golden, 'models', 'dinov2'), folders[id], { recursive: true });
    await mkdir(join(repository, 'refs'));
    await writeFile(join(repository, 'refs', 'main'), commitOf(id));
  }
  const { models } = await listModels(cache);
  const [known, other] = ['facebook/dinov2-small', 'owner/tiny'].map((id) => models.find(({ model }) => model === id)!);
  assert.deepEqual([known!.isHere, known!.folder, known!.licence], [true, folders[known!.model], 'Apache-2.0']);
  assert.deepEqual(other, { model: 'owner/tiny', isHere: true, folder: folders['owner/tiny'] });
  assert.equal(models.at(-1), other);
});
