/** The training loop: reads batches, steps, evaluates, saves, and tells what happens; knows no UI and no command line. */
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { pruneCheckpoints, writeFolderAtomically, writePointer } from '../checkpoint/store.js';
import type { LoadedConfig } from '../config/load.js';
import { scanDataset, type Dataset } from '../data/scan.js';
import { ImageStore, type Batch } from '../data/store.js';
import { chooseDevice } from '../engine/devices.js';
import { OrtEngine } from '../engine/ort.js';
import { Trainable, type TrainBatch } from '../engine/trainable.js';
import { errors } from '../errors.js';
import { learningRateAt } from '../optim/schedule.js';
import { sizeOf } from '../ir/shape.js';
import type { ErrorInfo, Evaluation, SplitName, TrainEvent } from '../protocol.js';
import { openBaseModel } from './baseModel.js';
import { readProgress, writeCheckpoint, type Progress } from './checkpoint.js';
import { Metrics } from './metrics.js';
import { planOf } from './plan.js';
import { initialValues, optimizerOf, prepare } from './prepare.js';

export interface TrainOptions {
  loaded: LoadedConfig;
  /** The run folder, which exists and is locked by this process. */
  run: string;
  name: string;
  /** Checkpoint folder to go on from. */
  resumeFrom?: string;
  cacheFolder: string;
  emit: (event: TrainEvent) => void;
  /** Asks to stop after the step under way, with a checkpoint. */
  signal: AbortSignal;
}

type Notice = Omit<ErrorInfo, 'remedy'> & { remedy?: string };

/** What identifies the pictures a run was started on: their places in the dataset and their labels, in order. */
function fingerprint({ root, splits }: Pick<Dataset, 'root' | 'splits'>, labels: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(labels));
  for (const [split, samples] of Object.entries(splits)) {
    for (const { path, label } of samples) hash.update(`${split}\0${relative(root, path)}\0${label}\n`);
  }
  return hash.digest('hex');
}

/** Target probabilities [batch, labels] with `smoothing` spread evenly over all labels (Szegedy et al., 2016, arXiv:1512.00567). */
function targetsOf({ labels }: Batch, classes: number, smoothing: number): Float32Array {
  const targets = new Float32Array(labels.length * classes).fill(smoothing / classes);
  labels.forEach((label, i) => (targets[i * classes + label]! += 1 - smoothing));
  return targets;
}

