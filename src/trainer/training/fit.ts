/** The fit of a prepared network to the images: from the first decoded image to the last event. */
import { Trainable, type ReadState, type TrainableOptions } from '../engine/trainable.js';
import { errors } from '../errors/errors.js';
import { ImageStore } from '../data/store.js';
import { sizeOf } from '../ir/shape.js';
import type { TrainEvent } from '../protocol.js';
import { timed } from '../core/stages.js';
import { isPlain, logitNames } from '../core/tasks.js';
import { untilAborted } from '../core/untilAborted.js';
import { openCheckpoint, readState, type Progress } from '../models/checkpoint.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { takesSteps } from '../config/methods.js';
import { resolveCheckpoint, runConfig } from '../runs/runFolder.js';
import type { ResolvedConfig } from './batchChoice.js';
import { resolveBatch } from './chooseBatch.js';
import { featureName, sourceOf } from '../insight/featureName.js';
import { FeatureStore } from '../insight/featureStore.js';
import type { Learner, Predictor } from './learner.js';
import { neighborsModel } from './neighborsModel.js';
import type { Inputs } from './openInputs.js';
import { planOf, type Plan } from './plan.js';
import type { Prepared } from './prepare.js';
import { initialValues, optimizerOf } from './prepareNetwork.js';
import { isDrawn, ridgeModel } from './ridgeModel.js';
import type { RunContext } from './runContext.js';
import { RunState, type RunParts } from './runState.js';
import type { SolvedModel } from './solvedModel.js';
import { TrainingLoop } from './trainingLoop.js';
import { tryBatchesApart } from './trial.js';

/** Of the problems that the scan finds: images that it leaves out. */
const leftOut: ReadonlySet<string> = new Set(['IMAGE_UNREADABLE', 'IMAGE_FORMAT_UNSUPPORTED']);

export async function fit(context: RunContext, inputs: Inputs, prepared: Prepared): Promise<void> {
  const { emit, run, signal, started } = context;
  const images = await timed('cache', () => openImages(context, inputs));
  let features: FeatureStore | undefined;
  let model: Predictor | undefined;
  try {
    // Every task needs an image to be evaluated on.
    images.requireValidation();
    const state =
      (await readCheckpointState(context, inputs, prepared)) ?? (await readEarlier(context, inputs, prepared));
    const progress = progressOf(inputs);
    const config = await timed('batch', () => resolveBatches(context, inputs, prepared, images.splits.train.length));
    const plan = planOf(config, images.splits.train.length, prepared.network.hiddenSize);
    emit(startedEvent(context, inputs, prepared, { config, plan, images }));
    features = await openFeatures(context, inputs, prepared, { config, images });

    emit({ type: 'progress', phase: 'compile', done: 0, total: 1 });
    const solved = features && (await createSolved(context, inputs, prepared, config, features));
    model = solved;
    const learner = solved ? undefined : await createLearner(prepared, config, plan);
    model ??= learner!;
    learner?.restore(state ?? { parameters: initialValues(prepared, inputs.base, config.seed) });
    emit({ type: 'progress', phase: 'compile', done: 1, total: 1 });

    const parts: RunParts = {
      config,
      run,
      root: inputs.dataset.root,
      plan,
      store: features ?? images,
      content: {
        base: inputs.base,
        network: prepared.network,
        method: config.method,
        tasks: inputs.dataset.tasks,
        parameters: solved?.parameters ?? prepared.parameters,
        frozen: prepared.frozen,
      },
      emit,
      signal,
      started,
    };
    await runToEnd(parts, model, learner, progress);
  } finally {
    await model?.dispose();
    await features?.close();
    await images.close();
  }
}

/**
 * Trains to the last step, to the early stop, or until a stop is requested, even in the middle of an evaluation or of
 * the computation of features.
 */
async function runToEnd(
  parts: RunParts,
  model: Predictor,
  learner: Learner | undefined,
  progress: Progress,
): Promise<void> {
  const { signal } = parts;
  const state = new RunState(parts, model, learner, progress);
  try {
    if (state.isUnevaluated) {
      await timed('evaluate', () => state.validate());
      await timed('checkpoint', () => state.save());
    }
    if (learner) await new TrainingLoop(parts, learner, state).run();
    await timed('check', () => state.finish());
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    await state.stop();
  }
}

export function openImages({ cacheFolder, emit, notice }: RunContext, { base, dataset }: Inputs): Promise<ImageStore> {
  return ImageStore.open({
    cacheFolder,
    cacheBytes: cacheLimit('images'),
    dataset,
    transform: base.preprocessor.transform,
    onProgress: (done, total) => emit({ type: 'progress', phase: 'decode', done, total }),
    onSkipped: notice,
    onNotice: notice,
  });
}

/** Where the run is: at the checkpoint that it resumes from, or at its beginning. */
function progressOf({ fingerprint: dataset, datasetRevision, reached }: Inputs): Progress {
  return reached ?? { step: 0, evaluationsSinceBest: 0, dataset, datasetRevision };
}

/** Parameters and moments of the checkpoint that the run resumes from. */
async function readCheckpointState(
  { loaded, resumeFrom, signal }: RunContext,
  { base }: Inputs,
  { parameters }: Prepared,
) {
  if (resumeFrom === undefined) return undefined;
  const trained = { base: base.reference, method: loaded.config.method, parameters };
  return untilAborted(readState(resumeFrom, trained), signal);
}

