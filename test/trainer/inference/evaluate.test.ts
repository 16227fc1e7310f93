/** Evaluating a run on its own dataset: held-out images unless all are requested, and words for what is covered. */
import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { CoveredEvaluation, EvaluatedImage } from '../../../src/trainer/protocol.js';
import { eventsOf, jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

type Result = { type: 'evaluation' } & CoveredEvaluation;

async function trained(t: TestContext, dataset: (photos: string) => Promise<unknown>) {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await dataset(photos);
  const settings = { method: 'head', maxSteps: 2, evalSteps: 1, validationSplit: 0.25 };
  const { stdout } = await vitune(['train', await writeConfig(folder, { ...settings, output: 'run' })]);
  const run = join(folder, 'run');
  const evaluate = (on: string, ...more: string[]) =>
    vitune(['evaluate', '--checkpoint', run, '--dataset', on, ...more]);
  const resultOf = async (on: string, ...more: string[]): Promise<Result> => {
    const { stdout: lines, code, stderr } = await evaluate(on, '--json', ...more);
    assert.equal(code, 0, stderr);
    return jsonLines<Result>(lines).find(({ type }) => type === 'evaluation')!;
  };
  return { folder, photos, run, stdout, evaluate, resultOf, events: await eventsOf(run) };
}

test('on its own dataset, whose split was drawn, a run is evaluated on validation images; on all on request', async (t) => {
  const { photos, folder, run, evaluate, resultOf, events } = await trained(t, (at) =>
    writeDataset(at, { ant: 8, bee: 12 }),
  );
  const held = await resultOf(photos);
  assert.deepEqual(held.coverage, { train: 0, validation: 5, test: 0, other: 0, split: 'known' });
  const finished = events.at(-1)!;
  assert.ok(finished.type === 'finished');
  assert.equal(held.accuracy, finished.best.accuracy);
  assert.match((await evaluate(photos)).stdout, /5 validation images of the run/);

  const all = await resultOf(photos, '--all');
  assert.deepEqual(all.coverage, { train: 15, validation: 5, test: 0, other: 0, split: 'known' });
  assert.match((await evaluate(photos, '--all')).stdout, /15 that the model was trained on.*\n.*do not rely/);

  // Images of another folder, and of a checkpoint without its run.
  await writeDataset(join(folder, 'more'), { ant: 2, bee: 3 });
  assert.deepEqual((await resultOf(join(folder, 'more'))).coverage, {
    train: 0,
    validation: 0,
    test: 0,
    other: 5,
    split: 'known',
  });
  const moved = join(folder, 'moved', 'deep', 'checkpoint');
  const { path } = events.findLast((event) => event.type === 'checkpoint')!;
  await cp(path, moved, { recursive: true });
  const ended = await vitune(['evaluate', '--checkpoint', moved, '--dataset', photos, '--json']);
  const [unknown] = jsonLines<Result>(ended.stdout).filter(({ type }) => type === 'evaluation');
  assert.deepEqual([unknown!.coverage.split, unknown!.coverage.other], ['unknown', 20]);

  // A class that has grown gives another split, but the run knows the images that it was started on; one of an older
  // version does not.
  await writeDataset(join(folder, 'grown'), { ant: 13 });
  await cp(join(folder, 'grown', 'ant'), join(photos, 'ant'), { recursive: true });
  const grown = await resultOf(photos);
  assert.deepEqual(grown.coverage, { train: 0, validation: 5, test: 0, other: 5, split: 'known' });
  await rm(join(dirname(dirname(path)), 'dataset.images'));
  const changed = await resultOf(photos);
  assert.deepEqual([changed.coverage.split, changed.coverage.other], ['changed', 25]);
  assert.ok(run);
});

test('folders are the split: test images first, none that were trained on, and training folders only on request', async (t) => {
  const { photos, stdout, evaluate, resultOf, events } = await trained(t, async (at) => {
    await writeDataset(join(at, 'train'), { ant: 6, bee: 6 });
    await writeDataset(join(at, 'validation'), { ant: 3, bee: 4 });
    await writeDataset(join(at, 'test'), { ant: 5, bee: 6 });
  });
  assert.deepEqual((await resultOf(photos)).coverage, { train: 0, validation: 0, test: 11, other: 0, split: 'known' });
  const { code, stderr } = await evaluate(join(photos, 'train'));
  assert.equal(code, 2);
  assert.match(stderr, /trained on all 12 images/);
  const asked = await vitune([
    'evaluate',
    '--checkpoint',
    join(photos, '..', 'run'),
    '--dataset',
    photos,
    '--all',
    '--images',
    '--json',
  ]);
  const images = jsonLines<Result | EvaluatedImage>(asked.stdout).filter(({ type }) => type === 'picture');
  assert.equal(images.length, 30);

  // The matrix under "Best accuracy" is that of the best checkpoint's validation, of 7 images and not of 11.
  const finished = events.at(-1)!;
  assert.ok(finished.type === 'finished');
  const best = events.findLast(
    (event) => event.type === 'evaluation' && event.split === 'validation' && event.step === finished.best.step,
  );
  assert.ok(best?.type === 'evaluation');
  const printed = stdout.slice(0, stdout.indexOf('Best accuracy')).trimEnd().split('\n').slice(-2);
  assert.deepEqual(
    printed.map((line) => line.match(/\d+/g)!.slice(1).map(Number)),
    best.confusion,
  );
});
