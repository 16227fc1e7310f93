/** The places of a map: neighbours of the features stay neighbours in the plane. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import type { Features } from '../../../src/trainer/insight/features.js';
import { nearestNeighbours } from '../../../src/trainer/insight/nearest.js';
import { fuzzyGraph, umap } from '../../../src/trainer/insight/umap.js';

const width = 16;

/** Images of some classes, one after another. */
function clusters(images: number, classes: number): Features {
  const random = new Random(3, 'clusters');
  const centres = Float32Array.from({ length: classes * width }, () => random.normal());
  const at = (i: number, d: number) => centres[(i % classes) * width + d]! + 0.3 * random.normal();
  const values = Float32Array.from({ length: images * width }, (_, at_) => at(Math.floor(at_ / width), at_ % width));
  return { width, values };
}

const placed = async (features: Features) => umap(features, await nearestNeighbours(features, 20));

/** The images that are nearest to `i` by the squared distance `of` two, the nearest first. */
function ranked(images: number, i: number, of: (i: number, j: number) => number): number[] {
  const others = [...Array(images).keys()].filter((j) => j !== i);
  const distances = others.map((j) => of(i, j));
  return others
    .map((_, at) => at)
    .sort((one, other) => distances[one]! - distances[other]!)
    .map((at) => others[at]!);
}

test('neighbours on the map are neighbours by their features', async () => {
  const images = 240;
  const features = clusters(images, 6);
  const places = await placed(features);
  assert.ok(places.every(Number.isFinite));
  const inPlane = (i: number, j: number) =>
    (places[2 * i]! - places[2 * j]!) ** 2 + (places[2 * i + 1]! - places[2 * j + 1]!) ** 2;
  const { values } = features;
  const byFeatures = (i: number, j: number) => {
    let [dot, one, other] = [0, 0, 0];
    for (let d = 0; d < width; d++) {
      const [p, q] = [values[i * width + d]!, values[j * width + d]!];
      [dot, one, other] = [dot + p * q, one + p * p, other + q * q];
    }
    return 1 - dot / Math.sqrt(one * other);
  };
  // Trustworthiness (Venna and Kaski, 2001) of five neighbours: 1 is perfect, chance is near 0.5.
  const k = 5;
  let [penalty, sameClass] = [0, 0];
  for (let i = 0; i < images; i++) {
    const ranks = new Map(ranked(images, i, byFeatures).map((j, at) => [j, at + 1]));
    for (const j of ranked(images, i, inPlane).slice(0, k)) {
      penalty += Math.max(0, ranks.get(j)! - k);
      if (i % 6 === j % 6) sameClass++;
    }
  }
  const trustworthiness = 1 - (2 / (images * k * (2 * images - 3 * k - 1))) * penalty;
  assert.ok(trustworthiness > 0.93, `trustworthiness ${trustworthiness}`);
  assert.equal(sameClass, images * k);
});

test('the same features have the same places to the bit; equal images and few images have places too', async () => {
  const features = clusters(60, 3);
  assert.deepEqual(await placed(features), await placed(features));
  const equal = await placed({ width, values: new Float32Array(40 * width).fill(1) });
  assert.ok(equal.every(Number.isFinite));
  assert.equal((await placed(clusters(5, 2))).filter(Number.isFinite).length, 10);
});

test('a cancelled layout ends with the reason', async () => {
  const features = clusters(60, 3);
  const neighbours = await nearestNeighbours(features, 20);
  const controller = new AbortController();
  const reason = new Error('enough');
  const shares: number[] = [];
  const work = umap(features, neighbours, {
    signal: controller.signal,
    onProgress(share) {
      shares.push(share);
      if (shares.length === 3) controller.abort(reason);
    },
  });
  await assert.rejects(work, reason);
  assert.equal(shares.length, 3);
});

test('a pair is as sure as its two images make it together, and certain for the nearest of either', () => {
  // 0 and 1 are nearest to each other, and 1 is nearest to 2.
  const graph = fuzzyGraph(
    {
      count: 2,
      indices: Int32Array.of(1, 2, 0, 2, 1, 0),
      similarities: Float32Array.of(0.9, 0.1, 0.9, 0.2, 0.2, 0.1),
    },
    3,
  );
  const weight = (i: number, j: number) => {
    for (let edge = graph.starts[i]!; edge < graph.starts[i + 1]!; edge++)
      if (graph.ends[edge] === j) return graph.weights[edge]!;
    return 0;
  };
  assert.equal(weight(0, 1), 1);
  assert.equal(weight(0, 1), weight(1, 0));
  assert.equal(weight(0, 2), weight(2, 0));
  assert.equal(weight(2, 1), 1);
  // Both hold each other for the second of two: each alone by log2(3) − 1, together by p + q − p·q.
  const alone = Math.log2(3) - 1;
  assert.ok(Math.abs(weight(0, 2) - (2 * alone - alone ** 2)) < 1e-3);
});
