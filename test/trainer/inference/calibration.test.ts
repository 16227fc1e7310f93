/** A run ends with a calibration that every command uses, and a calibration that cannot be used is refused by name. */
import assert from 'node:assert/strict';
import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { softmax } from '../../../src/shared/probabilities.js';
import type { Calibration } from '../../../src/shared/calibration.js';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import type { CoveredEvaluation, Classification, TrainEvent } from '../../../src/trainer/protocol.js';
import { assertPlain, eventsOf, jsonLines, vituneHere, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

type Known = Extract<Classification, { predictions: unknown }>;

async function trained(t: TestContext, counts: Record<string, number>, settings: object = {}) {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), counts);
  const config = { method: 'head', maxSteps: 6, evalSteps: 3, validationSplit: 0.4, learningRate: 1e-2, ...settings };
  const ended = await vituneHere(['train', await writeConfig(folder, { ...config, output: 'run' })]);
  assert.equal(ended.code, 0, ended.stderr);
  const run = join(folder, 'run');
  const finished = (await eventsOf(run)).at(-1)!;
  assert.ok(finished.type === 'finished');
  const checkpoint = join(run, 'checkpoints', String(finished.best.step));
  return { folder, photos: join(folder, 'photos'), run, checkpoint, said: ended.stdout, events: await eventsOf(run) };
}

