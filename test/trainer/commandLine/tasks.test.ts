/**
 * Several tasks and several labels an image on the command line, from the label file to the checkpoint's predictions.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  Classification,
  ErrorInfo,
  EvaluatedImage,
  Evaluation,
  Inspection,
  TrainEvent,
} from '../../../src/trainer/protocol.js';
import { writeTree } from '../data/images.js';
import { assertPlain, jsonLines, vitune, vituneHere, writeConfig } from './program.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitune tasks ü '));
  const images = Array.from({ length: 24 }, (_, i) => `p${i}.png`);
  await writeTree(join(folder, 'photos'), Object.fromEntries(images.map((name, i) => [name, { seed: i }])));
  const rows = images.map(
    (name, i) =>
      `${name},${['red', 'blue'][i % 2]},${['s', 'm', 'l'][i % 3]},${[...(i % 2 ? ['x'] : []), ...(i % 3 ? ['y'] : [])].join(';')}`,
  );
  await writeFile(join(folder, 'photos', 'labels.csv'), `file,colour,size,tags\n${rows.join('\n')}\n`);
});
after(() => rm(folder, { recursive: true }));

async function trained(name: string, config: object): Promise<TrainEvent[]> {
  const path = await writeConfig(folder, { method: 'head', output: name, epochs: 1, ...config }, `${name}.vitune.json`);
  const { code, stdout, stderr } = await vitune(['train', path, '--json']);
  assert.equal(code, 0, stderr);
  return jsonLines<TrainEvent>(stdout);
}
const only = <Type extends TrainEvent['type']>(events: TrainEvent[], type: Type) =>
  events.filter((event): event is TrainEvent & { type: Type } => event.type === type);

test('two tasks: events, the checkpoint, an evaluation and predictions name each', async () => {
  const events = await trained('two', {
    dataset: { folder: 'photos', columns: ['colour', 'size'] },
    classWeights: 'balanced',
    augmentation: { mixup: 0.2 },
  });
  assert.deepEqual(
    only(events, 'started')[0]!.tasks?.map(({ name, labels }) => [name, labels]),
    [
      ['colour', ['blue', 'red']],
      ['size', ['l', 'm', 's']],
    ],
  );
  const last = only(events, 'evaluation').at(-1)!;
  const mean = (last.tasks![0]!.accuracy + last.tasks![1]!.accuracy) / 2;
  assert.ok(Math.abs(last.accuracy - mean) < 1e-12);
  assert.equal(only(events, 'finished')[0]!.best.accuracy, last.accuracy);
  assert.deepEqual([last.confusion.length, last.tasks![1]!.confusion.length], [2, 3]);
  assert.deepEqual(
    only(events, 'notice').filter(({ code }) => code === 'SAVED_ANSWERS_CHANGED'),
    [],
  );

  const run = join(folder, 'two');
  const checkpoint = join(run, 'checkpoints', (await readFile(join(run, 'best'), 'utf8')).trim());
  const { id2label, problem_type: problem } = JSON.parse(
    await readFile(join(checkpoint, 'config.json'), 'utf8'),
  ) as Record<string, unknown>;
  assert.deepEqual(Object.values(id2label as object), ['colour: blue', 'colour: red', 'size: l', 'size: m', 'size: s']);
  assert.equal(problem, undefined);

  const evaluated = await vitune([
    'evaluate',
    '--checkpoint',
    run,
    '--dataset',
    join(folder, 'photos', 'labels.csv'),
    '--all',
    '--pictures',
    '--json',
  ]);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const lines = jsonLines<Evaluation | EvaluatedImage>(evaluated.stdout);
  const evaluation = lines.pop() as Evaluation;
  const images = lines as EvaluatedImage[];
  for (const [place, { task, labels, confusion }] of evaluation.tasks!.entries()) {
    const answers = images.map(({ answers: told }) => told[place]!);
    assert.ok(answers.every((each) => each.task === task));
    const taken = (truth: string, label: string) =>
      answers.filter((each) => each.truth === truth && each.prediction.label === label).length;
    assert.deepEqual(
      labels.map((truth) => labels.map((label) => taken(truth, label))),
      confusion,
    );
  }
  assert.deepEqual(
    evaluation.tasks!.map(({ task, perClass }) => [task, perClass.map(({ support }) => support)]),
    [
      ['colour', [12, 12]],
      ['size', [8, 8, 8]],
    ],
  );
  assert.deepEqual(evaluation.labels, ['blue', 'red']);

  const classified = await vitune(['classify', join(folder, 'photos', 'p0.png'), '--checkpoint', run, '--json']);
  const [answer] = jsonLines<Extract<Classification, { predictions: unknown }>>(classified.stdout);
  assert.deepEqual(answer!.predictions, answer!.tasks![0]!.predictions);
  for (const { predictions } of answer!.tasks!)
    assert.ok(Math.abs(predictions.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-6);
  assert.match(
    (await vitune(['classify', join(folder, 'photos', 'p0.png'), '--checkpoint', run])).stdout,
    /p0\.png\n {2}colour\n.*\n.*\n {2}size\n/,
  );

  const exported = join(folder, 'exported-two');
  const { code, stderr } = await vitune([
    'export',
    '--checkpoint',
    run,
    '--format',
    'transformers',
    '--output',
    exported,
  ]);
  assert.equal(code, 0, stderr);
  const again = await vitune(['classify', join(folder, 'photos', 'p0.png'), '--checkpoint', exported, '--json']);
  const [same] = jsonLines<Extract<Classification, { predictions: unknown }>>(again.stdout);
  assert.deepEqual(
    same!.tasks!.map(({ task, predictions }) => [task, predictions.map(({ label }) => label)]),
    answer!.tasks!.map(({ task, predictions }) => [task, predictions.map(({ label }) => label)]),
  );
  const file = join(exported, 'config.json');
  const json = JSON.parse(await readFile(file, 'utf8')) as { vitune_tasks: unknown[] };
  for (const damaged of [json.vitune_tasks.slice(1), [], 'colour', [{ name: 1 }]]) {
    await writeFile(file, JSON.stringify({ ...json, vitune_tasks: damaged }));
    const refused = await vituneHere([
      'classify',
      join(folder, 'photos', 'p0.png'),
      '--checkpoint',
      exported,
      '--json',
    ]);
    assert.equal(refused.code, 2);
    assert.deepEqual(
      [jsonLines<ErrorInfo>(refused.stdout).at(-1)!].map(({ code, file }) => [code, file]),
      [['CHECKPOINT_DAMAGED', file]],
    );
  }
});

test('several labels an image: figures, problem type, and probabilities of their own', async () => {
  const events = await trained('several', {
    dataset: { folder: 'photos', multiLabel: 'tags' },
    loss: 'focal',
    method: { type: 'lora', rank: 2 },
  });
  const last = only(events, 'evaluation').at(-1)!;
  assert.ok([last.meanAveragePrecision, last.f1Micro, last.f1Macro].every((value) => value! >= 0 && value! <= 1));
  assert.deepEqual(
    last.perClass!.map(({ label }) => label),
    ['x', 'y'],
  );
  assert.deepEqual([last.confusion, last.tasks], [[], undefined]);
  const run = join(folder, 'several');
  const checkpoint = join(run, 'checkpoints', (await readFile(join(run, 'best'), 'utf8')).trim());
  assert.match(await readFile(join(checkpoint, 'config.json'), 'utf8'), /"problem_type": "multi_label_classification"/);
  const evaluated = await vitune(['evaluate', '--checkpoint', run, '--dataset', join(folder, 'photos')]);
  assert.match(evaluated.stdout, /mean average precision \d/);
  const exported = join(folder, 'exported');
  const { code, stderr } = await vitune([
    'export',
    '--checkpoint',
    run,
    '--format',
    'transformers',
    '--output',
    exported,
  ]);
  assert.equal(code, 0, stderr);
  const [there, here] = await Promise.all(
    [exported, run].map(
      async (model) =>
        jsonLines<{ predictions: object }>(
          (await vitune(['classify', join(folder, 'photos', 'p1.png'), '--checkpoint', model, '--json'])).stdout,
        )[0]!,
    ),
  );
  assert.deepEqual(Object.keys(there!), ['type', 'path', 'predictions']);
  assert.equal(
    JSON.stringify(there!.predictions).replaceAll(/\d\.\d+/g, ''),
    JSON.stringify(here!.predictions).replaceAll(/\d\.\d+/g, ''),
  );
});

test('inspect shows columns and counts of a label file, of its folder as of the config', async () => {
  const config = await writeConfig(
    folder,
    { dataset: { folder: 'photos', columns: ['size'], multiLabel: 'tags' } },
    'inspected.vitune.json',
  );
  const { code, stdout, stderr } = await vituneHere(['inspect', config, '--json']);
  assert.equal(code, 0, stderr);
  const [{ columns, tasks, images }] = jsonLines<Inspection>(stdout) as [Inspection];
  assert.deepEqual(
    columns!.map(({ name, use, values, empty }) => [name, use, values, empty]),
    [
      ['file', 'image', 24, 0],
      ['colour', 'unused', 2, 0],
      ['size', 'label', 3, 0],
      ['tags', 'label', 3, 4],
    ],
  );
  assert.equal(images!.train + images!.validation, 24);
  assert.deepEqual(
    tasks!.map(({ name, counts }) => [name, counts.map(({ train, validation }) => train + validation)]),
    [
      ['size', [8, 8, 8]],
      ['tags', [12, 16]],
    ],
  );
  const ended = await vituneHere(['inspect', join(folder, 'photos', 'labels.csv')]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /LABELS_NO_LABEL_COLUMN.*\n.*labels\.csv:1\n.*file, colour, size, tags/);
});

test('class weights that do not fit: 2, and the labels there are', async () => {
  for (const [classWeights, code] of [
    [[1, 2, 3], 'CLASS_WEIGHTS_COUNT'],
    [{ blue: 1, green: 2 }, 'CLASS_WEIGHTS_LABEL'],
  ] as const) {
    const config = await writeConfig(
      folder,
      { dataset: { folder: 'photos', columns: ['colour'] }, classWeights, output: 'unmade' },
      'weights.vitune.json',
    );
    const ended = await vituneHere(['train', config, '--json']);
    assert.equal(ended.code, 2);
    assertPlain(ended);
    const error = jsonLines<ErrorInfo>(ended.stdout).at(-1)!;
    assert.equal(error.code, code);
    assert.ok(error.remedy.includes('blue, red') && error.line! > 1, JSON.stringify(error));
  }
});
