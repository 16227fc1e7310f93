/** Wrong labels are found where the classes can be told apart, and right ones are left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { foldsOf } from '../../../src/trainer/insight/folds.js';
import { labelErrors } from '../../../src/trainer/insight/labelErrors.js';
import { gainOfDoubling, learningCurve } from '../../../src/trainer/insight/learningCurve.js';
import { nearestNeighbours } from '../../../src/trainer/insight/nearest.js';
import { crossValidate, momentsByFold } from '../../../src/trainer/insight/outOfFold.js';
import { meanOf, standardised } from '../../../src/trainer/insight/standardise.js';

/** Three classes around centres of their own. */
function clusters(images: number, width: number, spread: number) {
  const random = new Random(1, 'clusters');
  const centres = Float32Array.from({ length: 3 * width }, () => random.normal());
  const truth = Int32Array.from({ length: images }, (_, i) => i % 3);
  const values = Float32Array.from(
    { length: images * width },
    (_, i) => centres[truth[Math.floor(i / width)]! * width + (i % width)]! + spread * random.normal(),
  );
  return { truth, features: { width, values } };
}

async function validated(features: { width: number; values: Float32Array }, labels: Int32Array, classes: number) {
  const data = { features: standardised(features, meanOf(features, [...labels.keys()])), labels, classes };
  const folds = foldsOf(labels, Int32Array.from(labels.keys()), 5, 0);
  const moments = momentsByFold(data, folds, 5);
  return {
    data,
    folds,
    moments,
    ...(await crossValidate(data, folds, await nearestNeighbours(features, 30), moments)),
  };
}

test('planted errors come first, with the label that is right', async () => {
  const { truth, features } = clusters(240, 16, 0.7);
  const labels = truth.slice();
  const planted = [3, 50, 77, 121, 200];
  for (const i of planted) labels[i] = (truth[i]! + 1) % 3;
  const { probabilities, accuracy } = await validated(features, labels, 3);
  const found = labelErrors(probabilities, labels, 3);
  assert.deepEqual(
    found
      .slice(0, planted.length)
      .map(({ image }) => image)
      .sort((a, b) => a - b),
    planted,
  );
  for (const { image, given, suggested, confidence } of found.slice(0, planted.length)) {
    assert.deepEqual([given, suggested], [labels[image], truth[image]]);
    assert.ok(confidence > 0.5 && confidence <= 1);
  }
  assert.ok(accuracy > 0.9);
});

test('an image without a label is in no fold of the head, and has no error', async () => {
  const { truth, features } = clusters(90, 8, 0.3);
  const labels = truth.slice();
  labels[4] = -1;
  const { probabilities } = await validated(features, labels, 3);
  assert.ok(!labelErrors(probabilities, labels, 3).some(({ image }) => image === 4));
  assert.ok(probabilities.every(Number.isFinite));
});

test('a class with one image, and one with none, are borne', async () => {
  const { truth, features } = clusters(60, 8, 0.3);
  const labels = truth.map((label) => (label === 2 ? 0 : label));
  labels[0] = 2;
  const { probabilities, data, folds, moments, penalty } = await validated(features, labels, 4);
  assert.ok(probabilities.every(Number.isFinite));
  const curve = await learningCurve(data, folds, moments, penalty);
  assert.ok(curve.every(({ images }, i) => i === 0 || images > curve[i - 1]!.images));
  assert.ok(gainOfDoubling(curve) >= 0);
});

test('a group is in one fold, and each class is spread over all', () => {
  const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
  const groups = Int32Array.from({ length: 100 }, (_, i) => Math.floor(i / 4));
  const folds = foldsOf(labels, groups, 5, 0);
  for (let i = 0; i < 100; i++) assert.equal(folds[i], folds[4 * groups[i]!]);
  for (let fold = 0; fold < 5; fold++) assert.equal(folds.filter((each) => each === fold).length, 20);
});

test('neighbours are those of a search through all pairs, over several tiles', async () => {
  const { features } = clusters(1100, 8, 1);
  const { values, width } = features;
  const { count, indices, similarities } = await nearestNeighbours(features, 5);
  const unit = (i: number): Float32Array => values.subarray(i * width, (i + 1) * width);
  const cosine = (a: Float32Array, b: Float32Array): number => {
    const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  for (const i of [0, 1023, 1024, 1099]) {
    const all = [...Array(1100).keys()]
      .filter((j) => j !== i)
      .sort((a, b) => cosine(unit(i), unit(b)) - cosine(unit(i), unit(a)));
    assert.deepEqual([...indices.subarray(i * count, (i + 1) * count)], all.slice(0, 5));
    assert.ok(Math.abs(similarities[i * count]! - cosine(unit(i), unit(all[0]!))) < 1e-5);
  }
});
