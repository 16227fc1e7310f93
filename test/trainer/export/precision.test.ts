/** ONNX exports in fewer bits: smaller, measured, within the bound that was set, and refused in words where they cannot be. */
import assert from 'node:assert/strict';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readImageList } from '../../../src/trainer/data/datasetList.js';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import { changedList } from '../../../src/trainer/export/changedList.js';
import { exportModel, type ExportOptions } from '../../../src/trainer/export/exportModel.js';
import type { ChangedImage } from '../../../src/trainer/export/precisionFigures.js';
import { precisionNames, precisions } from '../../../src/shared/precisions.js';
import { writeImageList } from '../../../src/trainer/data/datasetList.js';
import { temporaryFolder } from '../data/images.js';
import { vitune } from '../commandLine/program.js';
import { golden, numbersOf, writeImages, writeLoraCheckpoint } from '../models/goldenCheckpoint.js';

/** A checkpoint, and the stored images in folders of the labels that PyTorch's model gives them: it is right on all. */
async function labelled(t: TestContext): Promise<ExportOptions & { folder: string }> {
  process.env.VITUNE_CACHE = await temporaryFolder(t);
  const folder = await temporaryFolder(t);
  const { labels, curves } = numbersOf('vit');
  const images = await writeImages(join(folder, 'drawn'));
  const dataset = join(folder, 'photos');
  for (const label of labels) await mkdir(join(dataset, label), { recursive: true });
  await Promise.all(
    curves.lora!.finalLogits.map((row, i) =>
      cp(images[i]!, join(dataset, labels[row.indexOf(Math.max(...row))]!, `${i}.png`)),
    ),
  );
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  return { checkpoint, format: 'onnx', output: join(folder, 'out'), images, dataset, folder };
}

test('every rung is written, loads in a fresh process, is smaller than the one before, and has its figures', async (t) => {
  const o = await labelled(t);
  const sizes: number[] = [];
  for (const precision of precisionNames) {
    const output = join(o.folder, precision);
    const exported = await exportModel({ ...o, output, precision });
    const { accuracy, interval, ece, images, changed, layers, wider, coverage, parity } = exported;
    assert.equal(images, 16);
    assert.equal(exported.fp32!.accuracy, 1);
    // One image of sixteen is more than every bound.
    assert.deepEqual([accuracy, changed], [1, 0], precision);
    assert.ok(interval![0] < 1 && interval![1] === 1 && ece! >= 0 && ece! <= 1);
    assert.ok(exported.millisecondsPerImage! > 0 && exported.fp32!.millisecondsPerImage > 0);
    assert.equal(layers, precision === 'fp32' ? 0 : 18, 'six layers of three blocks; the head is too small');
    assert.ok(wider!.length < 18);
    assert.deepEqual(coverage, { train: 0, validation: 0, test: 0, other: 16, split: 'unknown' });
    assert.deepEqual([parity.tolerance, parity.pictures], [precisions[precision].tolerance, 16]);
    const { logits } = await computeLogits({ model: join(output, 'model.onnx'), images: o.images });
    assert.equal(logits.length, 16);
    sizes.push(exported.bytes);
  }
  const [fp32, fp16, weights, int8, int4] = sizes as [number, number, number, number, number];
  assert.ok(fp16 < 0.7 * fp32 && weights < fp16 && int8 < fp16 && int4 < weights, sizes.join());
});

test('an image whose prediction changed is reported, and becomes a row of a list', async (t) => {
  const folder = await temporaryFolder(t);
  const changed: ChangedImage[] = [{ path: join(folder, 'a.png'), was: 'cat', is: 'dog' }];
  await writeImageList(join(folder, 'changed.images'), changedList(changed));
  const list = await readImageList(join(folder, 'changed.images'));
  assert.deepEqual([list.length, list.columns.map(({ id }) => id)], [1, ['fp32', 'prediction']]);
});

