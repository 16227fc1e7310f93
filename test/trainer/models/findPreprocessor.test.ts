/** Which file says how images are prepared, and at which size the model then runs. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { findPreprocessor } from '../../../src/trainer/models/findPreprocessor.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from './goldenCheckpoint.js';

type Fields = Record<string, unknown>;
const [own, combined] = ['preprocessor_config.json', 'processor_config.json'];
const clip = { image_processor_type: 'CLIPImageProcessor', size: 37, crop_size: 32 };

async function modelOf(
  t: TestContext,
  name: string,
): Promise<{ folder: string; write: (file: string, json: unknown) => Promise<void> }> {
  const folder = join(await temporaryFolder(t), 'model');
  await cp(join(golden, 'models', name), folder, { recursive: true });
  return { folder, write: (file, json) => writeFile(join(folder, file), JSON.stringify(json)) };
}

const open = (model: string, imageSize?: number) =>
  openBaseModel({ model, init: 'pretrained', seed: 0, ...(imageSize === undefined ? {} : { imageSize }) });
const codesOf = ({ notices }: Awaited<ReturnType<typeof open>>) => notices?.map(({ code }) => code);
const refusal = (code: string) => (error: unknown) => error instanceof UserError && error.code === code;

test('transformers 5 writes it into processor_config.json', async (t) => {
  const { folder, write } = await modelOf(t, 'clip');
  await rm(join(folder, own));
  await write(combined, { image_processor: clip, processor_class: 'CLIPProcessor' });
  const base = await open(folder);
  assert.deepEqual(base.preprocessor.transform.resize, { shortestEdge: 37 });
  assert.deepEqual(codesOf(base), []);
  // Both files say the same, so either may be read.
  await write(own, { feature_extractor_type: 'CLIPFeatureExtractor', size: { shortest_edge: 37 }, crop_size: 32 });
  assert.deepEqual((await open(folder)).preprocessor, base.preprocessor);
  await write(own, { ...clip, resample: 2 });
  await assert.rejects(open(folder), refusal('PREPROCESSORS_DIFFER'));
  // A processor of old says nothing of images.
  await write(combined, { processor_class: 'CLIPProcessor' });
  assert.equal((await open(folder)).preprocessor.transform.kernel, 'linear');
  await rm(join(folder, own));
  assert.deepEqual(codesOf(await open(folder)), ['PREPROCESSOR_ASSUMED']);
  // What transformers 4 reads, too: the fields outside.
  await write(combined, clip);
  assert.deepEqual((await open(folder)).preprocessor, base.preprocessor);
  for (const damaged of ['{', '[]', '{"image_processor": 7}']) {
    await writeFile(join(folder, combined), damaged);
    const found = findPreprocessor(folder);
    if (damaged === '[]') assert.equal(await found, undefined);
    else await assert.rejects(found, UserError);
  }
});

test("a file without a class means that of the model's family", async (t) => {
  for (const [name, resize] of Object.entries({
    clip: { shortestEdge: 37 },
    dinov2: { shortestEdge: 37 },
    deit: { height: 37, width: 37 },
  })) {
    const { folder, write } = await modelOf(t, name);
    await write(own, { size: 37, crop_size: 32, do_center_crop: true });
    assert.deepEqual((await open(folder)).preprocessor.transform.resize, resize);
  }
});

test("the preprocessor's size wins over that of config.json, unless the user sets one", async (t) => {
  const { folder, write } = await modelOf(t, 'dinov2');
  const json = { image_processor_type: 'BitImageProcessor', do_center_crop: true };
  const { patchSize } = (await open(folder)).config;
  const side = 3 * patchSize;
  await write(own, { ...json, size: { shortest_edge: side + 4 }, crop_size: { height: side, width: side } });
  const base = await open(folder);
  assert.deepEqual([base.config.imageSize, base.preprocessor.transform.height], [side, side]);
  assert.deepEqual(codesOf(base), []);
  const set = await open(folder, 2 * patchSize);
  assert.deepEqual(
    [set.config.imageSize, set.preprocessor.transform.height, codesOf(set)],
    [2 * patchSize, 2 * patchSize, []],
  );
  await write(own, { ...json, crop_size: { height: side, width: side + 1 } });
  await assert.rejects(open(folder), refusal('PREPROCESSOR_SHAPE'));
  await write(own, { ...json, size: side + 1, crop_size: side + 1 });
  await assert.rejects(open(folder), refusal('IMAGE_SIZE_INVALID'));
});

test('a size at which the original would not run is reported', async (t) => {
  const { folder, write } = await modelOf(t, 'vit');
  await write(own, { image_processor_type: 'ViTImageProcessor', size: 48 });
  const base = await open(folder);
  assert.deepEqual([base.config.imageSize, codesOf(base)], [48, ['PREPROCESSOR_SIZE']]);
});

test("timm's config.json says it itself, whatever lies next to it", async (t) => {
  const { folder, write } = await modelOf(t, 'timm-vit');
  const before = await open(folder);
  assert.deepEqual(codesOf(before), []);
  assert.equal(before.preprocessor.transform.rounded, true);
  await write(own, { ...clip, image_mean: [0, 0, 0] });
  assert.deepEqual((await open(folder)).preprocessor, before.preprocessor);
  const json = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as { pretrained_cfg: Fields };
  await write('config.json', { ...json, pretrained_cfg: { ...json.pretrained_cfg, crop_mode: 'border', crop_pct: 1 } });
  const { transform } = (await open(folder)).preprocessor;
  assert.ok('longestEdge' in transform.resize && transform.border?.length === 3);
});

test('red and blue are not swapped for a network that cannot', async (t) => {
  const { folder, write } = await modelOf(t, 'vit');
  await write(own, { image_processor_type: 'MobileViTImageProcessor', size: 32, crop_size: 32 });
  await assert.rejects(open(folder), refusal('PREPROCESSOR_FLIPPED'));
});
