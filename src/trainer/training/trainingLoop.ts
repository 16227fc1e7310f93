/**
 * The training loop: reads batches, steps, evaluates, saves, and tells what happens; knows no UI and no command line.
 */
import { checkpointFolder, pruneCheckpoints, writeFolderAtomically, writePointer } from '../checkpoint/store.js';
import { mixTargets } from '../data/mixing.js';
import type { Batch } from '../data/store.js';
import type { TrainableState, TrainBatch } from '../engine/trainable.js';
import { errors } from '../errors/errors.js';
import { learningRateAt } from '../optim/schedule.js';
import type { Evaluation, SplitName, Task, TaskEvaluation, TrainEvent } from '../protocol.js';
import { timed, told } from '../core/stages.js';
import { countLabels, logitNames, smoothed } from '../core/tasks.js';
import type { ResolvedConfig } from './batchChoice.js';
import { readState, writeCheckpoint, type CheckpointContent, type Progress } from '../models/checkpoint.js';
import type { BatchSource } from './featureStore.js';
import type { Learner } from './neighborsModel.js';
import type { Plan } from './plan.js';
import { SaveCheck } from './saveCheck.js';
import { TaskMetrics } from '../inference/taskMetrics.js';

interface LoopParts {
  config: ResolvedConfig;
  run: string;
  plan: Plan;
  store: BatchSource;
  trainable: Learner;
  /** What every checkpoint of the run holds alike. */
  content: Omit<CheckpointContent, 'state' | 'progress'>;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  started: number;
}

/** Target probabilities [batch, labels of all tasks], smoothed, and mixed as the images are. */
function targetsOf(
  { targets, mixing }: Pick<Batch, 'targets' | 'mixing'>,
  tasks: readonly Task[],
  smoothing: number,
): Float32Array {
  const made = smoothed(targets, tasks, smoothing);
  if (mixing) mixTargets(made, countLabels(tasks), mixing);
  return made;
}

/**
 * What an event tells of an evaluation: the table of classes only where it does not follow from the confusion matrix.
 */
