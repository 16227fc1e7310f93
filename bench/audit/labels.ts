/**
 * Planted label errors: 5 % of the labels of each dataset are changed, with three seeds, and looked for by ViTune and by
 * cleanlab on the same features and folds. Prints a table.
 *
 * `node --import tsx bench/audit/labels.ts DATASET...`; PYTHON names an interpreter with cleanlab and scikit-learn.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../../src/trainer/core/random.js';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { openFeatureModel } from '../../src/trainer/insight/featureModel.js';
import { featuresOf } from '../../src/trainer/insight/features.js';
import { foldsOf } from '../../src/trainer/insight/folds.js';
import { labelErrors } from '../../src/trainer/insight/labelErrors.js';
import { nearestNeighbours } from '../../src/trainer/insight/nearest.js';
import { crossValidate, momentsByFold } from '../../src/trainer/insight/outOfFold.js';
import { meanOf, standardised } from '../../src/trainer/insight/standardise.js';
import { cacheFolder } from '../../src/trainer/runs/cacheFolder.js';

const share = 0.05;
const seeds = [0, 1, 2];
const folder = fileURLToPath(new URL('../../build/bench/audit/', import.meta.url));
mkdirSync(folder, { recursive: true });

interface Case {
  name: string;
  seed: number;
  width: number;
  classes: number;
  labels: number[];
  folds: number[];
  planted: number[];
  /** ViTune's probable errors, the surest first, and all images by the probability that their label is wrong. */
  found: number[];
  ranked: number[];
}

const cases: Case[] = [];
const model = await openFeatureModel('embedded');
for (const root of process.argv.slice(2)) {
  const { splits } = await scanDataset(root, { validationSplit: 0.2, seed: 42 });
  const samples = [...splits.train, ...splits.validation, ...splits.test];
  const features = await featuresOf(
    model,
    root,
    samples.map(({ path }) => path),
    {
      cacheFolder: cacheFolder(),
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onNotice: ({ message }) => console.error(message),
    },
  );
  const truth = Int32Array.from(features.rows, (row) => samples[row]!.label);
  const classes = Math.max(...truth) + 1;
  const name = basename(root);
  const data = standardised(features, meanOf(features, [...truth.keys()]));
  const neighbours = await nearestNeighbours(features, 64);
  writeFileSync(join(folder, `${name}.f32`), new Uint8Array(data.values.buffer));
  for (const seed of seeds) {
    const random = new Random(seed, 'planted');
    const planted = random.shuffle([...truth.keys()]).slice(0, Math.round(share * truth.length));
    const labels = truth.slice();
    for (const i of planted) labels[i] = (truth[i]! + 1 + random.below(classes - 1)) % classes;
    const folds = foldsOf(labels, Int32Array.from(truth.keys()), 5, seed);
    const labelled = { features: data, labels, classes };
    const { probabilities } = await crossValidate(labelled, folds, neighbours, momentsByFold(labelled, folds, 5));
    const own = (i: number): number => probabilities[i * classes + labels[i]!]!;
    cases.push({
      name,
      seed,
      width: data.width,
      classes,
      labels: [...labels],
      folds: [...folds],
      planted,
      found: labelErrors(probabilities, labels, classes).map(({ image }) => image),
      ranked: [...truth.keys()].sort((a, b) => own(a) - own(b)),
    });
  }
}
writeFileSync(join(folder, 'cases.json'), JSON.stringify(cases));
const script = fileURLToPath(new URL('compare_labels.py', import.meta.url));
const { status } = spawnSync(process.env.PYTHON ?? 'python3', [script, folder], { stdio: 'inherit' });
process.exitCode = status ?? 1;