const classify = async (checkpoint: string, ...more: string[]) => {
  const ended = await vituneHere(['classify', ...more, '--checkpoint', checkpoint, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  return { answers: jsonLines<Known>(ended.stdout), stderr: ended.stderr };
};

const calibrationIn = async (checkpoint: string): Promise<Calibration> =>
  JSON.parse(await readFile(join(checkpoint, 'calibration.json'), 'utf8')) as Calibration;

test('a run calibrates its best checkpoint; classify and evaluate use it, and raw probabilities stay available', async (t) => {
  const { photos, run, checkpoint, said, events } = await trained(t, { ant: 40, bee: 45 });
  const calibration = await calibrationIn(checkpoint);
  const [task] = calibration.tasks;
  assert.ok(task!.temperature > 0 && task!.temperature !== 1);
  assert.equal(task!.images, 34);
  assert.equal(
    task!.bins!.after.reduce((sum, { images }) => sum + images, 0),
    34,
  );
  const event = events.find(
    (each): each is Extract<typeof each, { type: 'calibration' }> => each.type === 'calibration',
  );
  assert.equal(event!.tasks[0]!.temperature, task!.temperature);
  assert.match(said, /Calibrated on 34 validation images: temperature/);
  assert.ok((await stat(join(checkpoint, 'bank.safetensors'))).size <= 2_000_000);

  const { answers, stderr } = await classify(run, join(photos, 'ant'));
  assert.equal(stderr, '');
  const { logits } = await computeLogits({ model: checkpoint, images: answers.map(({ path }) => path) });
  for (const [i, { predictions, unknown }] of answers.entries()) {
    const [calibrated, raw] = [softmax(logits[i]!, task!.temperature), softmax(logits[i]!)];
    assert.ok(Math.abs(predictions[0]!.probability - Math.max(...calibrated)) < 1e-6);
    assert.ok(Math.abs(predictions[0]!.rawProbability! - Math.max(...raw)) < 1e-6);
    assert.equal(unknown!.isUnknown, unknown!.score > unknown!.threshold);
    assert.ok(unknown!.nearest.length > 0 && unknown!.nearest.every((label) => ['ant', 'bee'].includes(label)));
  }
  // The images of the bank are themselves their nearest neighbours, so hardly any is unknown; --accept moves the line.
  const rejected = async (...more: string[]) =>
    (await classify(run, photos, ...more)).answers.filter(({ unknown }) => unknown!.isUnknown).length;
  const [all, usual, half] = [await rejected('--accept', '1'), await rejected(), await rejected('--accept', '0.5')];
  assert.ok(all <= usual && usual < half, `${all} ${usual} ${half}`);
  // At the usual 95 %, at most one of 20 validation images.
  assert.ok(usual <= 34 / 20 + 2, String(usual));

  const evaluated = await vituneHere([
    'evaluate',
    '--checkpoint',
    run,
    '--dataset',
    photos,
    '--against',
    run,
    '--json',
  ]);
  const [evaluation, comparison] = jsonLines<{ type: string } & CoveredEvaluation>(evaluated.stdout);
  assert.ok(Math.abs(evaluation!.ece - task!.ece!.after) < 1e-6);
  const [low, high] = evaluation!.interval;
  assert.ok(low < evaluation!.accuracy && evaluation!.accuracy < high);
  assert.deepEqual(
    { ...comparison, against: undefined },
    { type: 'comparison', against: undefined, images: 34, onlyFirst: 0, onlySecond: 0, difference: 0, p: 1 },
  );
});

test('vitune calibrate gives a checkpoint without calibration the one that its run would have given it', async (t) => {
  const { checkpoint, photos } = await trained(t, { ant: 40, bee: 45 });
  const files = ['calibration.json', 'bank.safetensors', 'outcomes.json'];
  const read = () => Promise.all(files.map((name) => readFile(join(checkpoint, name))));
  const before = await read();
  await Promise.all(files.map((name) => rm(join(checkpoint, name))));
  const { answers, stderr } = await classify(checkpoint, join(photos, 'ant', 'ant 0.png'));
  assert.match(stderr, /^NOT_CALIBRATED.*[^]*vitune calibrate /);
  assert.equal(answers[0]!.unknown, undefined);
  assert.equal(answers[0]!.predictions[0]!.probability, answers[0]!.predictions[0]!.rawProbability);
  const ended = await vituneHere(['calibrate', checkpoint]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stdout, /Calibrated on 34 validation images/);
  const after = await read();
  const [old, fresh] = [before[0], after[0]].map((bytes) => JSON.parse(bytes!.toString()) as Calibration);
  assert.ok(Math.abs(old!.tasks[0]!.temperature - fresh!.tasks[0]!.temperature) < 1e-4);
  assert.equal(String(after[2]), String(before[2]));
  // A run takes into its bank only images that it has seen, here 24 of 51.
  assert.deepEqual([old!.unknown!.labels.length, fresh!.unknown!.labels.length], [24, 51]);
});

test('calibrations that cannot be used are named, with a remedy, and the model is used without', async (t) => {
  const { checkpoint, photos, folder } = await trained(t, { ant: 40, bee: 45 });
  const image = join(photos, 'ant', 'ant 0.png');
  const whole = await calibrationIn(checkpoint);
  const cases: [name: string, change: (at: string) => Promise<unknown>, code: RegExp][] = [
    ['not JSON', (at) => writeFile(join(at, 'calibration.json'), '{'), /^CALIBRATION_DAMAGED/],
    [
      'a temperature of 0',
      (at) => write(at, { tasks: [{ ...whole.tasks[0]!, temperature: 0 }] }),
      /^CALIBRATION_DAMAGED.*tasks\[0\]\.temperature/,
    ],
    [
      'a share out of range',
      (at) => write(at, { unknown: { ...whole.unknown!, accepted: 7 } }),
      /^CALIBRATION_DAMAGED.*unknown\.accepted/,
    ],
    ['other weights', (at) => write(at, { model: 'f'.repeat(64) }), /^CALIBRATION_OF_ANOTHER_MODEL/],
    ['another bank', (at) => write(at, { bank: 'f'.repeat(64) }), /^CALIBRATION_OF_ANOTHER_MODEL/],
    ['no bank', (at) => rm(join(at, 'bank.safetensors')), /^CALIBRATION_DAMAGED/],
  ];
  async function write(at: string, change: Partial<Calibration>): Promise<void> {
    await writeFile(join(at, 'calibration.json'), JSON.stringify({ ...whole, ...change }));
  }
  for (const [name, change, code] of cases) {
    const copy = join(folder, name);
    await cp(checkpoint, copy, { recursive: true });
    await change(copy);
    const { answers, stderr } = await classify(copy, image);
    assert.match(stderr, code, name);
    assert.match(stderr, /vitune calibrate/, name);
    assert.equal(answers[0]!.unknown, undefined, name);
  }
  const refused = async (...args: string[]) => {
    const ended = await vituneHere(args);
    assert.equal(ended.code, 2);
    assertPlain(ended);
    return ended.stderr;
  };
  assert.match(await refused('calibrate', checkpoint, '--accept', '1.2'), /--accept must be a number from 0\.5 to 1/);
  await cp(checkpoint, join(folder, 'moved'), { recursive: true });
  assert.match(await refused('calibrate', join(folder, 'moved')), /^CALIBRATION_NO_DATASET/);
  await writeDataset(join(folder, 'other'), { ant: 30, bee: 30 });
  assert.match(await refused('calibrate', checkpoint, '--dataset', join(folder, 'other')), /^DATASET_CHANGED/);
});

test('too few validation images, or one label alone, are not calibrated on, and words say so', async (t) => {
  const few = await trained(t, { ant: 12, bee: 12 });
  assert.match(few.said, /Not calibrated: validation has 10 images, and 20 are needed/);
  const { answers, stderr } = await classify(few.run, join(few.photos, 'ant', 'ant 0.png'));
  assert.equal(stderr, '');
  assert.equal(answers[0]!.predictions[0]!.probability, answers[0]!.predictions[0]!.rawProbability);

  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos', 'train'), { ant: 12, bee: 12 });
  await writeDataset(join(folder, 'photos', 'validation'), { ant: 24 });
  const ended = await vituneHere(['train', await writeConfig(folder, { method: 'head', maxSteps: 2 }), '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const calibrated = jsonLines<TrainEvent>(ended.stdout).find(({ type }) => type === 'calibration');
  assert.ok(calibrated?.type === 'calibration');
  assert.deepEqual(calibrated.tasks, [{ task: 'label', images: 24, temperature: 1, missing: 'oneClass' }]);
});
