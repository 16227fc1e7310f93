/** Explanations equal PyTorch's, point at what decides, and refuse what they cannot explain. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Calibration } from '../../../src/shared/calibration.js';
import type { Explanation } from '../../../src/shared/explanation.js';
import { Explainer } from '../../../src/trainer/inference/explainer.js';
import { relevanceOf } from '../../../src/trainer/inference/relevance.js';
import { assertPlain, jsonLines, vituneHere, writeConfig, writeDataset } from '../commandLine/program.js';
import type { Prediction } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';

const golden = fileURLToPath(new URL('../../golden/', import.meta.url));
const expected = JSON.parse(readFileSync(join(golden, 'relevance.json'), 'utf8')) as Record<
  'vit' | 'dinov2',
  { label: number; values: number[] }
>;

for (const name of ['vit', 'dinov2'] as const)
  test(`the relevance of patches is that of PyTorch: ${name}`, async (t) => {
    const folder = await temporaryFolder(t);
    const path = join(folder, 'image.png');
    const pixels = readFileSync(join(golden, 'images.bin')).subarray(0, 32 * 32 * 3);
    await sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } })
      .png()
      .toFile(path);
    const model = join(golden, 'models', name);
    const { id2label } = JSON.parse(await readFile(join(model, 'config.json'), 'utf8')) as {
      id2label: Record<string, string>;
    };
    const explainer = await Explainer.open(model);
    t.after(() => explainer.dispose());
    const { label, values } = expected[name];
    const found = await explainer.explain(path, id2label[label]);
    assert.equal(found.method, 'attention');
    assert.deepEqual([found.rows, found.columns, found.label], [4, 4, id2label[label]]);
    assert.deepEqual(found.seen, { left: 0, top: 0, width: 1, height: 1 });
    found.values.forEach((value, i) => assert.ok(Math.abs(value - values[i]!) < 2e-4, `${i}: ${value} ${values[i]}`));
    await assert.rejects(explainer.explain(path, 'zebra'), { code: 'CLASS_UNKNOWN' });
  });

test('a learned query reads the patches alone, and no patch passes around it', () => {
  const last = { values: Float32Array.of(0.5, 0, 0.25), queries: 1, tokens: 3 };
  assert.deepEqual([...relevanceOf([last], 3)], [1, 0, 0.5]);
  // With a class token, the query is that of the token itself.
  assert.deepEqual([...relevanceOf([{ ...last, tokens: 3 }], 2)], [0, 1]);
  assert.deepEqual([...relevanceOf([{ ...last, values: new Float32Array(3) }], 2)], [0, 0]);
});

test('a network without attention is explained by what covering each place takes away', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 12, bee: 12 });
  const model = join(golden, 'onnx', 'resnet.onnx');
  const config = { model, method: 'head', maxSteps: 8, evalSteps: 8, validationSplit: 0.4, output: 'run' };
  const trained = await vituneHere(['train', await writeConfig(folder, config)]);
  assert.equal(trained.code, 0, trained.stderr);
  const run = join(folder, 'run');
  // Of the size to which the network's images are resized, so that preparing it cuts off a border and no more.
  const [side, seen, border] = [37, 32, 2];
  const place = seen / 8;
  const pixels = Buffer.from(
    Uint8Array.from({ length: side * side * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % side, Math.floor(i / 3 / side)];
      return 127 + 120 * Math.sin((x * (1 + (i % 3)) + (y * y) / 8) / 4);
    }),
  );
  const write = async (name: string, data: Buffer): Promise<string> => {
    await sharp(data, { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toFile(join(folder, name));
    return join(folder, name);
  };
  const path = await write('image.png', pixels);
  const ended = await vituneHere(['explain', path, '--checkpoint', run, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const found = jsonLines<Explanation>(ended.stdout)[0]!;
  assert.deepEqual([found.method, found.rows, found.columns, found.values.length], ['occlusion', 8, 8, 64]);
  const [from, share] = [border / side, seen / side];
  assert.deepEqual(found.seen, { left: from, top: from, width: share, height: share });
  const isSeen = (i: number): boolean => i >= border && i < border + seen;
  const mean = [0, 1, 2].map((channel) => {
    const own = pixels.filter(
      (_, i) => i % 3 === channel && isSeen(Math.floor(i / 3) % side) && isSeen(Math.floor(i / 3 / side)),
    );
    return Math.round(own.reduce((a, b) => a + b, 0) / own.length);
  });
  const lossAt = async (i: number): Promise<number> => {
    const covered = Buffer.from(pixels);
    const [top, left] = [border + place * Math.floor(i / 8), border + place * (i % 8)];
    for (let y = top; y < top + place; y++)
      for (let x = left; x < left + place; x++) covered.set(mean, (y * side + x) * 3);
    const answer = await vituneHere(['classify', await write(`${i}.png`, covered), '--checkpoint', run, '--json']);
    const { predictions } = jsonLines<{ predictions: Prediction[] }>(answer.stdout)[0]!;
    return found.probability - predictions.find(({ label }) => label === found.label)!.probability;
  };
  const most = found.values.indexOf(1);
  const other = found.values.findIndex((value) => value > 0.2 && value < 0.9);
  assert.ok(most >= 0 && other >= 0, found.values.join(' '));
  const ratio = (await lossAt(other)) / (await lossAt(most));
  assert.ok(Math.abs(ratio - found.values[other]!) < 1e-2, `${ratio} ${found.values[other]}`);
});

test('the command explains the images of a run, shows similar ones, and says what is missing', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 30, bee: 30 });
  const config = { method: 'lora', maxSteps: 4, evalSteps: 2, validationSplit: 0.4, output: 'run' };
  const trained = await vituneHere(['train', await writeConfig(folder, config)]);
  assert.equal(trained.code, 0, trained.stderr);
  const run = join(folder, 'run');
  const ended = await vituneHere(['explain', photos, '--checkpoint', run, '--json', '--output', join(folder, 'why')]);
  assert.equal(ended.code, 0, ended.stderr);
  const found = jsonLines<Explanation & { type: string }>(ended.stdout);
  assert.equal(found.length, 60);
  for (const { type, values, similar, label } of found) {
    assert.equal(type, 'explanation');
    assert.ok(['ant', 'bee'].includes(label));
    assert.ok(Math.max(...values) === 1 || values.every((value) => value === 0));
    assert.ok(similar.length > 0);
    for (const image of similar) assert.ok(image.path.includes(`/photos/${image.label}/`), image.path);
    assert.deepEqual(
      similar.map(({ similarity }) => similarity),
      similar.map(({ similarity }) => similarity).sort((a, b) => b - a),
    );
  }
  // A training image is most like itself.
  assert.ok(found.some(({ path, similar }) => similar[0]!.path === path && similar[0]!.similarity > 0.999));
  const drawn = await sharp(join(folder, 'why', `1 ${found[0]!.path.split('/').at(-1)!}.png`)).metadata();
  assert.equal(drawn.format, 'png');

  const refused = async (args: string[], words: RegExp): Promise<void> => {
    const failed = await vituneHere(['explain', ...args, '--checkpoint', run]);
    assertPlain(failed);
    assert.equal(failed.code, 2, failed.stdout);
    assert.match(failed.stderr, words);
  };
  await refused([photos, '--label', 'wasp'], /CLASS_UNKNOWN[^]*wasp[^]*ant, bee/);
  await writeFile(join(folder, 'broken.jpg'), 'no image');
  await refused([join(folder, 'broken.jpg')], /IMAGE_/);

  // A checkpoint that is older than this does not know where its training images are.
  const checkpoints = (await readdir(run, { recursive: true })).filter((name) => name.endsWith('calibration.json'));
  const file = join(run, checkpoints[0]!);
  const asBefore = async (): Promise<Explanation> => {
    const answer = await vituneHere(['explain', found[0]!.path, '--checkpoint', dirname(file), '--json']);
    return jsonLines<Explanation>(answer.stdout)[0]!;
  };
  const { unknown, ...rest } = JSON.parse(await readFile(file, 'utf8')) as Calibration;
  const { paths: _, ...older } = unknown!;
  await writeFile(file, JSON.stringify({ ...rest, unknown: older }));
  assert.deepEqual((({ similar, missing }) => ({ similar, missing }))(await asBefore()), {
    similar: [],
    missing: 'calibration',
  });
});

test('a vote of the nearest images, which has no gradient, is explained by covering places too', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 12, bee: 12 });
  const trained = await vituneHere(['train', await writeConfig(folder, { method: 'pretrained', output: 'run' })]);
  assert.equal(trained.code, 0, trained.stderr);
  const ended = await vituneHere(['explain', photos, '--checkpoint', join(folder, 'run'), '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const found = jsonLines<Explanation>(ended.stdout);
  assert.equal(found.length, 24);
  for (const { method, values } of found) assert.deepEqual([method, values.length], ['occlusion', 64]);
});

test('an export to ONNX is explained by covering places, for what it answers itself', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 20, bee: 20 });
  const trained = await vituneHere(['train', await writeConfig(folder, { maxSteps: 4, evalSteps: 2, output: 'run' })]);
  assert.equal(trained.code, 0, trained.stderr);
  const exported = join(folder, 'exported');
  const args = ['export', '--checkpoint', join(folder, 'run'), '--format', 'onnx', '--output', exported];
  const ended = await vituneHere(args);
  assert.equal(ended.code, 0, ended.stderr);
  const ask = async <Answer>(command: string, ...more: string[]): Promise<Answer[]> => {
    const answer = await vituneHere([command, join(photos, 'ant'), '--checkpoint', exported, '--json', ...more]);
    assert.equal(answer.code, 0, answer.stderr);
    return jsonLines<Answer>(answer.stdout);
  };
  const classified = await ask<{ predictions: Prediction[] }>('classify');
  const found = await ask<Explanation>('explain');
  const ofBee = await ask<Explanation>('explain', '--label', 'bee');
  assert.equal(found.length, 20);
  found.forEach(({ method, values, label, probability, similar, missing }, i) => {
    assert.deepEqual([method, values.length, similar, missing], ['occlusion', 64, [], 'export']);
    const [likeliest] = classified[i]!.predictions;
    assert.equal(label, likeliest!.label);
    assert.ok(Math.abs(probability - likeliest!.probability) < 1e-5);
    const bee = classified[i]!.predictions.find((each) => each.label === 'bee')!;
    assert.ok(Math.abs(ofBee[i]!.probability - bee.probability) < 1e-5);
  });
  assert.ok(found.some(({ values }) => Math.max(...values) === 1));
});
