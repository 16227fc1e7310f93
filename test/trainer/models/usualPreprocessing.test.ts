/** A model without preprocessor_config.json is prepared for as its family usually is, with a notice. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from './goldenCheckpoint.js';

const square = { height: 32, width: 32 };
const usual: Record<string, { resize: object; kernel: string; mean: number }> = {
  vit: { resize: square, kernel: 'linear', mean: 0.5 },
  'vit-mae': { resize: square, kernel: 'linear', mean: 0.485 },
  deit: { resize: { shortestEdge: 37 }, kernel: 'cubic', mean: 0.485 },
  dinov2: { resize: { shortestEdge: 37 }, kernel: 'cubic', mean: 0.485 },
  dinov3: { resize: square, kernel: 'linear', mean: 0.485 },
  clip: { resize: { shortestEdge: 32 }, kernel: 'cubic', mean: 0.48145466 },
  siglip: { resize: square, kernel: 'cubic', mean: 0.5 },
  beit: { resize: square, kernel: 'linear', mean: 0.5 },
};

for (const [name, { resize, kernel, mean }] of Object.entries(usual))
  test(`${name}: the usual preprocessing, and a notice`, async (t) => {
    const model = join(await temporaryFolder(t), 'model');
    await cp(join(golden, 'models', name), model, { recursive: true });
    assert.deepEqual((await openBaseModel({ model, init: 'pretrained', seed: 0 })).notices, []);
    await rm(join(model, 'preprocessor_config.json'));
    const { preprocessor, notices } = await openBaseModel({ model, init: 'pretrained', seed: 0 });
    assert.deepEqual(
      notices?.map(({ code }) => code),
      ['PREPROCESSOR_ASSUMED'],
    );
    const { transform } = preprocessor;
    assert.deepEqual([transform.resize, transform.kernel, preprocessor.mean[0]], [resize, kernel, mean]);
    assert.deepEqual([transform.height, transform.width], [32, 32]);
  });

test("timm's config.json says it itself; where it does not, timm's defaults hold at the network's size", async (t) => {
  const { notices } = await openBaseModel({ model: join(golden, 'models', 'timm-vit'), init: 'pretrained', seed: 0 });
  assert.deepEqual(notices, []);
  const model = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', 'timm-vit'), model, { recursive: true });
  const file = join(model, 'config.json');
  const rest = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  delete rest.pretrained_cfg;
  await writeFile(file, JSON.stringify(rest));
  const assumed = await openBaseModel({ model, init: 'pretrained', seed: 0 });
  assert.deepEqual(
    assumed.notices?.map(({ code, message }) => [code, /pretrained_cfg/.test(message)]),
    [['PREPROCESSOR_ASSUMED', true]],
  );
  const { transform, mean } = assumed.preprocessor;
  assert.deepEqual([transform.height, mean[0]], [32, 0.485]);
});
