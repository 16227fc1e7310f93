/**
 * Planted copies: photos of each dataset are copied in seven ways, and looked for among all photos by ViTune and by
 * imagededup. Prints a table.
 *
 * `node --import tsx bench/audit/duplicates.ts DATASET...`; PYTHON names an interpreter with imagededup.
 */
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CheckedImages } from '../../src/trainer/data/checkedImages.js';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { openFeatureModel } from '../../src/trainer/insight/featureModel.js';
import { featuresOf } from '../../src/trainer/insight/features.js';
import { nearDuplicates } from '../../src/trainer/insight/nearDuplicates.js';
import { nearestNeighbours } from '../../src/trainer/insight/nearest.js';
import { cacheFolder, checkedFolder } from '../../src/trainer/runs/cacheFolder.js';
import { plantCopies } from './plantCopies.js';

/** Photos of each dataset that are copied. */
const copied = 40;
const folder = fileURLToPath(new URL('../../build/bench/copies/', import.meta.url));
rmSync(folder, { recursive: true, force: true });

interface Planted {
  path: string;
  /** The number of the image that it is a copy of, or its own. */
  origin: number;
  change: string;
}
const images: Planted[] = [];
for (const root of process.argv.slice(2)) {
  const { splits } = await scanDataset(root, { validationSplit: 0.2, seed: 42 });
  const paths = [...splits.train, ...splits.validation, ...splits.test].map(({ path }) => path);
  const first = images.length;
  paths.forEach((path, i) => images.push({ path, origin: first + i, change: '' }));
  for (let place = 0; place < copied; place++) {
    const i = Math.floor((place * paths.length) / copied);
    const copies = await plantCopies(paths[i]!, join(folder, basename(root)), place);
    for (const [change, path] of Object.entries(copies)) images.push({ path, origin: first + i, change });
  }
}
const paths = images.map(({ path }) => path);
const checked = await CheckedImages.open(checkedFolder(cacheFolder()), folder);
const thumbnails: Uint8Array[] = [];
for (const path of paths) thumbnails.push((await checked.check(path)).look.thumbnail);
await checked.save(false);
const features = await featuresOf(await openFeatureModel('embedded'), folder, paths, {
  cacheFolder: cacheFolder(),
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onNotice: ({ message }) => console.error(message),
});
const begun = performance.now();
const pairs = await nearDuplicates(await nearestNeighbours(features, 64), thumbnails);
console.log(`${images.length} images, ${((performance.now() - begun) / 1000).toFixed(1)} s from features to pairs`);
writeFileSync(join(folder, 'pairs.json'), JSON.stringify({ images, pairs: pairs.map(({ a, b }) => [a, b]) }));
const script = fileURLToPath(new URL('compare_duplicates.py', import.meta.url));
const { status } = spawnSync(process.env.PYTHON ?? 'python3', [script, folder], { stdio: 'inherit' });
process.exitCode = status ?? 1;