test('refused in words with a remedy, and nothing is left behind', async (t) => {
  const o = await labelled(t);
  const refused = async (more: Partial<ExportOptions>, code: string, remedy: RegExp): Promise<void> => {
    await assert.rejects(
      exportModel({ ...o, precision: 'int8', ...more }),
      (error: { code: string; remedy: string }) => {
        assert.equal(error.code, code);
        assert.match(error.remedy, remedy);
        return true;
      },
    );
    assert.ok(!(await readdir(o.folder)).includes('out'));
  };
  await refused({ format: 'peft' }, 'PRECISION_OF_FORMAT', /--format onnx/);
  await refused({ dataset: undefined }, 'PRECISION_NO_IMAGES', /--dataset/);
  await refused({ dataset: join(o.folder, 'nowhere') }, 'DATASET_MISSING', /./);
  const broken = join(o.folder, 'broken');
  await cp(o.dataset!, broken, { recursive: true });
  for (const label of await readdir(broken))
    for (const name of await readdir(join(broken, label))) await writeFile(join(broken, label, name), 'no image');
  await refused({ dataset: broken }, 'NO_READABLE_IMAGES', /./);
  // A file where the parent folder should be.
  await refused({ output: join(o.checkpoint, 'vitune.json', 'out') }, 'EXPORT_TARGET_TAKEN', /./);
});

test('a cancelled export leaves nothing, whatever it was doing', async (t) => {
  const o = await labelled(t);
  for (const stage of ['narrow', 'measure']) {
    const controller = new AbortController();
    const onProgress = (each: string): void => void (each === stage && controller.abort());
    const { signal } = controller;
    await assert.rejects(exportModel({ ...o, precision: 'int8', maxLoss: 0, signal, onProgress }), {
      name: 'AbortError',
    });
    assert.deepEqual((await readdir(o.folder)).sort(), ['checkpoint', 'drawn', 'photos'], stage);
  }
});

test('vitune export --ladder: a table, or a line of JSON for each precision; nothing is kept without --output', async (t) => {
  const o = await labelled(t);
  const args = ['export', '--checkpoint', o.checkpoint, '--ladder', '--dataset', o.dataset!];
  const { code, stdout, stderr } = await vitune([...args, '--output', join(o.folder, 'rungs')]);
  assert.equal(code, 0, stderr);
  for (const precision of precisionNames) assert.match(stdout, new RegExp(`^${precision} .* 100.0 % .* 0 / 16 `, 'm'));
  assert.deepEqual((await readdir(join(o.folder, 'rungs'))).sort(), [...precisionNames].sort());
  await rm(join(o.folder, 'rungs'), { recursive: true });
  const printed = (await vitune([...args, '--json'])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; precision: string; done: number; total: number });
  assert.deepEqual(
    printed.filter(({ type }) => type === 'exported').map(({ precision }) => precision),
    precisionNames,
  );
  const progress = printed.filter(({ type }) => type === 'progress').map(({ done, total }) => done / total);
  assert.ok(
    progress.every((share, i) => share <= 1 && share >= (progress[i - 1] ?? 0)),
    progress.join(),
  );
});

test('the options of precisions exclude or need each other', async () => {
  const base = ['export', '--checkpoint', join(golden, 'models', 'vit')];
  for (const [args, message] of [
    [['--ladder', '--format', 'onnx'], /--ladder and --format exclude each other/],
    [['--format', 'onnx', '--output', 'x', '--max-loss', '1'], /--max-loss needs --precision/],
    [['--format', 'onnx', '--output', 'x', '--precision', 'int3'], /--precision must be one of fp32, fp16/],
    [['--ladder', '--max-loss', 'much'], /--max-loss must be a number from 0 to 100/],
    [['--output', 'x'], /--format is missing/],
    [['--format', 'onnx'], /--output is missing/],
  ] as const) {
    const { code, stderr } = await vitune([...base, ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
});
