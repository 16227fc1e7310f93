/**
 * The set-up of a training run: model, images, device and compiled graphs, in the order in which a fault is cheapest
 * to find.
 */
import { createHash } from 'node:crypto';
import { join, relative, sep } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { LoadedConfig } from '../config/load.js';
import type { TrainConfig } from '../config/schema.js';
import type { ModelSpec } from '../compile/compile.js';
import { marksOf } from '../data/sample.js';
import { scanDataset } from '../data/scan.js';
import type { Dataset } from '../data/dataset.js';
import { ImageStore, type StoreOptions } from '../data/store.js';
import { chooseDevice, type ChosenDevice } from '../engine/devices.js';
import { OrtEngine } from '../engine/ort.js';
import { Trainable, type TrainableOptions } from '../engine/trainable.js';
import { errors, UserError, type Place } from '../errors/errors.js';
import { sizeOf } from '../ir/shape.js';
import type { ErrorInfo, TrainEvent } from '../protocol.js';
import { timed } from '../core/stages.js';
import { countLabels, isPlain } from '../core/tasks.js';
import { openBaseModel } from '../models/baseModel.js';
import { readBaseReference, readProgress, readState } from '../models/checkpoint.js';
import { cacheLimit } from '../runs/cacheFolder.js';
import { resolveBatch, type OpenChoice } from './chooseBatch.js';
import { featureName, planFeatures } from './featurePlan.js';
import { FeatureStore, type FeatureStoreOptions } from './featureStore.js';
import { provideDataset, provideModel } from '../models/hubSources.js';
import { lossSpecOf } from './lossSpecOf.js';
import { NeighborsModel } from './neighborsModel.js';
import { planOf } from './plan.js';
import { initialValues, optimizerOf, prepare } from './prepare.js';
import { runConfig } from '../runs/runFolder.js';
import { TrainingLoop } from './trainingLoop.js';
import { tryBatchesApart } from './trial.js';

export interface TrainOptions {
  loaded: LoadedConfig;
  /** The run folder, which exists and is locked by this process. */
  run: string;
  name: string;
  /** Checkpoint folder to go on from. */
  resumeFrom?: string | undefined;
  cacheFolder: string;
  /** A folder for ONNX Runtime's own profiles, where they are wanted. */
  profile?: string | undefined;
  emit: (event: TrainEvent) => void;
  /** Asks to stop after the step under way, with a checkpoint. */
  signal: AbortSignal;
}

/** Of the problems that the scan finds: images that it leaves out. */
const leftOut: ReadonlySet<string> = new Set(['IMAGE_UNREADABLE', 'IMAGE_FORMAT_UNSUPPORTED']);

/** What identifies the images a run was started on: their places in the dataset and their labels, in order. */
function fingerprint({ root, splits, tasks }: Dataset): string {
  const hash = createHash('sha256').update(JSON.stringify(isPlain(tasks) ? tasks[0]!.labels : tasks));
  // Of a million paths, what most begin with is quicker cut off than computed.
  const start = join(root, sep);
  const placeOf = (path: string): string => (path.startsWith(start) ? path.slice(start.length) : relative(root, path));
  for (const [split, samples] of Object.entries(splits)) {
    for (const sample of samples) hash.update(`${split}\0${placeOf(sample.path)}\0${marksOf(sample).join()}\n`);
  }
  return hash.digest('hex');
}

/** A folder that is not there cannot be shown: what can is the line of the config that names it, where there is one. */
function atConfig(error: unknown, place: Place): unknown {
  if (!(error instanceof UserError) || !place.file || !/^DATASET_(MISSING|NOT_FOLDER)$/.test(error.code)) return error;
  return new UserError(error.code, error.message, error.remedy, place);
}

