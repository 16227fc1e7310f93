/** A trial run: two short epochs of a training on a few of its images, in a folder of its own, with what they took. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBelow } from '../core/files.js';
import { Random } from '../core/random.js';
import { type Span, type Stage, spans } from '../core/stages.js';
import { spansOf } from '../core/tasks.js';
import { targetsOf } from '../data/sample.js';
import type { Samples } from '../data/samples.js';
import { plainOrder } from '../data/store.js';
import { UserError } from '../errors/errors.js';
import type { TrainEvent } from '../protocol.js';
import { checkpointFolder, listCheckpoints } from '../checkpoint/store.js';
import { featureFolder } from '../runs/cacheFolder.js';
import type { ResolvedConfig } from './batchChoice.js';
import type { Costs } from './extrapolate.js';
import { fit } from './fit.js';
import type { Inputs } from './openInputs.js';
import type { Prepared } from './prepare.js';
import type { RunContext } from './runContext.js';

/** Of the images, those that a trial reads at least: cheap ones are many, so that what is measured is no accident. */
const leastImages = { steps: 32, features: 192, evaluation: 32 };
/** Steps of an epoch of a trial: the first of a run, and the first after an evaluation, are not like the others. */
const stepsOfEpoch = 2;
/** The first epoch reads what is new, the second what is kept. */
const epochs = 2;

export interface TrialRun {
  costs: Omit<Costs, 'stepOnAllPatches'>;
  /** Images that were trained on and evaluated. */
  train: number;
  validation: number;
  /** Bytes of a checkpoint, and of the decoded pixels of an image. */
  checkpointBytes: number;
  pixelBytes: number;
}

/**
 * Trains for a moment in the folder of `context`. With `isNew` it has a cache of its own, so that the first epoch finds
 * nothing that is kept.
 * @throws UserError as the training itself would.
 */
export async function trialRun(
  context: RunContext,
  inputs: Inputs,
  prepared: Prepared,
  config: ResolvedConfig,
  { isNew, onProgress }: { isNew: boolean; onProgress: (done: number, total: number) => void },
): Promise<TrialRun> {
  const { run, loaded } = context;
  const { dataset } = inputs;
  const { seed, batchSize, gradientAccumulationSteps, evalBatchSize } = config;
  const ofStep = batchSize * gradientAccumulationSteps;
  const least = prepared.features ? leastImages.features : leastImages.steps;
  const random = new Random(seed, 'trial');
  const ownCache = join(run, 'cache');
  await mkdir(ownCache);
  // A class whose few images of the trial are unreadable looks lost: then more of them are read.
  for (let factor = 1; ; factor *= 4) {
    const train = someOf(
      dataset.splits.train,
      multiple(factor * Math.max(least, stepsOfEpoch * ofStep), ofStep),
      random,
    );
    const validation = someOf(
      dataset.splits.validation,
      multiple(factor * Math.max(leastImages.evaluation, 2 * evalBatchSize), evalBatchSize),
      random,
      inputs,
    );
    const splits = { train, validation, test: train.filter(() => false) };
    let steps = 0;
    const total = epochs * Math.ceil(train.length / ofStep);
    const emit = ({ type }: TrainEvent): void => void (type === 'step' && onProgress(++steps, total));
    const short = {
      epochs,
      maxSteps: undefined,
      patchDropoutUntil: 1,
      evalSteps: undefined,
      saveSteps: undefined,
      loggingSteps: 1,
    };
    const trial: RunContext = {
      ...context,
      cacheFolder: isNew ? ownCache : context.cacheFolder,
      emit,
      notice: () => undefined,
      loaded: { ...loaded, config: { ...loaded.config, ...short, earlyStoppingPatience: undefined } },
    };
    const features = prepared.features && { ...prepared.features, views: 1 };
    const recorded: Span[] = [];
    const listen = (span: unknown): void => void recorded.push(span as Span);
    spans.subscribe(listen);
    const start = performance.now();
    try {
      await fit(trial, { ...inputs, dataset: { ...dataset, splits }, reached: undefined }, { ...prepared, features });
    } catch (error) {
      const isWhole = train.length === dataset.splits.train.length;
      if (error instanceof UserError && error.code === 'CLASS_LOST' && !isWhole) continue;
      throw error;
    } finally {
      spans.unsubscribe(listen);
    }
    const [images, whole] = [train.length + validation.length, await bytesBelow(ownCache)];
    const ofFeatures = features && isNew ? await bytesBelow(featureFolder(ownCache)) : 0;
    const [last] = (await listCheckpoints(run)).slice(-1);
    return {
      costs: costsOf(recorded, { start, end: performance.now(), train: train.length, validation: validation.length }),
      train: train.length,
      validation: validation.length,
      checkpointBytes: await bytesBelow(checkpointFolder(run, last!)),
      pixelBytes: (whole - ofFeatures) / images,
    };
  }
}