/** The parameters of the earlier run's best checkpoint, where this one starts from them. */
async function readEarlier(
  { again, loaded, signal }: RunContext,
  { base, dataset }: Inputs,
  { parameters }: Prepared,
): Promise<Pick<ReadState, 'parameters'> | undefined> {
  if (again?.from !== 'best') return undefined;
  const { method } = loaded.config;
  if (!takesSteps(method)) throw errors.run.takesNoSteps(method.type);
  const checkpoint = await resolveCheckpoint(again.run);
  const known = logitNames((await openCheckpoint(checkpoint)).tasks);
  if (known.join('\n') !== logitNames(dataset.tasks).join('\n')) throw errors.run.classesChanged(again.run);
  const trained = { base: base.reference, method, parameters };
  const { ema, parameters: last } = await untilAborted(readState(checkpoint, trained), signal);
  return { parameters: ema ?? last };
}

/** The config with everything decided that it leaves open; `images` are those to train on. */
export function resolveBatches(
  { loaded, run, notice, signal }: RunContext,
  { revision, dataset: { tasks } }: Inputs,
  { parameters, bytesOfImage, model, engine, features }: Prepared,
  images: number,
): Promise<ResolvedConfig> {
  const { device } = engine;
  const { frozenPrecision } = model;
  const trial = { config: runConfig(run), revision, device, frozenPrecision, tasks, cached: features !== undefined };
  return resolveBatch(run, loaded.config, {
    model,
    images,
    bytesOfImage,
    trainedBytes: 4 * scalarsOf(parameters),
    device,
    tryApart: (request) => tryBatchesApart({ ...request, ...trial }, signal),
    notice,
  });
}

export const scalarsOf = (parameters: Prepared['parameters']): number =>
  parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

function startedEvent(
  { run, name }: RunContext,
  { dataset: { labels, tasks, problems, splitOrigin }, reached }: Inputs,
  { parameters, totalParameters, engine }: Prepared,
  { config, plan, images }: { config: ResolvedConfig; plan: Plan; images: ImageStore },
): TrainEvent {
  const { train, validation, test } = images.splits;
  return {
    type: 'started',
    run,
    name,
    device: engine.device,
    model: config.model,
    method: config.method.type,
    labels,
    ...(isPlain(tasks) ? {} : { tasks }),
    images: { train: train.length, validation: validation.length, test: test.length },
    splits: splitOrigin,
    skipped: problems.filter(({ code }) => leftOut.has(code)).length,
    epochs: config.epochs,
    steps: plan.totalSteps,
    trainableParameters: scalarsOf(
      takesSteps(config.method) ? parameters : parameters.filter(({ name }) => !isDrawn(name)),
    ),
    totalParameters,
    resumedFrom: reached?.step,
  };
}

/** The features of the images, where the run keeps them. */
export async function openFeatures(
  { cacheFolder, emit, notice, signal }: RunContext,
  { base }: Inputs,
  { engine, features: plan, model }: Prepared,
  { config, images }: { config: Pick<ResolvedConfig, 'augmentation' | 'seed'>; images: ImageStore },
): Promise<FeatureStore | undefined> {
  if (!plan) return undefined;
  const { views: _views, ...augmentation } = config.augmentation;
  const whole = { ...model, cut: undefined };
  return timed('features', () =>
    FeatureStore.open({
      images,
      plan,
      model: whole,
      engine,
      cacheFolder,
      name: featureName(plan.cut, whole, sourceOf(base), engine.device),
      limitBytes: cacheLimit('features'),
      seed: config.seed,
      augmentation,
      signal,
      onProgress: (done, total) => emit({ type: 'progress', phase: 'features', done, total }),
      onNotice: notice,
    }),
  );
}

/** The model of a method that keeps features always and takes no steps; undefined for the others. */
async function createSolved(
  { emit, signal }: RunContext,
  { dataset: { tasks } }: Inputs,
  { engine, model, features: plan, parameters }: Prepared,
  { method, evalBatchSize: batch, seed }: ResolvedConfig,
  features: FeatureStore,
): Promise<SolvedModel | undefined> {
  if (takesSteps(method)) return undefined;
  const options = { engine, model: { ...model, cut: plan!.cut }, features, batch };
  if (method.type === 'pretrained') return neighborsModel(options, method);
  const onProgress = (done: number, total: number): void => emit({ type: 'progress', phase: 'solve', done, total });
  return timed('solve', () => ridgeModel({ ...options, parameters, tasks, seed, signal, onProgress }));
}

/** The model in training, whose values are still to be set. */
function createLearner({ engine, model }: Prepared, config: ResolvedConfig, plan: Plan): Promise<Trainable> {
  const options: TrainableOptions = {
    model: { ...model, recomputes: config.gradientCheckpointing },
    optimizer: optimizerOf(config),
    batchSize: config.batchSize,
    evalBatchSize: config.evalBatchSize,
    accumulates: config.gradientAccumulationSteps > 1,
    seed: config.seed,
    allPatchesFrom: plan.allPatchesFrom,
  };
  return timed('compile', () => Trainable.create(engine, options));
}
