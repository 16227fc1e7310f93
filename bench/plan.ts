/**
 * Prints the input of a ViTune run, so that the peer reads the same: the images of each split with their labels, and the
 * order of each epoch.
 */
import { scanDataset } from '../src/trainer/data/scan.js';
import { epochOrder } from '../src/trainer/data/store.js';
import type { Samples } from '../src/trainer/data/samples.js';

const [folder, seed, epochs] = process.argv.slice(2) as [string, string, string];
const { labels, splits } = await scanDataset(folder, { validationSplit: 0.2, seed: Number(seed) });
const pairs = (samples: Samples) => [...samples].map(({ path, label }) => [path, label]);
const orders = Array.from({ length: Number(epochs) }, (_, epoch) => [
  ...epochOrder(splits.train.length, Number(seed), epoch),
]);
console.log(JSON.stringify({ labels, train: pairs(splits.train), validation: pairs(splits.validation), orders }));
