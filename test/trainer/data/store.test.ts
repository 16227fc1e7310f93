/**
 * Batches: which images, which pixels, in which order, again and again; and what becomes of unreadable and changed
 * files.
 */
import assert from 'node:assert/strict';
import { readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Augmentation } from '../../../src/trainer/data/augment.js';
import { evaluationPixels } from '../../../src/trainer/data/decode.js';
import { mixImages } from '../../../src/trainer/data/mixing.js';
import { scanDataset } from '../../../src/trainer/data/scan.js';
import { epochOrder, ImageStore, plainOrder, type Batch, type StoreOptions } from '../../../src/trainer/data/store.js';
import { squareTransform } from '../../../src/trainer/data/transform.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { encoded, temporaryFolder, writeTree } from './images.js';

const off = { randAugment: false, randomErasing: 0, mixup: 0, cutmix: 0 } as const;
const augmentation: Augmentation = {
  ...off,
  randomResizedCrop: { scale: [0.5, 1], ratio: [3 / 4, 4 / 3] },
  horizontalFlip: 0.5,
};
const transform = squareTransform(12);
const imageBytes = 12 * 12 * 3;

async function openStore(t: TestContext, root: string, options: Partial<StoreOptions> = {}): Promise<ImageStore> {
  const dataset = await scanDataset(join(root, 'set'), { validationSplit: 0.3, seed: 1 });
  const store = await ImageStore.open({
    cacheFolder: join(root, 'cache'),
    dataset,
    transform,
    onNotice: (notice) => assert.fail(notice.message),
    ...options,
  });
  t.after(() => store.close());
  return store;
}

/** Two classes of ten images, of several sizes: 14 for training, 6 for validation. */
async function twoClasses(t: TestContext): Promise<string> {
  const root = await temporaryFolder(t);
  await writeTree(
    root,
    Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `set/${i % 2 ? 'b' : 'a'}/${String(i)}.png`,
        { seed: i, width: 14 + i, height: 30 - i },
      ]),
    ),
  );
  return root;
}

async function all(batches: AsyncGenerator<Batch, void, undefined>): Promise<Batch[]> {
  const list: Batch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}
const train = (store: ImageStore, epoch = 0, firstBatch?: number, batchSize = 4, seed = 5) =>
  all(store.trainBatches({ batchSize, seed, epoch, firstBatch, augmentation }));
const files = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.pack'));

test('an epoch has each image once, with its label, and pads the last batch', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  assert.deepEqual([store.splits.train.length, store.splits.validation.length, store.splits.test.length], [14, 6, 0]);
  const batches = await train(store);
  assert.deepEqual(
    batches.map(({ count }) => count),
    [4, 4, 4, 2],
  );
  assert.deepEqual(
    batches.flatMap(({ samples }) => samples).sort((a, b) => a - b),
    Array.from({ length: 14 }, (_, i) => i),
  );
  for (const { images, targets, weights, count, samples } of batches) {
    assert.deepEqual([images.length, targets.length, weights.length], [4 * imageBytes, 4 * 2, 4]);
    const expected = [0, 1, 2, 3].flatMap((i) =>
      i < count ? [0, 1].map((label) => Number(store.splits.train.at(samples[i]!).label === label)) : [0, 0],
    );
    assert.deepEqual([...targets], expected);
    assert.deepEqual(
      [...weights],
      [0, 1, 2, 3].map((i) => (i < count ? 1 : 0)),
    );
    assert.ok(images.subarray(count * imageBytes).every((v) => v === 0));
  }
});

