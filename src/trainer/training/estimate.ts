/** What a training will take: time, memory and disk, from a trial run on some of its images. */
import { mkdir, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Estimate, Resource } from '../../shared/estimate.js';
import { isThere } from '../core/files.js';
import { compileStep, type ModelSpec } from '../compile/compile.js';
import { multiplications } from '../ir/multiplications.js';
import type { OptimizerSpec } from '../optim/buildUpdate.js';
import { sizeOf } from '../ir/shape.js';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import type { TrainEvent } from '../protocol.js';
import { cacheFolder, cacheLimit } from '../runs/cacheFolder.js';
import { describeRun, requireNew } from '../runs/runFolder.js';
import { residentBytes } from '../insight/featureStore.js';
import type { ResolvedConfig } from './batchChoice.js';
import { trainingBytes } from './chooseBatch.js';
import type { EstimateLine, EstimateRequest } from './estimateApart.js';
import { extrapolate, type ImageCounts } from './extrapolate.js';
import { fittingMethods, fittingSettings } from './fittingSettings.js';
import { openFeatures, openImages, resolveBatches, scalarsOf } from './fit.js';
import { freeMemory } from './freeMemory.js';
import { type Inputs, openInputs } from './openInputs.js';
import { planOf } from './plan.js';
import { prepare, type Prepared } from './prepare.js';
import { optimizerOf } from './prepareNetwork.js';
import type { RunContext } from './runContext.js';
import { trainingName } from './trainingName.js';
import { endFirst } from './trial.js';
import { trialRun, type TrialRun } from './trialRun.js';

/** Of the free memory, what a training may surely take: where it needs more, settings that need no more are found. */
const shareAtEase = 0.7;

/** Works in this process, which memory may run out in: what is known by then has been reported before. */
export async function estimateTraining(
  { config: file, overrides, folder }: EstimateRequest,
  report: (line: EstimateLine) => void,
): Promise<void> {
  await endFirst();
  const loaded = await loadConfig(file, [...overrides]);
  if (loaded.config.output !== undefined) await requireNew(loaded.config.output);
  const run = join(folder, 'run');
  await mkdir(run);
  await describeRun(run, loaded);
  const context: RunContext = {
    loaded,
    run,
    name: 'trial',
    cacheFolder: cacheFolder(),
    emit: (event: TrainEvent) => {
      if (event.type === 'progress') report(event);
    },
    notice: ({ code, message, remedy = '', file: place, said }) =>
      report({ type: 'notice', code, message, remedy, ...(place === undefined ? {} : { file: place }), said }),
    signal: new AbortController().signal,
    started: Date.now(),
  };
  const inputs = await openInputs(context);
  const prepared = await prepare(context, inputs);
  const { train, validation, test } = inputs.dataset.splits;
  const config = await resolveBatches(context, inputs, prepared, train.length);
  const started = performance.now();
  const counts = await countImages(context, inputs, prepared);
  const { device } = prepared.engine;
  const plan = planOf(config, train.length, prepared.network.hiddenSize);
  const spec = { ...prepared.model, recomputes: config.gradientCheckpointing };
  const needed = plan.totalSteps ? trainingBytes(spec, optimizerOf(config), config, device) : 0;
  // Graphics cards do not say what is free.
  const free = freeMemory();
  const taken = process.memoryUsage.rss();
  const atEase = shareAtEase * free;
  const isTight = device === 'cpu' && needed > atEase;
  const settings = isTight
    ? [
        ...fittingSettings(config, prepared, device, atEase),
        ...(await fittingMethods(loaded, config, inputs, prepared, atEase)),
      ]
    : [];
  const known: Estimate = {
    training: trainingName(loaded.config, inputs.dataset),
    seconds: null,
    firstMetricSeconds: null,
    memoryBytes: Math.round(taken + needed),
    freeMemoryBytes: taken + free,
    ...(await diskOf(loaded, config, plan, counts, prepared)),
    steps: plan.totalSteps,
    batchSize: config.batchSize * config.gradientAccumulationSteps,
    recomputes: config.gradientCheckpointing,
    device,
    images: train.length,
    newImages: newOf(counts),
    short: [],
    settings,
  };
  report({ type: 'known', estimate: judged(known), settings });
  if (device === 'cpu' && needed > free) return;
  const trial = await trialRun(context, inputs, prepared, config, {
    isNew: newOf(counts) > 0,
    onProgress: (done, total) => report({ type: 'progress', phase: 'trial', done, total }),
  });
  const peak = 1024 * process.resourceUsage().maxRSS;
  const stepOnAllPatches = trial.costs.step * shareOfAllPatches(spec, optimizerOf(config));
  const { total, firstMetric } = extrapolate({ ...trial.costs, stepOnAllPatches }, plan, counts, started);
  // In memory there are the features of all images, not only of those of the trial.
  const length = prepared.features ? 4 * sizeOf(prepared.features.cut.shape) : 0;
  const views = prepared.features?.views ?? 0;
  const whole = length * (views * train.length + validation.length + test.length);
  const further = whole <= residentBytes ? Math.max(0, whole - length * (trial.train + trial.validation)) : 0;
  report({
    type: 'known',
    settings,
    estimate: judged({
      ...known,
      seconds: total / 1000,
      firstMetricSeconds: firstMetric / 1000,
      memoryBytes: peak + further,
      // The trial has come to its end: so much was to be had.
      freeMemoryBytes: Math.max(known.freeMemoryBytes, peak),
      ...(await diskOf(loaded, config, plan, counts, prepared, trial)),
    }),
  });
}