/** Runs the training that a config describes, to its end, to the early stop, or until `signal` asks to stop. */
export async function train(o: TrainOptions): Promise<void> {
  const { loaded, run, emit, signal } = o;
  const { config, placeOf } = loaded;
  const started = Date.now();
  const notice = ({ code, message, remedy, file }: Notice): void => emit({ type: 'notice', code, message, remedy, file });

  const base = await openBaseModel({ ...config, place: placeOf('model') });
  const dataset = await scanDataset(config.dataset, { validationSplit: config.validationSplit, seed: config.seed, signal });
  const prepared = prepare(loaded, base, dataset.labels.length);
  dataset.problems.forEach(notice);
  const device = await chooseDevice(config.device, (code, message) => notice({ code, message }), placeOf('device'));
  const store = await ImageStore.open({
    cacheFolder: o.cacheFolder,
    dataset,
    transform: base.preprocessor.transform,
    signal,
    onProgress: (done, total) => emit({ type: 'progress', phase: 'decode', done, total }),
    onNotice: notice,
  });
  try {
    store.skipped.forEach(notice);
    const { labels } = dataset;
    const pictures = fingerprint({ root: dataset.root, splits: store.splits }, labels);
    const resumed = o.resumeFrom ? await readProgress(o.resumeFrom, prepared.parameters) : undefined;
    if (resumed && resumed.progress.dataset !== pictures) throw errors.datasetChanged(dataset.root);
    const plan = planOf(config, store.splits.train.length);
    let progress: Progress = resumed?.progress ?? { step: 0, evaluationsSinceBest: 0, dataset: pictures };
    emit({
      type: 'started',
      run,
      name: o.name,
      device,
      model: config.model,
      method: config.method.type,
      labels,
      images: { train: store.splits.train.length, validation: store.splits.validation.length, test: store.splits.test.length },
      skipped: store.skipped.length,
      epochs: config.epochs,
      steps: plan.totalSteps,
      trainableParameters: prepared.parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      totalParameters: prepared.totalParameters,
      resumedFrom: resumed && progress.step,
    });
    emit({ type: 'progress', phase: 'compile', done: 0, total: 1 });
    const evalBatchSize = config.evalBatchSize ?? config.batchSize;
    const trainable = await Trainable.create(new OrtEngine(device), {
      model: prepared.model,
      optimizer: optimizerOf(config),
      batchSize: config.batchSize,
      evalBatchSize,
      accumulates: config.gradientAccumulationSteps > 1,
      seed: config.seed,
    });
    trainable.restore(resumed?.state ?? { parameters: initialValues(prepared, base, config.seed) });
    emit({ type: 'progress', phase: 'compile', done: 1, total: 1 });

    const evaluate = async (split: SplitName): Promise<Evaluation> => {
      const metrics = new Metrics(labels);
      const total = store.splits[split].length;
      let done = 0;
      for await (const batch of store.evaluationBatches(split, evalBatchSize)) {
        const logits = await trainable.logits(batch.images);
        metrics.add(logits, batch.labels, batch.count);
        done += batch.count;
        emit({ type: 'progress', phase: 'evaluate', done, total });
      }
      return metrics.result();
    };
    const save = async (): Promise<void> => {
      const path = join(run, 'checkpoints', String(progress.step));
      const state = await trainable.read();
      const content = { base, network: prepared.network, method: config.method, labels, parameters: prepared.parameters, state, progress };
      await writeFolderAtomically(path, (folder) => writeCheckpoint(folder, content));
      await writePointer(run, 'last', progress.step);
      const isBest = progress.best?.step === progress.step || !progress.best;
      if (isBest) await writePointer(run, 'best', progress.step);
      await pruneCheckpoints(run, config.saveTotalLimit, new Set([progress.step, ...(progress.best ? [progress.best.step] : [])]));
      emit({ type: 'checkpoint', step: progress.step, path, best: isBest });
    };
    const isBetter = ({ accuracy, loss }: Evaluation): boolean => {
      const { best } = progress;
      return !best || (config.metricForBestModel === 'accuracy' ? accuracy > best.accuracy || (accuracy === best.accuracy && loss < best.loss) : loss < best.loss);
    };
    const finish = async (reason: 'epochs' | 'early-stopping'): Promise<void> => {
      if (store.splits.test.length) {
        const { loss, accuracy, confusion } = await evaluate('test');
        emit({ type: 'evaluation', step: progress.step, epoch: progress.step / plan.stepsPerEpoch, split: 'test', loss, accuracy, confusion });
      }
      const { step, accuracy } = progress.best!;
      emit({ type: 'finished', run, best: { step, accuracy }, seconds: (Date.now() - started) / 1000, reason });
    };

    let sinceEvent = { loss: 0, steps: 0, images: 0, start: performance.now() };
    const isPatienceSpent = (): boolean => config.earlyStoppingPatience !== undefined && progress.evaluationsSinceBest >= config.earlyStoppingPatience;
    while (progress.step < plan.totalSteps && !isPatienceSpent()) {
      const epoch = Math.floor(progress.step / plan.stepsPerEpoch);
      const firstBatch = (progress.step % plan.stepsPerEpoch) * config.gradientAccumulationSteps;
      const batches = store.trainBatches({ batchSize: config.batchSize, seed: config.seed, epoch, firstBatch, augmentation: config.augmentation });
      for await (const group of grouped(batches, config.gradientAccumulationSteps)) {
        const images = group.reduce((n, batch) => n + batch.count, 0);
        const parts = group.map(
          (batch): TrainBatch => ({
            images: batch.images,
            targets: targetsOf(batch, labels.length, config.labelSmoothingFactor),
            weights: batch.weights.map((weight) => weight / images),
          }),
        );
        const learningRate = learningRateAt(plan.schedule, progress.step);
        const { loss } = await trainable.step(parts, progress.step, learningRate);
        if (!Number.isFinite(loss)) throw errors.lossNotFinite(progress.step, learningRate);
        progress = { ...progress, step: progress.step + 1 };
        const { step } = progress;
        sinceEvent = { ...sinceEvent, loss: sinceEvent.loss + loss, steps: sinceEvent.steps + 1, images: sinceEvent.images + images };
        if (step % config.loggingSteps === 0 || step === plan.totalSteps) {
          const seconds = (performance.now() - sinceEvent.start) / 1000;
          emit({ type: 'step', step, epoch: step / plan.stepsPerEpoch, loss: sinceEvent.loss / sinceEvent.steps, learningRate, imagesPerSecond: sinceEvent.images / seconds });
          sinceEvent = { loss: 0, steps: 0, images: 0, start: performance.now() };
        }
        // Messages (a stop, a window that attaches) are handled between steps, which block this thread.
        await new Promise(setImmediate);
        const pause = performance.now();
        if (plan.evaluatesAfter(step)) {
          const evaluation = await evaluate('validation');
          progress = isBetter(evaluation)
            ? { ...progress, best: { step, accuracy: evaluation.accuracy, loss: evaluation.loss }, evaluationsSinceBest: 0 }
            : { ...progress, evaluationsSinceBest: progress.evaluationsSinceBest + 1 };
          const { loss: validationLoss, accuracy, confusion } = evaluation;
          emit({ type: 'evaluation', step, epoch: step / plan.stepsPerEpoch, split: 'validation', loss: validationLoss, accuracy, confusion });
        }
        if (plan.savesAfter(step) || signal.aborted) await save();
        sinceEvent.start += performance.now() - pause;
        if (signal.aborted) {
          emit({ type: 'stopped', run, step });
          return;
        }
        if (isPatienceSpent() || step === plan.totalSteps) break;
      }
    }
    await finish(isPatienceSpent() && progress.step < plan.totalSteps ? 'early-stopping' : 'epochs');
    await trainable.dispose();
  } finally {
    await store.close();
  }
}

/** Consecutive items in groups of `size`; the last may be short. */
async function* grouped<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of items) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length) yield group;
}