test('seed and epoch decide everything: again, from any batch, from another store, with or without a cache', async (t) => {
  const root = await twoClasses(t);
  const store = await openStore(t, root);
  const batches = await train(store, 3);
  assert.deepEqual(await train(store, 3), batches);
  for (let first = 0; first <= 4; first++) assert.deepEqual(await train(store, 3, first), batches.slice(first));
  assert.deepEqual(await train(await openStore(t, root), 3), batches);

  await writeFile(join(root, 'no folder'), '');
  const notices: string[] = [];
  const uncached = await openStore(t, root, {
    cacheFolder: join(root, 'no folder'),
    onNotice: ({ code }) => notices.push(code),
  });
  assert.deepEqual(await train(uncached, 3), batches);
  assert.deepEqual(
    await all(uncached.evaluationBatches('validation', 4)),
    await all(store.evaluationBatches('validation', 4)),
  );
  assert.deepEqual(notices, ['CACHE_UNWRITABLE']);

  assert.notDeepEqual(
    (await train(store, 4)).map(({ samples }) => samples),
    batches.map(({ samples }) => samples),
  );
  assert.notDeepEqual(
    (await train(store, 3, 0, 4, 6)).map(({ samples }) => samples),
    batches.map(({ samples }) => samples),
  );
});

test('the same image is cropped and flipped differently in each epoch', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  const seen = new Set<string>();
  for (let epoch = 0; epoch < 10; epoch++)
    for (const { images, samples } of await train(store, epoch)) {
      const at = samples.indexOf(0);
      if (at >= 0) seen.add(Buffer.from(images.subarray(at * imageBytes, (at + 1) * imageBytes)).toString('hex'));
    }
  assert.equal(seen.size, 10);
});

test('RandAugment, erasing and mixing: again the same from any batch, of the images without them, and mixed within the batch', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  const batchesWith = (more: Partial<Augmentation>, firstBatch = 0) =>
    all(
      store.trainBatches({ batchSize: 4, seed: 5, epoch: 1, firstBatch, augmentation: { ...augmentation, ...more } }),
    );
  const plain = await batchesWith({});
  assert.ok(plain.every(({ mixing }) => mixing === undefined));
  for (const more of [
    { randAugment: { operations: 2, magnitude: 9 } },
    { randomErasing: 1 },
    { mixup: 0.8 },
    { cutmix: 1 },
    { mixup: 0.8, cutmix: 1 },
  ]) {
    const batches = await batchesWith(more);
    for (const first of [1, 3]) assert.deepEqual(await batchesWith(more, first), batches.slice(first));
    assert.deepEqual(
      batches.map(({ samples, targets }) => [samples, targets]),
      plain.map(({ samples, targets }) => [samples, targets]),
    );
    assert.ok(batches.some(({ images }, i) => Buffer.compare(images, plain[i]!.images) !== 0));
    for (const { images, count } of batches) assert.ok(images.subarray(count * imageBytes).every((v) => v === 0));
    if (!('mixup' in more || 'cutmix' in more)) continue;
    batches.forEach(({ images, mixing, count }, i) => {
      assert.equal(mixing!.partners.length, count);
      const expected = plain[i]!.images.slice();
      mixImages(expected, transform, mixing!);
      assert.deepEqual(images, expected);
    });
  }
});

test('evaluation sees the very pixels that classification sees, in the order of the split', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  for (const split of ['validation', 'train'] as const) {
    const batches = await all(store.evaluationBatches(split, 4));
    assert.deepEqual(
      batches.flatMap(({ samples }) => samples),
      [...store.splits[split]].map((_, i) => i),
    );
    for (const { images, samples, targets } of batches)
      for (const [i, sample] of samples.entries()) {
        const { path, label } = store.splits[split].at(sample);
        assert.deepEqual(
          Buffer.from(images.subarray(i * imageBytes, (i + 1) * imageBytes)),
          Buffer.from(await evaluationPixels(path, transform)),
        );
        assert.equal(targets[2 * i + label], 1);
      }
  }
  assert.deepEqual(await all(store.evaluationBatches('test', 4)), []);
});

test('without a random crop, training sees the pixels of evaluation, flipped or not', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  for (const horizontalFlip of [0, 1]) {
    const batches = await all(
      store.trainBatches({
        batchSize: 5,
        seed: 1,
        epoch: 0,
        augmentation: { ...off, randomResizedCrop: false, horizontalFlip },
      }),
    );
    for (const { images, samples } of batches)
      for (const [i, sample] of samples.entries()) {
        const plain = await evaluationPixels(store.splits.train.at(sample).path, transform);
        const expected = Buffer.from(plain).map((_, at) =>
          horizontalFlip
            ? plain[Math.floor(at / 36) * 36 + (11 - Math.floor((at % 36) / 3)) * 3 + (at % 3)]!
            : plain[at]!,
        );
        assert.deepEqual(Buffer.from(images.subarray(i * imageBytes, (i + 1) * imageBytes)), expected);
      }
  }
});

