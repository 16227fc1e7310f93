/** `vitune train` as a child process: its events, its exit codes, stopping and going on. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TrainEvent } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';
import { assertPlain, eventsOf, jsonLines, vitune, writeConfig, writeDataset } from './program.js';

type Timed = TrainEvent & { time: number };
const only = <T extends TrainEvent['type']>(events: readonly Timed[], type: T) =>
  events.filter((event): event is Extract<Timed, { type: T }> => event.type === type);
const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;

test('with --json: every event, one object a line, the same as in the log', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const config = await writeConfig(folder, { method: 'head', epochs: 5, warmupRatio: 0 });
  const ended = await vitune(['train', config, '--set', 'epochs=2', '--set', 'method.type=lora', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(ended.stderr, '');
  const events = jsonLines<Timed>(ended.stdout);
  const run = join(folder, 'runs', 'run');
  // A diagnosis is what the events say, so the log need not hold it.
  assert.deepEqual(
    events.filter(({ type }) => (type as string) !== 'diagnosis'),
    (await eventsOf(run)).map(({ seq: _, ...event }) => event),
  );

  const [started] = only(events, 'started');
  const { time: _, ...content } = started!;
  assert.deepEqual(content, {
    type: 'started',
    run,
    name: 'run',
    device: 'cpu',
    model: started!.model,
    method: 'lora',
    labels: ['green', 'red'],
    images: { train: 10, validation: 2, test: 0 },
    splits: 'seeded',
    skipped: 0,
    epochs: 2,
    steps: 6,
    // Two adapters of rank 8 in each of three blocks of width 48, and a head of two classes.
    trainableParameters: 3 * 2 * 2 * 8 * 48 + 2 * 48 + 2,
    totalParameters: started!.totalParameters,
  });
  const steps = only(events, 'step');
  assert.deepEqual(
    steps.map(({ step, epoch }) => [step, epoch]),
    [1, 2, 3, 4, 5, 6].map((step) => [step, step / 3]),
  );
  for (const { loss, learningRate, imagesPerSecond } of steps)
    assert.ok(loss > 0 && learningRate > 0 && learningRate <= 1e-3 && imagesPerSecond > 0);
  assert.equal(steps[0]!.learningRate, 1e-3);
  const evaluations = only(events, 'evaluation');
  assert.deepEqual(
    evaluations.map(({ step, epoch, split }) => [step, epoch, split]),
    [
      [3, 1, 'validation'],
      [6, 2, 'validation'],
    ],
  );
  for (const { loss, accuracy, confusion } of evaluations) {
    assert.ok(loss > 0 && isShare(accuracy));
    assert.deepEqual(
      confusion.map((row) => row.reduce((a, b) => a + b)),
      [1, 1],
    );
    assert.equal(accuracy, (confusion[0]![0]! + confusion[1]![1]!) / 2);
  }
  const [finished] = only(events, 'finished');
  assert.equal(events.at(-1), finished);
  assert.equal(finished!.run, run);
  assert.ok([3, 6].includes(finished!.best.step) && isShare(finished!.best.accuracy) && finished!.seconds > 0);
  assert.ok(finished!.peakMemoryBytes! > 2 ** 25);
  assert.ok(
    finished!.parity!.pictures > 0 && finished!.parity!.changed.length === 0,
    'the saved checkpoint predicts as the trained model',
  );
  assert.equal(finished!.best.accuracy, Math.max(...evaluations.map(({ accuracy }) => accuracy)));
  assert.deepEqual(
    only(events, 'checkpoint').map(({ step, path }) => [step, path]),
    [3, 6].map((step) => [step, join(run, 'checkpoints', String(step))]),
  );

  const again = await vitune(['train', config, '--resume', '--json']);
  assert.equal(again.code, 2);
  assert.equal(jsonLines(again.stdout)[0]!.code, 'NOTHING_TO_RESUME');
});

test('text output: the run, its accuracy and its confusion matrix; test images are tested at the end', async (t) => {
  const folder = await temporaryFolder(t);
  for (const split of ['train', 'val', 'test']) await writeDataset(join(folder, 'photos', split), { red: 4, green: 4 });
  const config = await writeConfig(folder, { method: 'head', epochs: 1 });
  const ended = await vitune(['train', config]);
  assert.equal(ended.code, 0, ended.stderr);
  assert.doesNotMatch(ended.stdout, /\{"type"/);
  for (const words of [
    /2 classes; 8 images to train on, 8 to validate on/,
    /validation loss/,
    /test loss/,
    /#1 green/,
    /Best accuracy/,
  ])
    assert.match(ended.stdout, words);
  const events = await eventsOf(join(folder, 'runs', 'run'));
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'evaluation' ? [event.split] : [])),
    ['validation', 'test'],
  );
});

test(
  'interrupted in mid-training: 130, a checkpoint, and --resume finishes',
  { skip: process.platform === 'win32' && 'Windows ends a process instead' },
  async (t) => {
    const folder = await temporaryFolder(t);
    await writeDataset(join(folder, 'photos'), { red: 10, green: 10 });
    const config = await writeConfig(folder, { method: 'head', epochs: 3, saveSteps: 1000, evalSteps: 1000 });
    const stopped = await vitune(['train', config, '--json'], {
      onLine: (line, child) => {
        const event = JSON.parse(line) as TrainEvent;
        if (event.type === 'step' && event.step === 2) child.kill('SIGINT');
      },
    });
    assert.equal(stopped.code, 130, stopped.stderr);
    assertPlain(stopped);
    const end = jsonLines<Timed>(stopped.stdout).at(-1)!;
    assert.ok(end.type === 'stopped' && end.step >= 2 && end.step < 12);
    assert.ok(existsSync(join(end.run, 'checkpoints', String(end.step), 'optimizer.safetensors')));
    assert.ok(!existsSync(join(end.run, 'lock.json')));

    const resumed = await vitune(['train', config, '--resume', '--json']);
    assert.equal(resumed.code, 0, resumed.stderr);
    const events = jsonLines<Timed>(resumed.stdout);
    assert.equal(only(events, 'started')[0]!.resumedFrom, end.step);
    assert.deepEqual(
      only(events, 'step').map(({ step }) => step),
      Array.from({ length: 12 - end.step }, (_, i) => end.step + 1 + i),
    );
    assert.equal(events.at(-1)!.type, 'finished');
    await eventsOf(end.run);
  },
);

test('early stopping ends with the best', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  // A learning rate that changes next to nothing: no evaluation is better than the first.
  const config = await writeConfig(folder, {
    method: 'head',
    epochs: 50,
    learningRate: 1e-12,
    earlyStoppingPatience: 2,
    saveTotalLimit: 1,
  });
  const ended = await vitune(['train', config, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const events = jsonLines<Timed>(ended.stdout);
  const [finished] = only(events, 'finished');
  assert.equal(finished!.reason, 'early-stopping');
  const evaluations = only(events, 'evaluation');
  assert.equal(evaluations.length, evaluations.findIndex(({ step }) => step === finished!.best.step) + 3);
});

test('a reader of the output that goes away does not end the training', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const config = await writeConfig(folder, { method: 'head', epochs: 2 });
  const ended = await vitune(['train', config, '--json'], {
    onLine: (line, child) => (JSON.parse(line) as TrainEvent).type === 'started' && child.stdout!.destroy(),
  });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal((await eventsOf(join(folder, 'runs', 'run'))).at(-1)!.type, 'finished');
});