/** How many times the work of a step one takes that leaves no patch out. */
function shareOfAllPatches(model: ModelSpec, optimizer: OptimizerSpec): number {
  if (!model.patchDropout) return 1;
  const [some, all] = [model, { ...model, patchDropout: 0 }].map((spec) =>
    compileStep(spec, optimizer, 1).step.nodes.reduce((sum, node) => sum + multiplications(node), 0),
  ) as [number, number];
  return all / some;
}

/** The same with what there is too little of. */
export function judged(estimate: Estimate): Estimate {
  const { memoryBytes, freeMemoryBytes, diskBytes, freeDiskBytes, settings, device } = estimate;
  const short: Resource[] = [
    ...(device === 'cpu' && memoryBytes > freeMemoryBytes ? (['memory'] as const) : []),
    ...(diskBytes > freeDiskBytes ? (['disk'] as const) : []),
  ];
  const ofDisk = short.includes('disk') ? ['saveTotalLimit=1'] : [];
  return {
    ...estimate,
    short,
    settings: short.length ? [...(short.includes('memory') ? settings : []), ...ofDisk] : [],
  };
}

const newOf = ({ newTrain, newValidation, newTest }: ImageCounts): number => newTrain + newValidation + newTest;

/** The images of the run, and those that no run has decoded, or computed the features of. */
async function countImages(context: RunContext, inputs: Inputs, prepared: Prepared): Promise<ImageCounts> {
  const { config } = context.loaded;
  const images = await openImages(context, inputs);
  const features = await openFeatures(context, inputs, prepared, { config, images });
  try {
    const { train, validation, test } = images.splits;
    return {
      train: train.length,
      validation: validation.length,
      test: test.length,
      newTrain: features?.missing('train') ?? images.undecoded('train', config.augmentation),
      newValidation: features?.missing('validation') ?? images.undecoded('validation'),
      newTest: features?.missing('test') ?? images.undecoded('test'),
    };
  } finally {
    await features?.close();
    await images.close();
  }
}

/** Bytes that the run will write, and that are free where it writes. */
async function diskOf(
  { path, config: { output, saveTotalLimit, ema } }: LoadedConfig,
  config: ResolvedConfig,
  plan: ReturnType<typeof planOf>,
  counts: ImageCounts,
  { features, model, parameters }: Prepared,
  trial?: TrialRun,
): Promise<Pick<Estimate, 'diskBytes' | 'freeDiskBytes'>> {
  // Of the parameters, two moments, and the average where one is kept.
  const checkpoint = trial?.checkpointBytes ?? 4 * (3 + Number(ema !== false)) * scalarsOf(parameters);
  // The best one stays besides the last ones.
  const run = checkpoint * Math.min(Math.max(1, plan.saves), saveTotalLimit + 1);
  const fresh = newOf(counts);
  const pixels = Math.min(cacheLimit('images'), fresh * (trial?.pixelBytes ?? 3 * model.height * model.width));
  const kept = features ? Math.min(cacheLimit('features'), fresh * 4 * sizeOf(features.cut.shape)) : 0;
  const free = await Promise.all([output ?? path, cacheFolder()].map(freeBytes));
  return { diskBytes: Math.round(run + pixels + kept), freeDiskBytes: Math.min(...free) };
}

/** Free bytes of the disk that `path` is on, or will be. */
async function freeBytes(path: string): Promise<number> {
  let folder = path;
  while (!(await isThere(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