test('a second run decodes nothing but a changed image', async (t) => {
  const root = await twoClasses(t);
  const run = async () => {
    const store = await openStore(t, root);
    const batches = [...(await train(store)), ...(await all(store.evaluationBatches('validation', 4)))];
    await store.close();
    return batches;
  };
  const expected = await run();
  assert.equal((await files(join(root, 'cache'))).length, 1);
  assert.deepEqual(await run(), expected);
  assert.equal((await files(join(root, 'cache'))).length, 1, 'nothing was added');

  const dataset = await scanDataset(join(root, 'set'), { validationSplit: 0.3, seed: 1 });
  const path = dataset.splits.validation.at(0).path;
  await writeFile(path, await encoded(33, 21, 77));
  await utimes(path, new Date(), new Date(Date.now() + 5000));
  const store = await openStore(t, root);
  const [batch] = await all(store.evaluationBatches('validation', 6));
  assert.deepEqual(
    Buffer.from(batch!.images.subarray(0, imageBytes)),
    Buffer.from(await evaluationPixels(path, transform)),
  );
  assert.equal((await files(join(root, 'cache'))).length, 2);
});

test(
  'the cache may be emptied during a run',
  { skip: process.platform === 'win32' ? 'open files cannot be removed' : false },
  async (t) => {
    const root = await twoClasses(t);
    const first = await openStore(t, root);
    const expected = await train(first, 2);
    await first.close();
    const store = await openStore(t, root);
    await rm(join(root, 'cache'), { recursive: true });
    assert.deepEqual(await train(store, 2), expected);
  },
);

test('bytes of the cache that have changed are never trained on: the image is decoded again and kept, and it is reported', async (t) => {
  const root = await twoClasses(t);
  const once = await openStore(t, root);
  const [expected, evaluated] = [await train(once), await all(once.evaluationBatches('validation', 6))];
  await once.close();
  const pack = join(root, 'cache', (await files(join(root, 'cache')))[0]!);
  const sound = await readFile(pack);
  const damages: [string, () => Promise<unknown>][] = [
    [
      'a byte in each hundred',
      () =>
        writeFile(
          pack,
          sound.map((byte, i) => (i % 100 === 7 ? byte ^ 1 : byte)),
        ),
    ],
    ['zeros', () => writeFile(pack, Buffer.alloc(sound.length))],
    // What two images have is exchanged: sound bytes, but of another image.
    ['moved', () => writeFile(pack, Buffer.concat([sound.subarray(1000), sound.subarray(0, 1000)]))],
  ];
  for (const [words, damage] of damages) {
    await damage();
    const notices: string[] = [];
    const store = await openStore(t, root, { onNotice: ({ code, file }) => notices.push(`${code} ${file ?? ''}`) });
    assert.deepEqual(await train(store), expected, words);
    assert.deepEqual(await all(store.evaluationBatches('validation', 6)), evaluated, words);
    assert.deepEqual(notices, [`CACHE_DAMAGED ${pack}`], words);
    await store.close();
    for (const file of await files(join(root, 'cache')))
      if (join(root, 'cache', file) !== pack) await rm(join(root, 'cache', file));
  }
  // A pack that is cut short while it is in use.
  await writeFile(pack, sound);
  const notices: string[] = [];
  const store = await openStore(t, root, { onNotice: ({ code }) => notices.push(code) });
  await truncate(pack, 100);
  assert.deepEqual(await train(store), expected);
  assert.deepEqual(notices, ['CACHE_DAMAGED']);
  await store.close();
  // What was decoded again is kept.
  const again = await openStore(t, root);
  assert.deepEqual(await train(again), expected);
});

