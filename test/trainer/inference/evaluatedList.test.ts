/** The list that an evaluation writes for the editor: what it says of each image is what the evaluation counted. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ImageList } from '../../../src/shared/imageList.js';
import { EvaluatedList } from '../../../src/trainer/inference/evaluatedList.js';
import type { CoveredEvaluation, EvaluatedImage } from '../../../src/trainer/protocol.js';
import { jsonLines, vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

const listAt = async (file: string): Promise<ImageList> => ImageList.of(new Uint8Array(await readFile(file)).buffer);

const words = (list: ImageList, id: string, task?: string): (string | undefined)[] => {
  const { values, data } = list.choice(id, task)!;
  return [...data].map((number) => (number ? values[number - 1] : undefined));
};

test('a list has the labels, predictions, probabilities and losses that the evaluation is made of', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 8, bee: 12 });
  const settings = { method: 'head', maxSteps: 2, evalSteps: 1, validationSplit: 0.25, output: 'run' };
  await vitune(['train', await writeConfig(folder, settings)]);
  const run = join(folder, 'run');
  const file = join(folder, 'validation.images');
  const { stdout, stderr, code } = await vitune(
    ['evaluate', '--checkpoint', run, '--split', 'validation', '--pictures', '--list', file, '--json'],
  ); // prettier-ignore
  assert.equal(code, 0, stderr);
  const lines = jsonLines<{ type: string }>(stdout);
  const evaluation = lines.at(-1) as { type: string } & CoveredEvaluation;
  assert.deepEqual(evaluation.coverage, { train: 0, validation: 5, test: 0, other: 0, split: 'known' });
  assert.ok(lines.some(({ type }) => type === 'progress'));

  const list = await listAt(file);
  assert.equal(list.length, 5);
  const [labels, predictions] = [words(list, 'label'), words(list, 'prediction')];
  assert.deepEqual([...new Set(words(list, 'split'))], ['validation']);
  assert.deepEqual(
    evaluation.confusion,
    evaluation.labels.map((truth) =>
      evaluation.labels.map((label) => labels.filter((each, i) => each === truth && predictions[i] === label).length),
    ),
  );
  const losses = [...list.number('loss')!.data];
  assert.ok(Math.abs(losses.reduce((sum, loss) => sum + loss, 0) / 5 - evaluation.loss) < 1e-5);
  const pictures = lines.filter(({ type }) => type === 'picture') as EvaluatedImage[];
  pictures.forEach(({ path, answers: [answer] }, row) => {
    assert.equal(path, list.pathAt(row));
    assert.deepEqual([answer!.truth, answer!.prediction.label], [labels[row], predictions[row]]);
    assert.ok(Math.abs(answer!.prediction.probability - list.number('probability')!.data[row]!) < 1e-6);
    assert.ok(Math.abs(answer!.loss - losses[row]!) < 1e-6);
  });

  // A split that the run does not have, and one that is not known any more, are refused.
  const none = await vitune(['evaluate', '--checkpoint', run, '--split', 'test', '--list', file]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /not known which of the images here were the test images/);
  await writeDataset(photos, { ant: 13 });
  // A run of an older version does not know the images that it was started on.
  await rm(join(run, 'dataset.images'));
  const changed = await vitune(['evaluate', '--checkpoint', run, '--split', 'validation', '--list', file]);
  assert.equal(changed.code, 2);
  const both = await vitune(['evaluate', '--checkpoint', run, '--split', 'validation', '--all']);
  assert.match(both.stderr, /--all and --split exclude each other/);
});

test('a list says which images are unknown, as many as the evaluation counts, by what is accepted', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 40, bee: 60 });
  const settings = { method: 'head', maxSteps: 2, evalSteps: 1, validationSplit: 0.4, output: 'run' };
  await vitune(['train', await writeConfig(folder, settings)]);
  const file = join(folder, 'validation.images');
  for (const [accepted, unknown] of [
    ['1', 0],
    ['0.9', 4],
    ['0.5', 20],
  ] as const) {
    const args = ['evaluate', '--checkpoint', join(folder, 'run'), '--split', 'validation', '--list', file];
    const { stdout, stderr } = await vitune([...args, '--accept', accepted, '--json']);
    assert.equal(jsonLines<CoveredEvaluation>(stdout).at(-1)!.unknown, unknown, stderr);
    const known = words(await listAt(file), 'likeness');
    assert.equal(known.filter((word) => word === 'unknown').length, unknown);
    assert.equal(known.filter((word) => word === 'known').length, 40 - unknown);
  }
});

test('of several tasks each has its columns; a multi-label task the sets of its labels', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 6, bee: 6 });
  const rows = await Promise.all(
    ['ant', 'bee'].map(async (kind) =>
      (await readdir(join(photos, kind))).map((name, i) => `${kind}/${name},${kind},${['old;red', 'red', ''][i % 3]}`),
    ),
  );
  await writeFile(join(photos, 'labels.csv'), ['image,kind,marks', ...rows.flat(), ''].join('\n'));
  const tasks = { dataset: { folder: 'photos', columns: ['kind'], multiLabel: 'marks' } };
  const config = await writeConfig(folder, { ...tasks, method: 'head', maxSteps: 2, evalSteps: 2, output: 'run' });
  const trained = await vitune(['train', config]);
  assert.equal(trained.code, 0, trained.stderr);
  const file = join(folder, 'all.images');
  const evaluated = await vitune(
    ['evaluate', '--checkpoint', join(folder, 'run'), '--dataset', join(folder, 'photos'), '--all', '--list', file, '--json'],
  ); // prettier-ignore
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const list = await listAt(file);
  assert.equal(list.length, 12);
  assert.ok(words(list, 'label', 'kind').every((label, row) => list.pathAt(row).includes(join('photos', label!))));
  assert.deepEqual([...new Set(words(list, 'label', 'marks'))].sort(), ['', 'old, red', 'red']);
  assert.ok(list.choice('prediction', 'marks')!.parts);
  assert.equal(list.number('probability', 'marks'), undefined);
  const { tasks: figures } = jsonLines<CoveredEvaluation & { type: string }>(evaluated.stdout).at(-1)!;
  for (const { task, loss } of figures!) {
    const losses = [...list.number('loss', task)!.data];
    assert.ok(Math.abs(losses.reduce((sum, each) => sum + each, 0) / 12 - loss) < 1e-4, task);
  }
});

test('the labels of a multi-label task are those from its thresholds on, as in the figures', () => {
  const task = { name: 'marks', labels: ['old', 'red', 'wet'], multiLabel: true };
  const predicted = (calibration?: { temperature: number; thresholds: number[] }[]): string | undefined => {
    const list = new EvaluatedList([task], calibration);
    list.add('/a.png', 'validation', Float32Array.of(1, 0, 0), Float32Array.of(-0.5, 0.5, 3), { answers: [] });
    return words(list.list(), 'prediction')[0];
  };
  assert.equal(predicted(), 'red, wet');
  // At a temperature of 1 the logits have the probabilities 0.38, 0.62 and 0.95, at 2 they have 0.44, 0.56 and 0.82.
  assert.equal(predicted([{ temperature: 1, thresholds: [0.3, 0.7, 0.9] }]), 'old, wet');
  assert.equal(predicted([{ temperature: 2, thresholds: [0.4, 0.5, 0.9] }]), 'old, red');
});
