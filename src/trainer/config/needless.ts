/** Keys that mean nothing beside the solver of a head: what is given and would be ignored is refused by name. */
import { takesSteps } from './methods.js';
import type { TrainConfig } from './schema.js';

/** Keys that say how steps are taken, and what they are taken on. A head that is solved for has none. */
const stepKeys: readonly (keyof TrainConfig)[] = [
  'epochs',
  'maxSteps',
  'gradientAccumulationSteps',
  'gradientCheckpointing',
  'learningRate',
  'lrSchedulerType',
  'warmupRatio',
  'optim',
  'muonMomentum',
  'weightDecay',
  'adamBeta1',
  'adamBeta2',
  'adamEpsilon',
  'maxGradNorm',
  'labelSmoothingFactor',
  'loss',
  'focalGamma',
  'classWeights',
  'dropout',
  'dropPath',
  'patchDropout',
  'patchDropoutUntil',
  'ema',
  'featureCache',
  'augmentation',
  'evalSteps',
  'saveSteps',
  'saveTotalLimit',
  'loggingSteps',
  'earlyStoppingPatience',
  'metricForBestModel',
];

const isRidge = (config: TrainConfig): boolean => config.method.type === 'head' && !takesSteps(config.method);

/** The keys (`method.dropout`) in `given`, a config as it was written, that mean nothing to its solver. */
export function needlessKeys(config: TrainConfig, given: object): string[] {
  const { method } = given as { method?: unknown };
  const options = typeof method === 'object' && method !== null ? Object.keys(method) : [];
  const unused = isRidge(config) ? ['hidden', 'dropout'] : config.method.type === 'head' ? ['projection'] : [];
  return [
    ...(isRidge(config) ? stepKeys.filter((key) => key in given) : []),
    ...options.filter((key) => unused.includes(key)).map((key) => `method.${key}`),
  ];
}

/** The config without them, as a run keeps it: what loads it would refuse them. */
export function withoutNeedless(config: TrainConfig): object {
  const needless = needlessKeys(config, config);
  const without = (value: object, prefix = ''): object =>
    Object.fromEntries(Object.entries(value).filter(([key]) => !needless.includes(prefix + key)));
  return without({ ...config, method: without(config.method, 'method.') });
}