function figuresOf({ labels: _labels, perClass, ...figures }: TaskEvaluation) {
  return figures.f1Macro === undefined ? figures : { ...figures, perClass };
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

/** A step that takes longer tells of its parts. */
const millisecondsOfSilence = 1000;

/** What has passed since the last step event. */
class Interval {
  loss = 0;
  steps = 0;
  images = 0;
  /** Milliseconds in which training had to wait for images. */
  waited = 0;
  #start = performance.now();

  /** Milliseconds of training. */
  get elapsed(): number {
    return performance.now() - this.#start;
  }

  /** Runs what is not training and leaves its time out. */
  async without(work: () => Promise<void>): Promise<void> {
    const pause = performance.now();
    await work();
    this.#start += performance.now() - pause;
  }
}

export class TrainingLoop {
  readonly #p: LoopParts;
  #progress: Progress;
  #savedStep: number;
  #interval = new Interval();
  /** When the last loss was told, as performance.now() counts. */
  #lossTold = -Infinity;
  readonly #check: SaveCheck;
  /** What the best checkpoint holds, where its validation was rounded and it is still to be judged. */
  #best: Pick<TrainableState, 'parameters' | 'ema'> | undefined;

  constructor(parts: LoopParts, progress: Progress) {
    this.#p = parts;
    this.#progress = progress;
    this.#savedStep = progress.step;
    const { store, config, content, trainable } = parts;
    this.#check = new SaveCheck({
      images: store.splits.validation,
      seed: config.seed,
      labels: logitNames(content.tasks),
      transform: content.base.preprocessor.transform,
      batch: config.evalBatchSize,
      logits: async (images, rows) =>
        trainable.logits((await store.featuresOf?.(rows, config.evalBatchSize)) ?? images),
    });
  }

  /**
   * Trains to the last step, to the early stop, or until asked to stop, even amid an evaluation or the computation of
   * features.
   */
  async run(): Promise<void> {
    const { plan, signal, emit, run } = this.#p;
    try {
      if (this.#progress.unevaluated || (!plan.totalSteps && !this.#progress.best)) {
        await this.#validate();
        await this.#save();
      }
      while (!this.#isDone()) await this.#runEpoch(Math.floor(this.#progress.step / plan.stepsPerEpoch));
      await timed('check', () => this.#finish());
    } catch (error) {
      if (!signal.aborted || error !== signal.reason) throw error;
      if (this.#progress.step !== this.#savedStep) await this.#save();
      emit({ type: 'stopped', run, step: this.#progress.step });
    }
  }

  #isPatienceSpent(): boolean {
    const { earlyStoppingPatience } = this.#p.config;
    return earlyStoppingPatience !== undefined && this.#progress.evaluationsSinceBest >= earlyStoppingPatience;
  }

  #isDone(): boolean {
    return this.#progress.step >= this.#p.plan.totalSteps || this.#isPatienceSpent();
  }

  /** What is left of the epoch number `epoch`. Throws the signal's reason where a stop is asked for. */
  async #runEpoch(epoch: number): Promise<void> {
    const { config, plan, store, signal } = this.#p;
    const { batchSize, seed, augmentation, gradientAccumulationSteps: parts } = config;
    const firstBatch = (this.#progress.step - epoch * plan.stepsPerEpoch) * parts;
    let asked = performance.now();
    let computed = store.computing ?? 0;
    signal.throwIfAborted();
    for await (const group of grouped(
      store.trainBatches({ batchSize, seed, epoch, firstBatch, augmentation }),
      parts,
    )) {
      const begun = performance.now();
      this.#interval.waited += begun - asked - ((store.computing ?? 0) - computed);
      told('wait', asked, begun);
      await timed('step', () => this.#step(group));
      // Messages (a stop, a window that attaches) are handled between steps, which block this thread.
      await new Promise(setImmediate);
      const { step } = this.#progress;
      await this.#interval.without(async () => {
        if (plan.evaluatesAfter(step)) await timed('evaluate', () => this.#validate());
        if (plan.savesAfter(step)) await timed('checkpoint', () => this.#save());
      });
      if (this.#isDone()) return;
      signal.throwIfAborted();
      asked = performance.now();
      computed = store.computing ?? 0;
    }
  }

  async #step(group: readonly Batch<TrainBatch['images']>[]): Promise<void> {
    const { config, plan, trainable, content, emit } = this.#p;
    const images = group.reduce((sum, { count }) => sum + count, 0);
    const learningRate = learningRateAt(plan.schedule, this.#progress.step);
    const interval = this.#interval;
    // A step none of whose images can be read is counted, but not taken: there is nothing to learn from.
    if (images) {
      const parts = group.flatMap((batch): TrainBatch[] => {
        if (!batch.count) return [];
        const targets = targetsOf(batch, content.tasks, config.labelSmoothingFactor);
        return [{ images: batch.images, targets, weights: batch.weights.map((weight) => weight / images) }];
      });
      let done = 0;
      const onPart = async (part: number, loss: number): Promise<void> => {
        done += parts[part]!.weights.filter((weight) => weight > 0).length;
        if (performance.now() - this.#lossTold < millisecondsOfSilence) return;
        this.#lossTold = performance.now();
        emit({ type: 'partialStep', step: this.#progress.step + 1, done, total: images, loss: (loss * images) / done });
        // As between steps.
        await new Promise(setImmediate);
      };
      const { loss, gradientNorm } = await trainable.step(parts, this.#progress.step, learningRate, onPart);
      // A gradient that is not finite has made the weights so, which must not be saved.
      if (!Number.isFinite(loss + gradientNorm)) throw errors.lossNotFinite(this.#progress.step, learningRate);
      interval.loss += loss;
      interval.steps++;
      interval.images += images;
    }
    const step = this.#progress.step + 1;
    this.#progress = { ...this.#progress, step };
    if (interval.steps && (step % config.loggingSteps === 0 || step === plan.totalSteps)) {
      const { elapsed } = interval;
      this.#lossTold = performance.now();
      emit({
        type: 'step',
        step,
        epoch: step / plan.stepsPerEpoch,
        loss: interval.loss / interval.steps,
        learningRate,
        imagesPerSecond: (1000 * interval.images) / elapsed,
        waiting: interval.waited / elapsed,
      });
      this.#interval = new Interval();
    }
  }

  /**
   * Evaluates a split by the model after that step and tells; undefined where none of its images can be read, which
   * of validation is an error before.
   */
  async #evaluate(
    split: SplitName,
    { step, ...judged }: { step: number; judged?: true },
  ): Promise<Evaluation | undefined> {
    const { config, plan, store, trainable, content, emit, signal } = this.#p;
    const metrics = new TaskMetrics(content.tasks);
    const total = store.splits[split].length;
    let done = 0;
    let evaluated = 0;
    let told = 0;
    for await (const batch of store.evaluationBatches(split, config.evalBatchSize)) {
      signal.throwIfAborted();
      if (batch.count) metrics.add(await trainable.logits(batch.images), batch.targets, batch.count);
      // As between steps.
      await new Promise(setImmediate);
      done = Math.min(total, done + config.evalBatchSize);
      evaluated += batch.count;
      if (done < total && performance.now() - told < 200) continue;
      told = performance.now();
      emit({ type: 'progress', phase: 'evaluate', done, total });
    }
    if (!evaluated) return undefined;
    const evaluation = metrics.result();
    const { tasks, ...whole } = evaluation;
    const each = tasks && { tasks: tasks.map(({ task, ...figures }) => ({ task, ...figuresOf(figures) })) };
    emit({
      type: 'evaluation',
      step,
      epoch: step / plan.stepsPerEpoch,
      split,
      ...judged,
      ...figuresOf(whole),
      ...each,
    });
    return evaluation;
  }

  /** Evaluates the validation images and notes whether the model has become better. */
  async #validate(): Promise<void> {
    this.#progress = { ...this.#progress, unevaluated: true };
    const { accuracy, loss } = (await this.#evaluate('validation', { step: this.#progress.step }))!;
    this.#progress = { ...this.#progress, unevaluated: undefined };
    const { best, step, evaluationsSinceBest } = this.#progress;
    const isBetter =
      !best ||
      (this.#p.config.metricForBestModel === 'accuracy'
        ? accuracy > best.accuracy || (accuracy === best.accuracy && loss < best.loss)
        : loss < best.loss);
    this.#progress = isBetter
      ? { ...this.#progress, best: { step, accuracy, loss }, evaluationsSinceBest: 0 }
      : { ...this.#progress, evaluationsSinceBest: evaluationsSinceBest + 1 };
  }

  /** Writes a checkpoint and moves the pointers; the best and the last are never pruned. */
  async #save(): Promise<void> {
    const { run, config, trainable, content, emit } = this.#p;
    const progress = this.#progress;
    const path = checkpointFolder(run, progress.step);
    const state = await trainable.read();
    await writeFolderAtomically(path, (folder) => writeCheckpoint(folder, { ...content, state, progress }));
    await writePointer(run, 'last', progress.step);
    this.#savedStep = progress.step;
    const isBest = progress.best?.step === progress.step;
    if (isBest) {
      await writePointer(run, 'best', progress.step);
      if (trainable.isRounded) this.#best = { parameters: state.parameters, ema: state.ema };
      else await this.#check.remember(progress.step);
    }
    await pruneCheckpoints(
      run,
      config.saveTotalLimit,
      new Set([progress.step, ...(progress.best ? [progress.best.step] : [])]),
    );
    emit({ type: 'checkpoint', step: progress.step, path, best: isBest });
  }

  /**
   * Judges and checks the best checkpoint as the model that will be used: in floats, whatever the steps and the
   * validations after them were in.
   */
  async #finish(): Promise<void> {
    const { store, plan, emit, run, started, trainable, content } = this.#p;
    const { step } = this.#progress.best!;
    const reason = this.#progress.step >= plan.totalSteps ? 'epochs' : 'early-stopping';
    const checkpoint = checkpointFolder(run, step);
    const isKnown = this.#check.hasAnswers(step);
    const { isRounded } = trainable;
    if (isRounded) await trainable.toFloats();
    if (store.splits.test.length || !isKnown) {
      const saved = { base: content.base.reference, method: content.method, parameters: content.parameters };
      trainable.restore(this.#best ?? (await readState(checkpoint, saved)));
    }
    const { accuracy } = isRounded
      ? (await this.#evaluate('validation', { step, judged: true }))!
      : this.#progress.best!;
    if (store.splits.test.length) await this.#evaluate('test', { step });
    // A run that was resumed after its best step has not seen that model itself.
    if (!isKnown) await this.#check.remember(step);
    const parity = await this.#check.compare(checkpoint, emit);
    const peakMemoryBytes = 1024 * process.resourceUsage().maxRSS;
    emit({
      type: 'finished',
      run,
      best: { step, accuracy },
      seconds: (Date.now() - started) / 1000,
      reason,
      peakMemoryBytes,
      parity,
    });
  }
}
