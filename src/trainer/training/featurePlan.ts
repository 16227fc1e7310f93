/**
 * Decides whether features are computed once and kept: compares the request of the config with the network and the size
 * of the cache.
 */
import { cutOf, type ModelSpec } from '../compile/compile.js';
import type { LoadedConfig } from '../config/load.js';
import { takesSteps } from '../config/methods.js';
import type { TrainConfig } from '../config/schema.js';
import type { Dataset } from '../data/dataset.js';
import { errors } from '../errors/errors.js';
import type { FeaturePlan } from '../insight/featureStore.js';
import { sizeOf } from '../ir/shape.js';
import { mapOf } from '../nn/networkMap.js';
import type { ErrorInfo } from '../protocol.js';

/** By default features are kept only if the frozen part has at least this share of a step's multiplications. */
const worthwhile = 0.5;

/** The augmentation in the config: none, the default crops and flips, or explicit choices. */
function augmentationOf({
  augmentation: { randomResizedCrop, horizontalFlip, randAugment, randomErasing },
}: TrainConfig): 'none' | 'usual' | 'chosen' {
  if (randAugment !== false || randomErasing > 0) return 'chosen';
  return randomResizedCrop !== false || horizontalFlip > 0 ? 'usual' : 'none';
}

/**
 * How the run keeps features, or undefined if it does not. By default it keeps them for a head, and for other methods
 * only if no requested augmentation is lost: with fixed views, or without augmentation.
 * @throws UserError if features are requested and the network has no frozen part.
 */
export function planFeatures(
  { config, placeOf }: LoadedConfig,
  model: ModelSpec,
  { train, validation, test }: Dataset['splits'],
  limit: number,
  onNotice: (notice: ErrorInfo) => void,
): FeaturePlan | undefined {
  const { featureCache, method, augmentation } = config;
  // Features are all that such a method has: what a head would be trained on.
  if (!takesSteps(method))
    return { cut: cutOf({ ...model, method: { ...model.method, trains: mapOf(model.config).isHead } })!, views: 1 };
  if (featureCache === false) return undefined;
  const cut = cutOf(model);
  // Images are mixed with others of their batch, which is another in each epoch.
  if (!cut?.share || augmentation.mixup || augmentation.cutmix) {
    if (featureCache === true) throw errors.featuresImpossible(placeOf('featureCache'));
    return undefined;
  }
  const wanted = augmentationOf(config);
  const isFixed =
    wanted === 'none' || augmentation.views !== undefined || (wanted === 'usual' && method.type === 'head');
  if (featureCache === 'auto' && (cut.share < worthwhile || !isFixed)) return undefined;
  const views = wanted === 'none' ? 1 : (augmentation.views ?? 1);
  const plan = { cut, views: Math.min(views, config.epochs) };
  const bytes = 4 * sizeOf(cut.shape) * (plan.views * train.length + validation.length + test.length);
  if (bytes <= limit) return plan;
  onNotice(errors.featuresTooLarge(bytes, limit).toInfo());
  return undefined;
}