const multiple = (count: number, of: number): number => Math.ceil(count / of) * of;

/** So many of the images, drawn at random; with `inputs` also one that each task has a label of. */
function someOf(samples: Samples, count: number, random: Random, inputs?: Inputs): Samples {
  if (samples.length <= count) return samples;
  const order = random.shuffle(plainOrder(samples.length));
  const chosen = new Set(order.subarray(0, count));
  for (const { start, end } of inputs ? spansOf(inputs.dataset.tasks) : []) {
    const first = order.find((row) => targetsOf(samples.labelsAt(row)).some((at) => at >= start && at < end));
    if (first !== undefined) chosen.add(first);
  }
  return samples.filter((row) => chosen.has(row));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What the stages of a trial say of its parts. */
function costsOf(
  recorded: readonly Span[],
  { start, end, train, validation }: { start: number; end: number; train: number; validation: number },
): TrialRun['costs'] {
  const of = (stage: Stage): Span[] => recorded.filter((span) => span.stage === stage);
  const length = (span: Span): number => span.end - span.start;
  const waits = of('wait');
  const steps = of('step').map((step, i) => length(step) + length(waits[i]!));
  const evaluations = of('evaluate');
  const firstOf = (all: readonly Span[]): number => all[0]?.start ?? Infinity;
  const begun = Math.min(firstOf(waits), firstOf(evaluations));
  const lastSave = of('checkpoint').at(-1)!.end;
  const ofImages = validation || 1;
  const evaluated = mean(evaluations.slice(-1).map(length)) / ofImages;
  const shared = { checkpoint: mean(of('checkpoint').map(length)), finish: end - lastSave };
  if (!steps.length) {
    // The features of all training images come before the first evaluation, those of the others within it.
    const [before, within] = [true, false].map((isBefore) =>
      of('features')
        .filter((span) => span.start < begun === isBefore)
        .reduce((sum, span) => sum + length(span), 0),
    ) as [number, number];
    return {
      ...shared,
      setup: begun - start - before,
      step: 0,
      stepAfterEvaluation: 0,
      newImage: before / train,
      evaluatedImage: evaluated - within / ofImages,
      newEvaluatedImage: within / ofImages,
    };
  }
  const half = steps.length / epochs;
  const [cold, warm] = [steps.slice(0, half), steps.slice(half)];
  const step = mean(warm.slice(1).length ? warm.slice(1) : warm);
  return {
    ...shared,
    setup: begun - start,
    step,
    stepAfterEvaluation: Math.max(0, warm[0]! - step),
    // The network that computes features is loaded in this time too, but images are decoded meanwhile.
    newImage: Math.max(0, cold.reduce((sum, each) => sum + each, 0) - half * step) / train,
    evaluatedImage: evaluated,
    newEvaluatedImage: Math.max(0, length(evaluations[0]!) / ofImages - evaluated),
  };
}
