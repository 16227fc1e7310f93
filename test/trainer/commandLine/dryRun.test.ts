/** `vitune train --dry-run`: what it says of a training agrees with the training, and it leaves nothing behind. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { duration, estimateLines } from '../../../src/trainer/commandLine/dryRun.js';
import type { CommandOutputs, Estimate, TrainEvent } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';
import { assertPlain, jsonLines, vitune, vituneHere, writeConfig, writeDataset } from './program.js';

/** What a trial has left there; the runtimes leave files of their own. */
const leftIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /^vitune-(estimate|advice)/.test(name));

type Line = CommandOutputs['train'];

const estimateIn = (stdout: string): Estimate => {
  const last = jsonLines<Line>(stdout).at(-1)!;
  assert.ok(last.type === 'estimate', stdout);
  return last;
};

test('steps, images and memory are those of the training, and no run folder is written', async (t) => {
  const folder = await temporaryFolder(t);
  const temporary = join(folder, 'temporary');
  await mkdir(temporary);
  const env = { VITUNE_CACHE: join(folder, 'cache'), TMPDIR: temporary };
  await writeDataset(join(folder, 'photos'), { red: 60, green: 60 });
  for (const method of ['head', 'lora', 'full', 'pretrained']) {
    const config = await writeConfig(
      folder,
      { method, output: join('runs', method), epochs: 3 },
      `${method}.vitune.json`,
    );
    const dry = await vitune(['train', config, '--dry-run', '--json'], { env });
    assert.equal(dry.code, 0, dry.stderr);
    assert.ok(!existsSync(join(folder, 'runs', method)), 'no run folder');
    assert.deepEqual(await leftIn(temporary), [], 'nothing is left of the trial');
    const estimate = estimateIn(dry.stdout);
    const { code, stdout, stderr } = await vitune(['train', config, '--json'], { env });
    assert.equal(code, 0, stderr);
    const events = jsonLines<TrainEvent>(stdout);
    const [started, finished] = [events.find(({ type }) => type === 'started')!, events.at(-1)!];
    assert.ok(started.type === 'started' && finished.type === 'finished');
    assert.equal(estimate.steps, started.steps, method);
    assert.equal(estimate.images, started.images.train);
    assert.ok(estimate.firstMetricSeconds! > 0 && estimate.seconds! > estimate.firstMetricSeconds!, method);
    const ratio = estimate.memoryBytes / finished.peakMemoryBytes!;
    assert.ok(ratio > 0.7 && ratio < 1.4, `${method}: ${ratio} of the memory`);
    assert.deepEqual(estimate.short, []);
    assert.ok(estimate.diskBytes > 0 && estimate.freeDiskBytes > estimate.diskBytes);
  }
  // Features are kept since the first of the runs.
  const again = estimateIn(
    (await vitune(['train', join(folder, 'head.vitune.json'), '--set', 'output=other', '--dry-run', '--json'], { env }))
      .stdout,
  );
  assert.equal(again.newImages, 0);
});

test('the table in words, and what is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const config = await writeConfig(folder, { method: 'head', output: 'run' });
  const { code, stdout } = await vitune(['train', config, '--dry-run']);
  assert.equal(code, 0);
  for (const words of [/Time to the end +\d/, /Memory +\d+ MB of \d+ MB free/, /Steps +6 of 4 images/])
    assert.match(stdout, words);
  for (const other of ['--resume', '--profile']) {
    const refused = await vituneHere(['train', config, '--dry-run', other]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /goes with none of --resume, --again and --profile/);
  }
  for (const [setting, error] of [
    ['dataset=nowhere', /DATASET_MISSING/],
    ['method.rank=3', /CONFIG_KEY_UNKNOWN/],
    ['model=nowhere/at/all', /MODEL_/],
  ] as const) {
    const wrong = await vitune(['train', config, '--dry-run', '--set', setting]);
    assert.equal(wrong.code, 2, wrong.stdout);
    assert.match(wrong.stderr, error);
    assertPlain(wrong);
  }
  assert.equal((await vitune(['train', config])).code, 0);
  const taken = await vitune(['train', config, '--dry-run']);
  assert.equal(taken.code, 2);
  assert.match(taken.stderr, /RUN_EXISTS/);
});

const hasPrlimit = process.platform === 'linux' && spawnSync('prlimit', ['--version']).status === 0;
test(
  'what does not fit is said beforehand, with settings that do',
  { skip: !hasPrlimit && 'only Linux with prlimit can limit the memory of one process' },
  async (t) => {
    const folder = await temporaryFolder(t);
    await writeDataset(join(folder, 'photos'), { red: 10, green: 10 });
    const large = { imageSize: 64, batchSize: 1024, evalBatchSize: 8, augmentation: { mixup: 0.1 } };
    const config = await writeConfig(folder, { method: 'full', gradientCheckpointing: false, ...large });
    const under = ['prlimit', `--data=${900 * 2 ** 20}`];
    const { code, stdout, stderr } = await vitune(['train', config, '--dry-run', '--json'], { under });
    assert.equal(code, 0, stderr);
    const { short, settings, seconds, memoryBytes, freeMemoryBytes } = estimateIn(stdout);
    assert.deepEqual(short, ['memory']);
    assert.equal(seconds, null);
    assert.ok(memoryBytes > freeMemoryBytes);
    const smaller = settings.find((each) => each.startsWith('batchSize='))!;
    assert.match(smaller, /^batchSize=\d+ gradientAccumulationSteps=\d+/);
    const set = smaller.split(' ').flatMap((each) => ['--set', each]);
    const fitting = await vitune(['train', config, '--dry-run', '--json', ...set], { under });
    assert.deepEqual(estimateIn(fitting.stdout).short, []);
  },
);

test(
  'an interrupt ends the trial too',
  { skip: process.platform === 'win32' && 'Windows ends a process instead' },
  async (t) => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'temporary'));
    await writeDataset(join(folder, 'photos'), { red: 30, green: 30 });
    const config = await writeConfig(folder, { method: 'full', batchSize: 16 });
    const ended = await vitune(['train', config, '--dry-run', '--json'], {
      env: { TMPDIR: join(folder, 'temporary') },
      onLine: (line, child) => (JSON.parse(line) as Line).type === 'progress' && child.kill('SIGINT'),
    });
    assert.equal(ended.code, 130, ended.stderr);
    assert.deepEqual(await leftIn(join(folder, 'temporary')), []);
  },
);

test('durations in the two largest units; what does not fit is named with its remedy', () => {
  assert.deepEqual([0.2, 59.6, 3599, 3601, 90_000].map(duration), [
    '1 s',
    '1 min 0 s',
    '59 min 59 s',
    '1 h 0 min',
    '25 h 0 min',
  ]);
  const estimate: Estimate = {
    training: 'a',
    seconds: null,
    firstMetricSeconds: null,
    memoryBytes: 4 * 2 ** 30,
    freeMemoryBytes: 2 ** 30,
    diskBytes: 2,
    freeDiskBytes: 1,
    steps: 1,
    batchSize: 8,
    recomputes: false,
    device: 'cpu',
    images: 8,
    newImages: 0,
    short: ['memory', 'disk'],
    settings: ['batchSize=2 gradientAccumulationSteps=4', 'saveTotalLimit=1'],
  };
  const text = estimateLines(estimate).join('\n');
  assert.match(text, /Memory +4096 MB of 1024 MB free/);
  assert.match(text, /will not fit into the memory/);
  assert.match(text, /will not fit on the disk/);
  assert.match(text, /--set batchSize=2 --set gradientAccumulationSteps=4; --set saveTotalLimit=1$/);
});
