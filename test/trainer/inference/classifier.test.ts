/**
 * A checkpoint gives equal outputs in every way: one by one, in batches, from a file or from a batch of an evaluation.
 */
import assert from 'node:assert/strict';
import { cp, mkdir, rename, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import { ImageStore } from '../../../src/trainer/data/store.js';
import type { Classification } from '../../../src/trainer/protocol.js';
import { Classifier, imagesOf } from '../../../src/trainer/inference/classifier.js';
import { evaluate } from '../../../src/trainer/inference/evaluate.js';
import { resolveCheckpoint } from '../../../src/trainer/runs/runFolder.js';
import { tinyModel, vituneHere, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder, writeTree } from '../data/images.js';

const all = async (answers: AsyncIterable<Classification>): Promise<Classification[]> => {
  const found: Classification[] = [];
  for await (const each of answers) found.push(each);
  return found;
};
const probabilities = (answer: Classification | undefined): Record<string, number> =>
  Object.fromEntries(
    (answer as { predictions: { label: string; probability: number }[] }).predictions.map(({ label, probability }) => [
      label,
      probability,
    ]),
  );

test('classification and evaluation give equal outputs, in any batch', async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { ant: 5, bee: 6, cat: 4 });
  const trained = await vituneHere([
    'train',
    await writeConfig(folder, { method: 'lora', epochs: 2, learningRate: 0.01 }),
  ]);
  assert.equal(trained.code, 0, trained.stderr);
  const checkpoint = await resolveCheckpoint(join(folder, 'runs', 'run'));
  await writeTree(photos, { 'bee/broken.jpg': 'no image' });

  const paths = await imagesOf([photos]);
  assert.equal(paths.length, 16);
  const [single, batched] = [await Classifier.open(checkpoint), await Classifier.open(checkpoint, 8)];
  const [one, many] = [await all(single.classify(paths, { top: 3 })), await all(batched.classify(paths, { top: 3 }))];
  for (const answers of [one, many]) {
    assert.deepEqual(
      answers.map(({ path }) => path),
      paths,
    );
    assert.deepEqual(
      answers.filter((answer) => 'error' in answer).map(({ path }) => path),
      [join(photos, 'bee', 'broken.jpg')],
    );
  }
  const readable = (answers: Classification[]) => answers.filter((answer) => 'predictions' in answer);
  readable(one).forEach((answer, i) => {
    const [a, b] = [probabilities(answer), probabilities(readable(many)[i])];
    assert.deepEqual(Object.keys(a).sort(), ['ant', 'bee', 'cat']);
    assert.ok(Math.abs(Object.values(a).reduce((x, y) => x + y) - 1) < 1e-6);
    for (const label of Object.keys(a)) assert.ok(Math.abs(a[label]! - b[label]!) < 1e-5, `${answer.path} ${label}`);
  });

  // The pixels of evaluation come from the cache and its worker; the logits of the same image are the same.
  const dataset = await scanDataset(photos, { validationSplit: 0, seed: 0, tasks: batched.tasks });
  const store = await ImageStore.open({ cacheFolder: join(folder, 'cache'), dataset, transform: batched.transform });
  for await (const batch of store.evaluationBatches('test', 8)) {
    const logits = await batched.logits(batch.images);
    batch.samples.forEach((sample, k) => {
      const row = Array.from(logits.subarray(k * 3, k * 3 + 3), Math.exp);
      const sum = row.reduce((a, b) => a + b);
      const said = probabilities(many.find(({ path }) => path === store.splits.test.pathAt(sample)));
      batched.tasks[0]!.labels.forEach((label, i) => assert.ok(Math.abs(row[i]! / sum - said[label]!) < 1e-6));
    });
  }
  await store.close();
  const evaluation = await evaluate({
    checkpoint,
    dataset: photos,
    images: 'all',
    cacheFolder: join(folder, 'cache'),
  });
  assert.equal(evaluation.problems.filter(({ code }) => code === 'IMAGE_UNREADABLE').length, 1);
  const hits = readable(many).filter((answer) =>
    answer.path.includes(join('photos', (answer as { predictions: { label: string }[] }).predictions[0]!.label)),
  );
  assert.equal(evaluation.accuracy, hits.length / 15);
  await single.dispose();
  await batched.dispose();
});

test('memory-mapped weights give the same outputs as those that are read, also through a link; a NaN is named', async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, { 'a.png': { seed: 1 }, 'b.png': { seed: 2 } });
  const images = [join(folder, 'a.png'), join(folder, 'b.png')];
  const answers = async (model: string, maps: boolean) => {
    const classifier = await Classifier.open(model, 1, { maps });
    const found = await all(classifier.classify(images, { top: 3 }));
    await classifier.dispose();
    return found;
  };
  const spaced = join(folder, 'bir model, ünlü');
  await cp(tinyModel, spaced, { recursive: true });
  const read = await answers(spaced, false);
  // ONNX Runtime may join operators whose weights it knows beforehand.
  const assertSame = (found: readonly Classification[]) =>
    read.forEach((answer, i) => {
      const [a, b] = [probabilities(answer), probabilities(found[i])];
      assert.deepEqual(Object.keys(b), Object.keys(a));
      for (const label of Object.keys(a)) assert.ok(Math.abs(a[label]! - b[label]!) < 1e-6, `${answer.path} ${label}`);
    });
  assertSame(await answers(spaced, true));

  // As in the hub's cache.
  const linked = join(folder, 'linked');
  await cp(spaced, linked, { recursive: true });
  await mkdir(join(folder, 'blobs'));
  await rename(join(linked, 'model.safetensors'), join(folder, 'blobs', 'abc'));
  const link = join(linked, 'model.safetensors');
  // Wine makes links that lead nowhere.
  const canLink = await symlink(join('..', 'blobs', 'abc'), link)
    .then(() => stat(link))
    .then(
      () => true,
      () => false,
    );
  if (canLink) assertSame(await answers(linked, true));
  else t.diagnostic('this user may not make links here');

  const file = join(spaced, 'model.safetensors');
  const { tensors } = await readSafetensors(file);
  tensors.get('vit.layernorm.weight')!.data[3] = NaN;
  await writeSafetensors(file, tensors, { format: 'pt' });
  for (const maps of [true, false])
    await assert.rejects(answers(spaced, maps), { code: 'SAFETENSORS_NOT_FINITE', message: /vit\.layernorm\.weight/ });
});

test('the images to classify: files as given, folders with everything below, nothing else', async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, {
    'a/1.png': { seed: 1 },
    'a/b/2.png': { seed: 2 },
    'a/notes.txt': 'x',
    'empty/notes.txt': 'x',
  });
  assert.deepEqual(await imagesOf([join(folder, 'a')]), [join(folder, 'a', '1.png'), join(folder, 'a', 'b', '2.png')]);
  assert.deepEqual(
    await imagesOf([join(folder, 'a', 'notes.txt')]),
    [join(folder, 'a', 'notes.txt')],
    'a file that is named is answered for',
  );
  await assert.rejects(imagesOf([join(folder, 'absent')]), { code: 'PATH_MISSING' });
  await assert.rejects(imagesOf([join(folder, 'empty')]), { code: 'NOTHING_TO_CLASSIFY' });
});
