/**
 * From images without classes to a dataset, on labelled photos whose labels are hidden: how pure the groups are beside
 * scikit-learn's KMeans on the same features, what "label next" is worth beside a random choice, and how many of the
 * suggestions above a threshold are right. Prints tables.
 *
 * `node --import tsx bench/from-nothing/measure.ts DATASET...`; PYTHON names an interpreter with scikit-learn.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../../src/trainer/core/random.js';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { openFeatureModel } from '../../src/trainer/insight/featureModel.js';
import { featuresOf, type Features } from '../../src/trainer/insight/features.js';
import { informative, marginsOf } from '../../src/trainer/insight/fromNothing.js';
import { chooseClusters } from '../../src/trainer/insight/kMeans.js';
import { teach } from '../../src/trainer/insight/labelledHead.js';
import { meanOf, standardised } from '../../src/trainer/insight/standardise.js';
import { cacheFolder } from '../../src/trainer/runs/cacheFolder.js';

const seeds = [0, 1, 2];
/** The share of the images that is kept for the accuracy. */
const held = 0.3;
const rounds = 6;
const thresholds = [0, 0.8, 0.9, 0.95];
const { signal } = new AbortController();
const folder = fileURLToPath(new URL('../../build/bench/from-nothing/', import.meta.url));
mkdirSync(folder, { recursive: true });

interface Photos {
  name: string;
  truth: number[];
  classes: number;
  features: Features;
}

async function open(root: string): Promise<Photos> {
  const { splits } = await scanDataset(root, { validationSplit: 0, seed: 0 });
  const samples = [...splits.train, ...splits.validation, ...splits.test];
  const features = await featuresOf(
    await openFeatureModel('embedded'),
    root,
    samples.map(({ path }) => path),
    {
      cacheFolder: cacheFolder(),
      signal,
      onProgress: () => undefined,
      onNotice: ({ message }) => console.error(message),
    },
  );
  const truth = features.rows.map((row) => samples[row]!.label);
  const data = standardised(features, meanOf(features, [...truth.keys()]));
  return { name: basename(root), truth, classes: Math.max(...truth) + 1, features: data };
}

const rowsOf = ({ values, width }: Features, rows: readonly number[]): Features => ({
  width,
  values: Float32Array.from(rows.flatMap((row) => [...values.subarray(row * width, (row + 1) * width)])),
});

/** Of labels `known` of images, what is said of the others, and whether it is right. */
async function learn({ features, truth, classes }: Photos, known: readonly number[], others: readonly number[]) {
  const labels = Int32Array.from(known, (image) => truth[image]!);
  const taught = await teach(rowsOf(features, [...known, ...others]), labels, classes, signal);
  const said = others.map((image, row) => {
    const own = taught.probabilities.subarray(row * classes, (row + 1) * classes);
    const confidence = Math.max(...own);
    const isRight = own.indexOf(confidence) === truth[image];
    return { confidence, isRight, isUnknown: taught.isUnknown[row]! };
  });
  return { taught, said };
}

interface Score {
  name: string;
  strategy: 'next' | 'random';
  seed: number;
  labelled: number;
  accuracy: number;
}

/** Accuracy on held images after each round of labelling as many images as there are classes. */
async function rank(photos: Photos, seed: number, strategy: Score['strategy'], scores: Score[]): Promise<number[]> {
  const { truth, classes, features, name } = photos;
  const shuffled = new Random(seed, 'held').shuffle([...truth.keys()]);
  const test = shuffled.slice(0, Math.round(held * truth.length));
  let pool = shuffled.slice(test.length);
  const random = new Random(seed, 'random');
  const known: number[] = [];
  for (let round = 0; round < rounds && pool.length > classes; round++) {
    const isTaught = new Set(known.map((image) => truth[image])).size > 1;
    const margins = isTaught ? marginsOf((await learn(photos, known, pool)).taught, classes) : undefined;
    const chosen =
      strategy === 'random'
        ? random.shuffle([...pool.keys()]).slice(0, classes)
        : await informative(rowsOf(features, pool), classes, { margins, signal });
    known.push(...chosen.map((row) => pool[row]!));
    pool = pool.filter((_, row) => !chosen.includes(row));
    const { said } = await learn(photos, known, test);
    const accuracy = said.filter(({ isRight }) => isRight).length / said.length;
    scores.push({ name, strategy, seed, labelled: known.length, accuracy });
  }
  return known;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const clusterings: object[] = [];
const scores: Score[] = [];
const accepted: string[] = [];
for (const root of process.argv.slice(2)) {
  const photos = await open(root);
  const { name, features, truth, classes } = photos;
  writeFileSync(join(folder, `${name}.f32`), new Uint8Array(features.values.buffer));
  const options = { signal, seed: 0, onProgress: () => undefined };
  for (const [rule, count] of [
    ['chosen', undefined],
    ['as many as classes', classes],
  ] as const) {
    const { of, count: groups } = await chooseClusters(features, count, options);
    clusterings.push({ name, rule, groups, width: features.width, truth, of: [...of] });
  }
  for (const seed of seeds) {
    const known = await rank(photos, seed, 'next', scores);
    await rank(photos, seed, 'random', scores);
    const rest = [...truth.keys()].filter((image) => !known.includes(image));
    const { said } = await learn(photos, known, rest);
    for (const threshold of thresholds) {
      const taken = said.filter(({ confidence, isUnknown }) => !isUnknown && confidence >= threshold);
      const right = taken.filter(({ isRight }) => isRight).length;
      const share = taken.length ? percent(right / taken.length) : '–';
      const row = [name, seed, known.length, percent(threshold), `${taken.length} of ${said.length}`, share];
      accepted.push(`| ${row.join(' | ')} |`);
    }
  }
}
writeFileSync(join(folder, 'measured.json'), JSON.stringify({ clusterings, scores }));
const script = fileURLToPath(new URL('compare_groups.py', import.meta.url));
const { status } = spawnSync(process.env.PYTHON ?? 'python3', [script, folder], { stdio: 'inherit' });
console.log('\n| dataset | seed | labelled | threshold | accepted | right |\n| --- | --- | --- | --- | --- | --- |');
console.log(accepted.join('\n'));
process.exitCode = status ?? 1;