test('images are looked at when they are needed, a few batches ahead and no more', async (t) => {
  const root = await twoClasses(t);
  const skipped: string[] = [];
  const first = await openStore(t, root);
  const order = (await train(first)).flatMap(({ samples }) => samples);
  await first.close();
  const last = first.splits.train.at(order.at(-1)!).path;
  await rm(join(root, 'cache'), { recursive: true });
  await writeFile(last, 'no image');

  const store = await openStore(t, root, { onSkipped: ({ file }) => skipped.push(file!) });
  assert.deepEqual(await files(join(root, 'cache')), []);
  const batches = store.trainBatches({ batchSize: 2, seed: 5, epoch: 0, augmentation });
  await batches.next();
  assert.deepEqual(skipped, [], 'its batch is the seventh');
  await writeFile(last, await encoded(30, 30, 99));
  const rest: number[] = [];
  for await (const { samples } of batches) rest.push(...samples);
  assert.deepEqual(rest, order.slice(2), 'so it was not yet looked at after the first');
  assert.deepEqual(skipped, []);
});

test('an image that changes between two epochs is seen as it is now', async (t) => {
  const root = await twoClasses(t);
  const store = await openStore(t, root);
  const before = await all(store.evaluationBatches('train', 14));
  const { path } = store.splits.train.at(5);
  await writeFile(path, await encoded(33, 21, 77));
  await utimes(path, new Date(), new Date(Date.now() + 5000));
  const [after] = await all(store.evaluationBatches('train', 14));
  assert.deepEqual(
    Buffer.from(after!.images.subarray(5 * imageBytes, 6 * imageBytes)),
    Buffer.from(await evaluationPixels(path, transform)),
  );
  assert.deepEqual(after!.images.subarray(0, 5 * imageBytes), before[0]!.images.subarray(0, 5 * imageBytes));
});

test('unreadable images are left out of their batches, and each is reported once, when it is found', async (t) => {
  const root = await twoClasses(t);
  await writeTree(root, {
    'set/a/broken.jpg': 'no image',
    'set/a/empty.png': '',
    'set/b/cut.png': (await encoded(40, 40, 1)).subarray(0, 200),
  });
  const skipped: string[] = [];
  const store = await openStore(t, root, {
    onSkipped: ({ code, file }) => {
      assert.equal(code, 'IMAGE_UNREADABLE');
      skipped.push(basename(file!));
    },
  });
  const bad = ['broken.jpg', 'cut.png', 'empty.png'];
  const isBad = (split: 'train' | 'validation', sample: number) =>
    bad.includes(basename(store.splits[split].at(sample).path));
  assert.equal(store.splits.train.length + store.splits.validation.length, 23);
  for (const more of [{}, { mixup: 0.8 }]) {
    const first = await all(
      store.trainBatches({ batchSize: 4, seed: 5, epoch: 0, augmentation: { ...augmentation, ...more } }),
    );
    const order = [...epochOrder(store.splits.train.length, 5, 0)];
    first.forEach(({ samples, count, weights, targets, images, mixing }, i) => {
      const asked = order.slice(4 * i, 4 * i + 4);
      assert.deepEqual(
        samples,
        asked.filter((sample) => !isBad('train', sample)),
      );
      assert.equal(count, samples.length);
      assert.deepEqual(
        [...weights, ...targets.filter((_, at) => at >= 2 * count)],
        [1, 1, 1, 1].map((one, at) => (at < count ? one : 0)).concat(Array(8 - 2 * count).fill(0)),
      );
      samples.forEach((sample, at) => assert.equal(targets[2 * at + store.splits.train.at(sample).label], 1));
      assert.ok(images.subarray(count * imageBytes).every((v) => v === 0));
      if ('mixup' in more) assert.equal(mixing!.partners.length, count);
    });
    // Now it is known before; the batches are the same.
    assert.deepEqual(
      await all(store.trainBatches({ batchSize: 4, seed: 5, epoch: 0, augmentation: { ...augmentation, ...more } })),
      first,
    );
  }
  const [whole] = await all(store.evaluationBatches('validation', 10));
  assert.deepEqual(
    whole!.samples,
    [...plainOrder(store.splits.validation.length)].filter((sample) => !isBad('validation', sample)),
  );
  assert.deepEqual(skipped.sort(), bad);
});

