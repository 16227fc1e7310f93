/**
 * How well a map keeps neighbours: the trustworthiness (Venna and Kaski, 2001) of 15 neighbours, beside umap-learn on
 * the same features and cosine. PYTHON is a Python with umap-learn.
 *
 * `PYTHON=python node --import tsx bench/map/trust.ts DATASET...`
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { readableImages } from '../../src/trainer/insight/audit.js';
import { openFeatureModel } from '../../src/trainer/insight/featureModel.js';
import { featuresOf } from '../../src/trainer/insight/features.js';
import { nearestNeighbours } from '../../src/trainer/insight/nearest.js';
import { umap } from '../../src/trainer/insight/umap.js';
import { cacheFolder } from '../../src/trainer/runs/cacheFolder.js';

const judge = `
import sys, time, numpy as np, umap
from sklearn.manifold import trustworthiness
folder, width = sys.argv[1], int(sys.argv[2])
features = np.fromfile(folder + '/features', np.float32).reshape(-1, width)
places = np.fromfile(folder + '/places', np.float32).reshape(-1, 2)
unit = features / np.linalg.norm(features, axis=1, keepdims=True)
theirs = umap.UMAP(metric='cosine', random_state=0).fit_transform(unit)
said = [trustworthiness(unit, each, n_neighbors=15, metric='cosine') for each in (places, theirs)]
print('| %.3f | %.3f |' % tuple(said))
`;

const model = await openFeatureModel('embedded');
const options = {
  cacheFolder: cacheFolder(),
  signal: new AbortController().signal,
  onProgress: () => undefined,
  onNotice: () => undefined,
};
for (const path of process.argv.slice(2)) {
  const dataset = await scanDataset(path, { validationSplit: 0.2, seed: 42 });
  const paths = (await readableImages(dataset, options)).map(({ sample }) => sample.path);
  const features = await featuresOf(model, dataset.root, paths, options);
  const places = await umap(features, await nearestNeighbours(features, 64));
  const folder = mkdtempSync(join(tmpdir(), 'map-'));
  writeFileSync(join(folder, 'features'), features.values);
  writeFileSync(join(folder, 'places'), places);
  const args = ['-W', 'ignore', '-c', judge, folder, String(features.width)];
  const row = execFileSync(process.env.PYTHON ?? 'python3', args, { encoding: 'utf8' }).trim();
  console.log(`| ${basename(path)} | ${features.rows.length} ${row}`);
  rmSync(folder, { recursive: true });
}
