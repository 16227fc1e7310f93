/** `vitune classify`, `evaluate`, `inspect`, `doctor` and wrong calls, as child processes: shapes and exit codes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { metricsOf } from '../../../src/shared/metrics.js';
import { commandNames } from '../../../src/trainer/commandLine/commands.js';
import { errors } from '../../../src/trainer/errors/errors.js';
import type {
  Classification,
  ConfigCheck,
  ErrorInfo,
  EvaluatedImage,
  Evaluation,
  Inspection,
} from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import {
  assertPlain,
  jsonLines,
  programOf,
  tinyModel,
  vitune,
  vituneHere,
  writeConfig,
  writeDataset,
} from './program.js';

let folder: string;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  folder = await temporaryFolder({
    after: (clean: () => unknown) => void cleanUps.push(clean),
  } as unknown as Parameters<typeof temporaryFolder>[0]);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6, blue: 6 });
  const ended = await vitune(['train', await writeConfig(folder, { method: 'head', epochs: 1 })]);
  assert.equal(ended.code, 0, ended.stderr);
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

const run = (): string => join(folder, 'runs', 'run');
const labels = ['blue', 'green', 'red'];

test('classify: files and folders, --top, and the same predictions as an evaluation', async () => {
  const file = join(folder, 'photos', 'red', 'red 1.png');
  const classified = await vitune([
    'classify',
    file,
    join(folder, 'photos'),
    '--checkpoint',
    run(),
    '--top',
    '2',
    '--json',
  ]);
  assert.equal(classified.code, 0, classified.stderr);
  const answers = jsonLines<Classification & { predictions: { label: string; probability: number }[] }>(
    classified.stdout,
  );
  assert.equal(answers.length, 1 + 18);
  for (const { path, predictions, ...rest } of answers) {
    assert.deepEqual(rest, { type: 'classification' });
    assert.ok(path.startsWith(folder));
    assert.equal(predictions.length, 2);
    assert.ok(predictions[0]!.probability >= predictions[1]!.probability && predictions[1]!.probability > 0);
    for (const { label } of predictions) assert.ok(labels.includes(label));
  }
  assert.deepEqual(
    answers.find(({ path }, i) => i > 0 && path === file),
    answers[0],
  );

  const evaluated = await vitune([
    'evaluate',
    '--checkpoint',
    run(),
    '--dataset',
    join(folder, 'photos'),
    '--all',
    '--pictures',
    '--json',
  ]);
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const lines = jsonLines<Evaluation | EvaluatedImage>(evaluated.stdout);
  const evaluation = lines.pop() as Evaluation;
  const images = lines as EvaluatedImage[];
  assert.deepEqual(
    Object.keys(evaluation).sort(),
    [
      ...metricsOf('oneLabel').map(({ name }) => name),
      'confusion',
      'coverage',
      'ece',
      'interval',
      'labels',
      'perClass',
      'type',
    ].sort(),
  );
  assert.deepEqual(evaluation.labels, labels);
  // The two commands decode, batch and compute each in their own way, and must say the same.
  const confusion = labels.map((truth) =>
    labels.map(
      (label) =>
        answers
          .slice(1)
          .filter(({ path, predictions }) => path.includes(join('photos', truth)) && predictions[0]!.label === label)
          .length,
    ),
  );
  assert.deepEqual(evaluation.confusion, confusion);
  const taken = labels.map((truth) =>
    labels.map(
      (label) =>
        images.filter(({ answers: [answer] }) => answer!.truth === truth && answer!.prediction.label === label).length,
    ),
  );
  assert.deepEqual(taken, confusion, 'what is told of each image');
  assert.equal(images.length, 18);
  for (const { path, answers: told } of images) {
    const { predictions } = answers.findLast((each) => each.path === path)!;
    assert.ok(
      path.includes(join('photos', told[0]!.truth)) &&
        Math.abs(predictions[0]!.probability - told[0]!.prediction.probability) < 1e-5,
    );
  }
  assert.equal(evaluation.accuracy, confusion.reduce((sum, row, i) => sum + row[i]!, 0) / 18);
  for (const each of evaluation.perClass) {
    assert.deepEqual(Object.keys(each).sort(), ['f1', 'intervals', 'label', 'precision', 'recall', 'support']);
    assert.equal(each.support, 6);
  }
});

test('classify, evaluate and export say what the files of a model leave open', async (t) => {
  const folder = await temporaryFolder(t);
  const exported = join(folder, 'exported');
  await writeTree(folder, { 'photos/apple/a.png': { seed: 1 }, 'photos/birch/b.png': { seed: 2 } });
  const silent = join(folder, 'silent');
  await cp(tinyModel, silent, { recursive: true });
  await rm(join(silent, 'preprocessor_config.json'));
  const photos = join(folder, 'photos');
  for (const args of [
    ['classify', photos],
    ['evaluate', '--dataset', photos],
    ['export', '--format', 'onnx', '--output', exported],
  ])
    for (const checkpoint of [tinyModel, silent]) {
      const { code, stdout, stderr } = await vitune([...args, '--checkpoint', checkpoint, '--json']);
      await rm(exported, { recursive: true, force: true });
      assert.equal(code, 0, stderr);
      assert.equal(stderr.match(/PREPROCESSOR_ASSUMED/g)?.length ?? 0, checkpoint === silent ? 1 : 0, args[0]);
      assert.doesNotMatch(stdout, /PREPROCESSOR/);
    }
});

test('classify with text output', async () => {
  const { code, stdout } = await vitune(['classify', 'red 0.png', '--checkpoint', run()], {
    cwd: join(folder, 'photos', 'red'),
  });
  assert.equal(code, 0);
  assert.match(stdout, /^red 0\.png\n( +\d+\.\d %  (red|green|blue)\n){3}$/);
});

test('inspect: classes, counts, splits and problems with a remedy each', async () => {
  const dataset = join(folder, 'inspected');
  await writeDataset(dataset, { a: 5, b: 5, lonely: 1 });
  await writeFile(join(dataset, 'a', 'broken.jpg'), 'no image');
  await mkdir(join(dataset, 'void'));
  await cp(join(dataset, 'a', 'a 0.png'), join(dataset, 'b', 'copy.png'));
  const { code, stdout, stderr } = await vitune(['inspect', dataset, '--json']);
  assert.equal(code, 0, stderr);
  const [inspection, ...more] = jsonLines<Inspection & { type: string }>(stdout);
  assert.deepEqual(more, []);
  assert.deepEqual(
    { ...inspection, problems: undefined },
    {
      type: 'dataset',
      root: dataset,
      labels: ['a', 'b', 'lonely'],
      counts: [
        { label: 'a', train: 4, validation: 1, test: 0 },
        { label: 'b', train: 5, validation: 1, test: 0 },
        { label: 'lonely', train: 1, validation: 0, test: 0 },
      ],
      splits: 'seeded',
      folders: { train: dataset },
      problems: undefined,
    },
  );
  const codes = new Set(inspection!.problems.map((problem) => problem.code));
  for (const expected of ['IMAGE_UNREADABLE', 'CLASS_ONE_IMAGE', 'CLASS_EMPTY', 'DUPLICATE_ACROSS_CLASSES'])
    assert.ok(codes.has(expected), [...codes].join());
  for (const { message, remedy, file } of inspection!.problems) assert.ok(message && remedy && file);
});

test('inspect --background: the classes at once, the images as they are read, then the same result', async () => {
  const dataset = join(folder, 'looked over');
  await writeDataset(dataset, { a: 5, b: 5 });
  await writeFile(join(dataset, 'a', 'broken.jpg'), 'no image');
  const [watched, plain] = [
    await vitune(['inspect', dataset, '--background', '--json']),
    await vitune(['inspect', dataset, '--json']),
  ];
  assert.equal(watched.code, 0, watched.stderr);
  const lines = jsonLines<Record<string, unknown> & { type: string }>(watched.stdout);
  const [found] = lines as unknown as Inspection[];
  assert.deepEqual([lines[0]!.type, found!.labels], ['found', ['a', 'b']]);
  // By their names all eleven files are images.
  assert.equal(
    found!.counts.reduce((sum, { train, validation }) => sum + train + validation, 0),
    11,
  );
  const between = lines.slice(1, -1);
  assert.ok(between.length > 0);
  for (const { type, phase, total } of between) assert.deepEqual([type, phase, total], ['progress', 'inspect', 11]);
  assert.equal(between.at(-1)!['done'], 11);
  assert.deepEqual([lines.at(-1)], jsonLines(plain.stdout));
});

test('check: a good config and a faulty one, as text, as JSON, and from standard input', async () => {
  const good = await writeConfig(folder, { method: 'head' }, 'good.vitune.jsonc');
  const said = await vitune(['check', good]);
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /Images +15 to train on, 3 to validate on\nSteps +8 of 4 images/);
  assert.match(said.stdout, /Nothing is wrong/);
  const faulty = await vitune(['check', await writeConfig(folder, { epoch: 3 }, 'faulty.vitune.json')]);
  assert.equal(faulty.code, 2);
  assert.match(faulty.stderr, /CONFIG_KEY_UNKNOWN: There is no key "epoch"/);
  assert.match(faulty.stdout, /→ Rename to “epochs”/);
  const typed = spawnSync(process.execPath, [await programOf('cli'), 'check', good, '--stdin', '--json'], {
    input: '{ "dataset": "photo" }',
    encoding: 'utf8',
  });
  assert.equal(typed.status, 2);
  const [{ problems }] = jsonLines<ConfigCheck>(typed.stdout) as [ConfigCheck];
  assert.deepEqual(
    problems.map(({ code, fixes }) => [code, fixes[0]?.title]),
    [['DATASET_MISSING', 'Use "photos"']],
  );
});

test('doctor: engines and devices, and why one is not usable', async () => {
  const { code, stdout, stderr } = await vitune(['doctor', '--json']);
  assert.equal(code, 0, stderr);
  const [report] = jsonLines<{
    engines: {
      engine: string;
      devices: { device: string; usable: boolean; gigaflops?: number; noFp16?: string; reason?: string }[];
    }[];
  }>(stdout);
  const devices = report!.engines.flatMap(({ engine, devices }) => devices.map((each) => ({ engine, ...each })));
  assert.deepEqual(
    devices.map(({ engine, device }) => `${engine} ${device}`),
    ['onnxruntime cpu', 'onnxruntime webgpu', 'onnxruntime cuda', 'tensorflow tensorflow'],
  );
  assert.ok(devices[0]!.usable && devices[0]!.gigaflops! > 0);
  assert.match(devices[0]!.noFp16 ?? '', /fp32/);
  for (const { usable, reason, gigaflops } of devices) {
    if (usable) assert.ok(gigaflops! > 0);
    else assert.ok(reason && !reason.includes('\n'), reason);
  }
});

const wrongCalls: [args: string[], message: RegExp, usage: RegExp][] = [
  [['trian'], /no command trian/, /vitune train CONFIG/],
  [['constructor'], /no command constructor/, /vitune train CONFIG/],
  [['train'], /0 arguments are given, 1 expected/, /vitune train CONFIG/],
  [['train', 'a', 'b'], /2 arguments are given, 1 expected/, /vitune train CONFIG/],
  [['train', 'a', '--fast'], /--fast/, /vitune train CONFIG/],
  [['classify', 'a.jpg'], /--checkpoint is missing/, /vitune classify PATH/],
  [['classify', 'a.jpg', '--checkpoint', 'b', '--top', 'all'], /--top must be a whole number/, /vitune classify PATH/],
  [['classify', 'a.jpg', '--checkpoint', 'b', '--top', '0'], /--top must be a whole number/, /vitune classify PATH/],
  [['evaluate', '--checkpoint', 'b'], /--dataset is missing/, /vitune evaluate/],
  [['inspect'], /0 arguments are given/, /vitune inspect DATASET/],
  [['train', 'a', '--resum'], /no option --resum\. Did you mean --resume/, /vitune train CONFIG/],
  [['train', 'a', '--json=1'], /--json takes no value/, /vitune train CONFIG/],
  [['export', '--checkpoint', '--format', 'onnx'], /--checkpoint needs a value/, /vitune export/],
  [
    ['export', '--checkpoint', 'a', '--format', 'gguf', '--output', 'b'],
    /--format must be one of onnx, transformers, peft/,
    /vitune export/,
  ],
  [['completion', 'tcsh'], /tcsh is not one of bash, zsh, fish/, /vitune completion/],
];
test('wrong calls: exit code 2, the reason, and the usage', async (t) => {
  for (const [args, message, usage] of wrongCalls) {
    await t.test(args.join(' '), async () => {
      const ended = await vituneHere([...args, '--json']);
      assert.equal(ended.code, 2);
      assertPlain(ended);
      const [error, ...more] = jsonLines<ErrorInfo & { type: string }>(ended.stdout);
      assert.deepEqual(more, []);
      assert.deepEqual([error!.type, error!.code], ['error', errors.usage('', '').code]);
      assert.match(error!.message, message);
      assert.match(error!.remedy, usage);
      assert.match(ended.stderr, message);
    });
  }
});

test('help and version: 0; no command at all: the help, and 2', async () => {
  const [nothing, help, version] = [await vitune([]), await vitune(['train', '--help']), await vitune(['--version'])];
  assert.equal(nothing.code, 2);
  assert.equal(nothing.stdout, (await vituneHere(['help'])).stdout);
  for (const name of commandNames) assert.match(nothing.stdout, new RegExp(`^  ${name} +[A-Z]`, 'm'));
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(
    help.stdout,
    /^Usage: vitune train CONFIG \[--set KEY=VALUE\]\.\.\. \[--resume\] \[--again scratch\|best\] \[--profile\] \[--dry-run\] \[--json\]$/m,
  );
  assert.equal((await vituneHere(['help', 'train'])).stdout, help.stdout);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await vituneHere(['train', '--version'])).stdout, version.stdout);
});

test(
  'interrupted while it classifies: 130, and what was answered stands',
  { skip: process.platform === 'win32' && 'Windows ends a process instead' },
  async () => {
    const many = join(folder, 'many');
    await writeDataset(many, { x: 200 });
    let isAsked = false;
    const ended = await vitune(['classify', many, '--checkpoint', run(), '--json'], {
      onLine: (_, child) => {
        // A second time would end it at once.
        if (!isAsked) isAsked = child.kill('SIGINT');
      },
    });
    assert.equal(ended.code, 130, ended.stderr);
    assertPlain(ended);
    const answers = jsonLines<Classification>(ended.stdout);
    assert.ok(answers.length > 0 && answers.length < 200);
  },
);