for (const batchSize of [1, 2])
  test(`a batch of ${batchSize} may have no readable image at all`, async (t) => {
    const root = await twoClasses(t);
    const order = [...epochOrder((await openStore(t, root)).splits.train.length, 5, 0)];
    const skipped: string[] = [];
    const store = await openStore(t, root, { onSkipped: ({ file }) => skipped.push(file!) });
    const paths = order.slice(2, 2 + batchSize).map((sample) => store.splits.train.at(sample).path);
    for (const path of paths) await writeFile(path, '');
    const batches = await train(store, 0, 0, batchSize);
    assert.equal(batches.length, 14 / batchSize);
    const empty = batches[2 / batchSize]!;
    assert.deepEqual(
      [empty.count, empty.samples, empty.weights.some(Boolean), empty.images.some(Boolean)],
      [0, [], false, false],
    );
    assert.deepEqual(
      batches.flatMap(({ samples }) => samples),
      order.filter((_, i) => i < 2 || i >= 2 + batchSize),
    );
    assert.deepEqual(skipped, paths);
  });

test('a run ends where too few images are readable, as soon as that is known', async (t) => {
  const code = (expected: string) => (error: unknown) =>
    error instanceof UserError && error.code === expected && error.remedy.length > 0;
  const one = await temporaryFolder(t);
  const good = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`set/a/${i}.png`, { seed: i }]));
  await writeTree(one, { ...good, 'set/b/1.png': 'x', 'set/b/2.png': 'y' });
  await assert.rejects(train(await openStore(t, one), 0, 0, 2), code('CLASS_LOST'));
  const none = await temporaryFolder(t);
  await writeTree(none, { 'set/a/1.png': 'x', 'set/a/2.png': 'x', 'set/b/1.png': 'y', 'set/b/2.png': 'y' });
  await assert.rejects(train(await openStore(t, none), 0, 0, 1), code('NO_READABLE_IMAGES'));
  const unjudged = await openStore(t, await twoClasses(t));
  unjudged.requireValidation();
  for (const { path } of unjudged.splits.validation) await writeFile(path, 'z');
  assert.equal((await train(unjudged)).length, 4);
  await assert.rejects(all(unjudged.evaluationBatches('validation', 4)), code('VALIDATION_EMPTY'));
});

test('a dataset that goes away as a whole has no unreadable images', async (t) => {
  const root = await twoClasses(t);
  const store = await openStore(t, root, { onSkipped: ({ message }) => assert.fail(message) });
  await rm(join(root, 'set'), { recursive: true });
  await assert.rejects(train(store), { code: 'DATASET_MISSING' });
});

test('an image that goes away during the run is named', async (t) => {
  const root = await twoClasses(t);
  await writeFile(join(root, 'no folder'), '');
  const store = await openStore(t, root, { cacheFolder: join(root, 'no folder'), onNotice: () => undefined });
  await train(store);
  const gone = store.splits.train.at(3).path;
  await rm(gone);
  await assert.rejects(
    train(store),
    (error) => error instanceof UserError && error.code === 'IMAGE_LOST' && error.place.file === gone,
  );
  // The thread that hit the error continues to work.
  assert.equal((await all(store.evaluationBatches('validation', 6))).length, 1);
});

test('cancelling ends the batches', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  const controller = new AbortController();
  const batches = store.trainBatches({ batchSize: 2, seed: 1, epoch: 0, augmentation, signal: controller.signal });
  assert.equal((await batches.next()).done, false);
  controller.abort();
  await assert.rejects(batches.next(), { name: 'AbortError' });
  const again = all(store.evaluationBatches('train', 4, AbortSignal.abort()));
  await assert.rejects(again, { name: 'AbortError' });
  assert.equal((await all(store.evaluationBatches('train', 7))).length, 2);
});

test('batches may be left early, and two uses may run side by side', async (t) => {
  const store = await openStore(t, await twoClasses(t));
  for await (const batch of store.trainBatches({ batchSize: 2, seed: 1, epoch: 0, augmentation })) {
    assert.equal(batch.count, 2);
    break;
  }
  const [training, evaluation] = await Promise.all([train(store), all(store.evaluationBatches('validation', 2))]);
  assert.deepEqual([training.length, evaluation.length], [4, 3]);
});
