/** The features of images: read from the cache where they are kept, computed where not, and kept for the next time. */
import { ImageStore } from '../data/store.js';
import type { Dataset } from '../data/dataset.js';
import { Samples } from '../data/samples.js';
import { createEngine } from '../engine/createEngine.js';
import { sizeOf } from '../ir/shape.js';
import type { ErrorInfo, Task } from '../protocol.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import type { FeatureModel } from './featureModel.js';
import { featureName } from './featureName.js';
import { FeatureStore } from './featureStore.js';

export interface Features {
  /** Numbers of an image. */
  width: number;
  /** [images, width], row by row. */
  values: Float32Array;
}

export interface FeatureOptions {
  cacheFolder: string;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
  onNotice: (notice: ErrorInfo) => void;
}

/** An image without a label: its features depend on its pixels alone. */
const unlabelled = { label: 0 };
const oneTask: Task[] = [{ name: '', labels: ['', ''], multiLabel: false }];

/**
 * The features of the images at `paths` that can be read; `rows` says which these are.
 * @throws UserError when none can be read, or a model's weights are missing.
 */
export async function featuresOf(
  { spec, cut, source }: FeatureModel,
  root: string,
  paths: readonly string[],
  { cacheFolder, signal, onProgress, onNotice }: FeatureOptions,
): Promise<Features & { rows: number[] }> {
  const samples = new Samples();
  for (const path of paths) samples.push(path, unlabelled);
  const empty = new Samples();
  const splits = { train: empty, validation: empty, test: samples };
  const dataset: Dataset = { root, labels: [], tasks: oneTask, splits, splitOrigin: 'folders', problems: [] };
  const images = await ImageStore.open({
    cacheFolder,
    cacheBytes: cacheLimit('images'),
    dataset,
    transform: source.transform,
    onSkipped: onNotice,
    onNotice,
  });
  const engine = createEngine('cpu');
  let store: FeatureStore | undefined;
  try {
    store = await FeatureStore.open({
      images,
      plan: { cut, views: 0 },
      model: spec,
      engine,
      cacheFolder,
      name: featureName(cut, spec, source, engine.device),
      limitBytes: cacheLimit('features'),
      seed: 0,
      augmentation: {
        randomResizedCrop: false,
        horizontalFlip: 0,
        randAugment: false,
        randomErasing: 0,
        mixup: 0,
        cutmix: 0,
      },
      signal,
      onProgress,
      onNotice,
    });
    const { samples: rows, features } = await store.all('test');
    return { width: sizeOf(cut.shape), values: features, rows };
  } finally {
    await store?.close();
    await images.close();
  }
}