/** The precision that was asked for, where the device has it; else tells that it has not. */
function precisionOn(
  { device, noFp16 }: ChosenDevice,
  wanted: TrainConfig['frozenPrecision'],
  notice: (info: { code: string; message: string }) => void,
): typeof wanted {
  const inFp32 = (code: string, message: string): 'fp32' => {
    notice({ code, message });
    return 'fp32';
  };
  if (wanted === 'int8' && device !== 'cpu') {
    return inFp32(
      'INT8_NEEDS_CPU',
      l10n.t(
        'Frozen layers multiply in 32 bits: products of 8 bits are for the processor, and this run is on {0}.',
        device,
      ),
    );
  }
  if (wanted === 'fp16' && device === 'cpu') {
    const message = l10n.t(
      'Frozen layers multiply in 32 bits: products of 16 bits are for graphics cards, and this run is on the processor, for which int8 is the faster choice.',
    );
    return inFp32('FP16_NEEDS_GPU', message);
  }
  if (wanted === 'fp16' && noFp16 !== undefined) {
    return inFp32(
      'FP16_UNAVAILABLE',
      l10n.t('Frozen layers multiply in 32 bits: {0} has no products of 16 bits here ({1}).', device, noFp16),
    );
  }
  return wanted;
}

/** Runs the training that a config describes: to its end, to the early stop, or until `signal` asks to stop. */
export async function train({
  loaded,
  run,
  name,
  resumeFrom,
  cacheFolder,
  profile,
  emit,
  signal,
}: TrainOptions): Promise<void> {
  const { config, placeOf } = loaded;
  const started = Date.now();
  const notice = ({ code, message, remedy, file }: Omit<ErrorInfo, 'remedy'> & { remedy?: string }): void =>
    emit({ type: 'notice', code, message, remedy, file });

  const download = {
    signal,
    onProgress: (done: number, total: number) => emit({ type: 'progress', phase: 'download', done, total }),
  };
  // A resumed run goes on with the commit it was started on, wherever the branch is now.
  const wanted =
    resumeFrom === undefined ? config.revision : ((await readBaseReference(resumeFrom)).revision ?? config.revision);
  const revision = await provideModel(config.model, wanted, { ...download, place: placeOf('model') });
  const base = await timed('model', () =>
    openBaseModel({ ...config, revision, place: placeOf('model'), outputPlace: placeOf('featureOutput') }),
  );
  base.notices?.forEach((each) => notice(each.toInfo()));
  const reached = resumeFrom === undefined ? undefined : await readProgress(resumeFrom);
  const { folder: spec, commit: datasetRevision = undefined } =
    typeof config.dataset === 'string'
      ? await provideDataset(config.dataset, { ...download, place: placeOf('dataset') }, reached?.datasetRevision)
      : { folder: config.dataset };
  const scan = () => scanDataset(spec, { validationSplit: config.validationSplit, seed: config.seed, signal });
  const dataset = await timed('scan', scan).catch((error: unknown) => {
    throw atConfig(error, placeOf('dataset'));
  });
  const { labels, tasks } = dataset;
  if (config.method.type === 'pretrained' && !isPlain(tasks)) throw errors.neighborsNeedOneLabel(placeOf('method'));
  const prepared = prepare(loaded, base, countLabels(tasks));
  const loss = lossSpecOf(loaded, tasks, dataset.splits.train);
  dataset.problems.forEach(notice);
  const chosen = await timed('device', () =>
    chooseDevice(config.device, (code, message) => notice({ code, message }), placeOf('device')),
  );
  const { device } = chosen;
  const engine = new OrtEngine(device, { profile });
  const frozenPrecision = precisionOn(chosen, config.frozenPrecision, notice);
  const limitBytes = cacheLimit('features');
  const plannedFeatures = planFeatures(loaded, prepared.model, dataset.splits, limitBytes, notice);
  const model: ModelSpec = { ...prepared.model, frozenPrecision, cut: plannedFeatures?.cut };
  const images: StoreOptions = {
    cacheFolder,
    cacheBytes: cacheLimit('images'),
    dataset,
    transform: base.preprocessor.transform,
    onProgress: (done, total) => emit({ type: 'progress', phase: 'decode', done, total }),
    onSkipped: notice,
    onNotice: notice,
  };
  const store = await timed('cache', () => ImageStore.open(images));
  let trainable: Trainable | undefined;
  let neighbors: NeighborsModel | undefined;
  let features: FeatureStore | undefined;
  try {
    // Every task must be answered by an image that it can be judged on.
    store.requireValidation();
    const content = fingerprint(dataset);
    const trained = { base: base.reference, method: loaded.config.method, parameters: prepared.parameters };
    const state = resumeFrom === undefined ? undefined : await readState(resumeFrom, trained);
    if (reached && reached.dataset !== content) throw errors.datasetChanged(dataset.root);
    const trainableParameters = prepared.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const trial = { config: runConfig(run), revision, device, frozenPrecision, tasks, cached: !!plannedFeatures };
    const open: OpenChoice = {
      model: { ...model, loss },
      images: store.splits.train.length,
      bytesOfImage: prepared.bytesOfImage,
      trainedBytes: 4 * trainableParameters,
      device,
      tryApart: (question) => tryBatchesApart({ ...question, ...trial }, signal),
      notice,
    };
    const config = await timed('batch', () => resolveBatch(run, loaded.config, open));
    const plan = planOf(config, store.splits.train.length, prepared.network.hiddenSize);
    emit({
      type: 'started',
      run,
      name,
      device,
      model: config.model,
      method: config.method.type,
      labels,
      ...(isPlain(tasks) ? {} : { tasks }),
      images: {
        train: store.splits.train.length,
        validation: store.splits.validation.length,
        test: store.splits.test.length,
      },
      skipped: dataset.problems.filter(({ code }) => leftOut.has(code)).length,
      epochs: config.epochs,
      steps: plan.totalSteps,
      trainableParameters,
      totalParameters: prepared.totalParameters,
      resumedFrom: reached?.step,
    });
    if (plannedFeatures) {
      const { views: _views, ...augmentation } = config.augmentation;
      const options: FeatureStoreOptions = {
        images: store,
        plan: plannedFeatures,
        model: { ...prepared.model, frozenPrecision },
        engine,
        cacheFolder,
        name: featureName(plannedFeatures.cut, prepared.model, base, device),
        limitBytes,
        seed: config.seed,
        augmentation,
        signal,
        onProgress: (done, total) => emit({ type: 'progress', phase: 'features', done, total }),
        onNotice: notice,
      };
      features = await timed('features', () => FeatureStore.open(options));
    }
    emit({ type: 'progress', phase: 'compile', done: 0, total: 1 });
    if (config.method.type === 'pretrained') {
      neighbors = await NeighborsModel.create({
        engine,
        model: { ...model, cut: plannedFeatures!.cut },
        features: features!,
        ...config.method,
        batch: config.evalBatchSize,
      });
    } else {
      const options: TrainableOptions = {
        model: { ...model, loss, recomputes: config.gradientCheckpointing },
        optimizer: optimizerOf(config),
        batchSize: config.batchSize,
        evalBatchSize: config.evalBatchSize,
        accumulates: config.gradientAccumulationSteps > 1,
        seed: config.seed,
      };
      trainable = await timed('compile', () => Trainable.create(engine, options));
      trainable.restore(state ?? { parameters: initialValues(prepared, base, config.seed) });
    }
    emit({ type: 'progress', phase: 'compile', done: 1, total: 1 });
    const progress = reached ?? { step: 0, evaluationsSinceBest: 0, dataset: content, datasetRevision };
    const saved = {
      base,
      network: prepared.network,
      method: config.method,
      tasks,
      parameters: neighbors?.parameters ?? prepared.parameters,
      frozen: prepared.frozen,
    };
    await new TrainingLoop(
      {
        config,
        run,
        plan,
        store: features ?? store,
        trainable: neighbors ?? trainable!,
        content: saved,
        emit,
        signal,
        started,
      },
      progress,
    ).run();
  } finally {
    await trainable?.dispose();
    await neighbors?.dispose();
    await features?.close();
    await store.close();
  }
}
