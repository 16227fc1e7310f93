/** The name of kept features: it covers what the features depend on, also what no printed graph shows. */
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { compilePrefix, cutOf } from '../../../src/trainer/compile/compile.js';
import { print } from '../../../src/trainer/ir/print.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { featureName, sourceOf } from '../../../src/trainer/insight/featureName.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';
import { specOf } from '../models/specOf.js';

async function featuresOf(folder: string) {
  const base = await openBaseModel({ model: folder, init: 'pretrained', seed: 0 });
  const model = specOf(base, { type: 'head' }, 3);
  const cut = cutOf(model)!;
  const name = featureName(cut, model, sourceOf(base), 'cpu');
  return { name, printed: print(compilePrefix(model, cut, 1)), weights: base.reference.sha256 };
}

test('a constant of the graph that follows from the config has its part in the name: rotary tables', async (t) => {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', 'dinov3'), folder, { recursive: true });
  const before = await featuresOf(folder);
  assert.equal((await featuresOf(folder)).name, before.name);
  const file = join(folder, 'config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as { rope_theta: number };
  await writeFile(file, JSON.stringify({ ...config, rope_theta: 2 * (config.rope_theta ?? 100) }));
  const after = await featuresOf(folder);
  assert.deepEqual([after.printed, after.weights], [before.printed, before.weights], 'nothing else tells them apart');
  assert.notEqual(after.name, before.name);
});
