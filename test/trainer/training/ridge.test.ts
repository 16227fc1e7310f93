/**
 * The solver `ridge` of a head: closed form without a step, an ordinary checkpoint, a class that is added at once, and
 * keys that it does not read refused by name.
 */
import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Classification, TrainEvent } from '../../../src/trainer/protocol.js';
import { jsonLines, vituneHere, writeConfig as writeWhole, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { root } from '../../../scripts/ensure-installed.mjs';

type Of<T extends TrainEvent['type']> = Extract<TrainEvent, { type: T }>;

/** Without the keys of steps that the tests' configs have. */
const writeConfig = (folder: string, config: object) =>
  writeWhole(folder, { epochs: undefined, learningRate: undefined, ...config });

async function train(config: string, ...more: string[]): Promise<TrainEvent[]> {
  const { code, stdout, stderr } = await vituneHere(['train', config, '--json', ...more]);
  assert.equal(code, 0, stderr);
  return jsonLines<TrainEvent>(stdout);
}

const only = <T extends TrainEvent['type']>(events: readonly TrainEvent[], type: T): Of<T>[] =>
  events.filter((event): event is Of<T> => event.type === type);

const method = { type: 'head', solver: 'ridge', projection: 64 };
const exported = (run: string, format: string, folder: string) =>
  vituneHere(['export', '--checkpoint', run, '--format', format, '--output', join(folder, format), '--json']);

test('a run takes no step; its checkpoint classifies, exports to ONNX with the projection, and refuses other formats', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 10, bee: 10 });
  const config = await writeConfig(folder, { method, output: 'run' });
  const events = await train(config);
  assert.deepEqual(only(events, 'step'), []);
  const [started] = only(events, 'started');
  assert.deepEqual([started!.steps, started!.trainableParameters], [0, 2 * 64 + 2]);
  const [finished] = only(events, 'finished');
  assert.ok(finished!.parity && finished!.parity.changed.length === 0);
  assert.equal(only(events, 'calibration').length, 1);
  const run = join(folder, 'run');
  const files = await readdir(join(run, 'checkpoints', '0'));
  assert.ok(files.includes('adapter_model.safetensors') && !files.includes('optimizer.safetensors'), files.join());
  const classified = await vituneHere(['classify', join(folder, 'photos', 'ant'), '--checkpoint', run, '--json']);
  const answers = jsonLines<Classification>(classified.stdout);
  const right = answers.filter((each) => 'predictions' in each && each.predictions[0]!.label === 'ant').length;
  assert.ok(right >= 8, `${right} of ${answers.length}`);
  assert.equal((await exported(run, 'onnx', folder)).code, 0);
  for (const format of ['peft', 'transformers']) {
    const refused = await exported(run, format, folder);
    assert.equal(refused.code, 2);
    assert.match(refused.stdout, /EXPORT_IMPOSSIBLE[^]*onnx/);
  }
  // The run keeps a config that loads.
  assert.equal((await vituneHere(['evaluate', '--checkpoint', run, '--split', 'validation', '--json'])).code, 0);
});

test('without a projection the head is linear and exports to every format', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 10, bee: 10 });
  const config = await writeConfig(folder, { method: { ...method, projection: 0 }, output: 'run' });
  await train(config);
  for (const format of ['onnx', 'peft', 'transformers']) {
    const { code, stdout } = await exported(join(folder, 'run'), format, folder);
    assert.equal(code, 0, stdout);
  }
});

test('two heads of one model share the answer', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 20, bee: 20 });
  const model = join(root, 'test', 'golden', 'models', 'deit-teacher');
  for (const projection of [0, 32]) {
    const config = await writeConfig(folder, { model, method: { ...method, projection }, output: `run-${projection}` });
    const [finished] = only(await train(config), 'finished');
    assert.ok(finished!.best.accuracy > 0.8, String(finished!.best.accuracy));
    assert.equal(finished!.parity!.changed.length, 0);
  }
});

test('a class that is added costs the features of its images alone', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 10, bee: 10 });
  const config = await writeConfig(folder, { method, output: 'run' });
  const computed = (events: readonly TrainEvent[]): number =>
    only(events, 'progress')
      .filter(({ phase, done, total }) => phase === 'features' && done === total)
      .reduce((sum, { total }) => sum + total, 0);
  assert.equal(computed(await train(config)), 20);
  // As the third class, whose drawings are its own.
  await writeDataset(photos, { ant: 0, bee: 0, cat: 10 });
  const again = await train(config, '--set', 'output=again');
  assert.equal(computed(again), 10);
  assert.deepEqual(only(again, 'started')[0]!.labels, ['ant', 'bee', 'cat']);
  const classified = await vituneHere([
    'classify',
    join(photos, 'cat'),
    '--checkpoint',
    join(folder, 'again'),
    '--json',
  ]);
  const answers = jsonLines<Classification>(classified.stdout);
  const cats = answers.filter((each) => 'predictions' in each && each.predictions[0]!.label === 'cat').length;
  assert.ok(cats >= 8, String(cats));
});

test('several tasks, one of them multi-label and one with images without a label', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 10, bee: 10 });
  const rows = ['ant', 'bee'].flatMap((kind) =>
    Array.from({ length: 10 }, (_, i) => `${kind}/${kind} ${i}.png,${i < 8 ? kind : ''},${kind};animal`),
  );
  await writeFile(join(photos, 'labels.csv'), `image,kind,tags\n${rows.join('\n')}\n`);
  const dataset = { folder: 'photos', columns: ['kind'], multiLabel: 'tags' };
  const events = await train(await writeConfig(folder, { method, dataset, output: 'run' }));
  const [validation] = only(events, 'evaluation');
  assert.deepEqual(
    validation!.tasks!.map(({ task }) => task),
    ['kind', 'tags'],
  );
  assert.ok(
    validation!.tasks!.every(({ accuracy }) => accuracy > 0.9),
    JSON.stringify(validation!.tasks),
  );
});

test('what the solver does not read is refused at its place', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 4, bee: 4 });
  const cases: [config: object, keys: RegExp][] = [
    [{ method, epochs: 3, learningRate: 0.1 }, /epochs, learningRate/],
    [{ method: { ...method, dropout: 0.1 } }, /method\.dropout/],
    [{ method: { type: 'head', projection: 100 } }, /method\.projection/],
  ];
  for (const [given, keys] of cases) {
    const config = await writeConfig(folder, given);
    const { code, stdout } = await vituneHere(['train', config, '--json']);
    assert.equal(code, 2);
    const error = jsonLines<Of<'error'>>(stdout).at(-1)!;
    assert.equal(error.code, 'CONFIG_KEY_NEEDLESS');
    assert.match(error.message, keys);
    assert.ok(error.file === config && error.line! > 1, JSON.stringify(error));
  }
});
