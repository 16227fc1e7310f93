/** `vitune diff` on runs, an export to ONNX and a model with its labels in another order, against `evaluate`. */
import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { readImageList } from '../../../src/trainer/data/datasetList.js';
import type { CommandOutputs, Diff, EvaluatedImage, Flip, ModelComparison } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';
import { assertPlain, jsonLines, vitune, writeConfig, writeDataset } from './program.js';

let folder: string;
const cleanUps: (() => unknown)[] = [];
const at = (...names: string[]): string => join(folder, ...names);
before(async () => {
  folder = await temporaryFolder({
    after: (clean: () => unknown) => void cleanUps.push(clean),
  } as unknown as Parameters<typeof temporaryFolder>[0]);
  await writeDataset(at('photos'), { red: 8, green: 8, blue: 8 });
  for (const [name, config] of Object.entries({ one: { epochs: 1 }, two: { epochs: 8, learningRate: 0.05 } })) {
    const file = await writeConfig(folder, { method: 'head', ...config }, `${name}.vitune.json`);
    assert.equal((await vitune(['train', file])).code, 0);
  }
  for (const format of ['onnx', 'transformers']) {
    const args = ['export', '--checkpoint', at('runs', 'two'), '--format', format, '--output', at(format)];
    assert.equal((await vitune(args)).code, 0);
  }
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

type Line = CommandOutputs['diff'];

async function diff(...args: string[]): Promise<{ flips: Flip[]; whole: Diff }> {
  const { code, stdout, stderr } = await vitune(['diff', ...args, '--json']);
  assert.equal(code, 0, stderr);
  const lines = jsonLines<Line>(stdout);
  const whole = lines.at(-1)!;
  assert.ok(whole.type === 'diff');
  return { flips: lines.filter((line) => line.type === 'flip'), whole };
}

/** What a model says of each image, and what is right, by path. */
async function answersOf(checkpoint: string, ...more: string[]): Promise<Map<string, [string, string]>> {
  const args = ['evaluate', '--checkpoint', checkpoint, '--dataset', at('photos'), '--images', '--json', ...more];
  const images = jsonLines<EvaluatedImage | { type: 'evaluation' }>((await vitune(args)).stdout);
  return new Map(
    images.flatMap((image): [string, [string, string]][] =>
      image.type === 'picture' ? [[image.path, [image.answers[0]!.prediction.label, image.answers[0]!.truth]]] : [],
    ),
  );
}

test('the flips are those of two evaluations, and the test is that of --against', async () => {
  const [one, two] = [at('runs', 'one'), at('runs', 'two')];
  const list = at('flips.images');
  const { flips, whole } = await diff(one, two, '--data', at('photos'), '--all', '--list', list);
  const [before, now] = [await answersOf(one, '--all'), await answersOf(two, '--all')];
  const expected = [...now].flatMap(([path, [is, truth]]): Flip[] => {
    const [was] = before.get(path)!;
    return was === is ? [] : [{ type: 'flip', path, was, is, truth }];
  });
  assert.ok(expected.length > 3);
  assert.deepEqual(flips, expected);
  const count = (wanted: (flip: Flip) => boolean) => expected.filter(wanted).length;
  assert.deepEqual(
    [whole.images, whole.changed, whole.wasRight, whole.isRight, whole.neither],
    [
      24,
      expected.length,
      count(({ was, truth }) => was === truth),
      count(({ is, truth }) => is === truth),
      count(({ was, is, truth }) => was !== truth && is !== truth),
    ],
  );
  const against = await vitune([
    'evaluate',
    '--checkpoint',
    two,
    '--against',
    one,
    '--dataset',
    at('photos'),
    '--all',
    '--json',
  ]);
  const { type: _, against: _1, ...paired } = jsonLines<{ type: string } & ModelComparison>(against.stdout).at(-1)!;
  assert.deepEqual(whole.test, paired);
  assert.equal(whole.coverage.was.train + whole.coverage.was.validation, 24);

  const images = await readImageList(list);
  const word = (id: string, row: number) => images.choice(id)!.values[images.choice(id)!.data[row]! - 1];
  assert.deepEqual(
    Array.from({ length: images.length }, (_, row) => [images.pathAt(row), word('was', row), word('prediction', row)]),
    expected.map(({ path, was, is }) => [path, was, is]),
  );
});

test('an export to ONNX is compared on the images that its run held out, and says the same', async () => {
  const { flips, whole } = await diff(at('runs', 'two'), at('onnx'), '--dataset', at('photos'));
  assert.deepEqual(flips, []);
  assert.deepEqual([whole.changed, whole.images], [0, whole.coverage.was.validation]);
  assert.deepEqual([whole.coverage.is.split, whole.coverage.is.other], ['unknown', whole.images]);
  // It has no split of its own.
  const ofSplit = await diff(at('onnx'), at('runs', 'one'), '--split', 'validation');
  assert.equal(ofSplit.whole.images, whole.images);
  assert.ok(ofSplit.flips.length > 0);
  const shown = await vitune(['diff', at('onnx'), at('runs', 'one'), '--split', 'validation']);
  assert.match(shown.stdout, /changed their answer: \d+ were right before/);
  assert.match(shown.stdout, /points (better|worse) than|nothing tells them apart/);
  assert.match(shown.stdout, /onnx: Images: 6\. Whether the model was trained on them is not known\./);
});

test('labels are matched by name: with its outputs in another order a model says the same', async () => {
  const turned = at('turned');
  await cp(at('transformers'), turned, { recursive: true });
  const config = JSON.parse(await readFile(join(turned, 'config.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual(config.id2label, { 0: 'blue', 1: 'green', 2: 'red' });
  const id2label = { 0: 'red', 1: 'blue', 2: 'green' };
  await writeFile(join(turned, 'config.json'), JSON.stringify({ ...config, id2label, label2id: undefined }));
  const file = join(turned, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  for (const name of ['classifier.weight', 'classifier.bias']) {
    const { shape, data } = tensors.get(name)!;
    const width = data.length / 3;
    const rows = [2, 0, 1].flatMap((row) => [...data.subarray(row * width, (row + 1) * width)]);
    tensors.set(name, { shape, data: Float32Array.from(rows) });
  }
  await writeSafetensors(file, [...tensors], { format: 'pt' });
  const { whole } = await diff(at('runs', 'two'), turned, '--dataset', at('photos'), '--all');
  assert.deepEqual([whole.images, whole.changed], [24, 0]);

  await writeFile(
    join(turned, 'config.json'),
    JSON.stringify({ ...config, id2label: { ...id2label, 0: 'crimson' }, label2id: undefined }),
  );
  const refused = await vitune(['diff', at('runs', 'two'), turned, '--dataset', at('photos')]);
  assert.equal(refused.code, 2);
  assertPlain(refused);
  assert.match(refused.stderr, /LABELS_DIFFER: .*Only .*two.*: red\. Only .*turned: crimson\./);
});

test('an image of neither, a missing dataset and a file that is no export are said', async () => {
  const cases: [string[], RegExp][] = [
    [[at('runs', 'one'), at('onnx')], /The option --dataset is missing/],
    [[at('runs', 'one'), at('nowhere'), '--data', at('photos')], /CHECKPOINT_MISSING/],
    [[at('onnx'), at('onnx'), '--split', 'test'], /no dataset|dataset/i],
    [[at('runs', 'one'), at('runs', 'two'), '--split', 'test'], /test/],
  ];
  for (const [args, words] of cases) {
    const ended = await vitune(['diff', ...args]);
    assert.equal(ended.code, 2, args.join(' '));
    assertPlain(ended);
    assert.match(ended.stderr, words);
  }
  await writeFile(at('onnx', 'model.onnx'), 'torn');
  const torn = await vitune(['diff', at('runs', 'one'), at('onnx'), '--data', at('photos')]);
  assert.equal(torn.code, 2);
  assert.match(torn.stderr, /model\.onnx/);
});
