/** The optimiser steps of a run: reads batches, steps, evaluates, saves and reports; knows no UI or command line. */
import { mixTargets } from '../data/mixing.js';
import type { Batch } from '../data/store.js';
import type { TrainBatch } from '../engine/trainable.js';
import { errors } from '../errors/errors.js';
import { learningRateAt } from '../optim/schedule.js';
import type { Task } from '../protocol.js';
import { publishSpan, timed } from '../core/stages.js';
import { countLabels, smoothed } from '../core/tasks.js';
import { eachUntilAborted } from '../core/untilAborted.js';
import type { Learner } from './learner.js';
import type { RunParts, RunState } from './runState.js';

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

/** A step that takes longer reports its parts. */
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
  #interval = new Interval();
  /** When the last loss was reported, as performance.now() counts. */
  #lossReported = -Infinity;

  constructor(
    private readonly p: RunParts,
    private readonly learner: Learner,
    private readonly state: RunState,
  ) {}

  /** Trains to the last step or to the early stop. Throws the signal's reason where a stop is requested. */
  async run(): Promise<void> {
    while (!this.state.isDone) await this.#runEpoch(Math.floor(this.state.step / this.p.plan.stepsPerEpoch));
  }

  /** What is left of the epoch number `epoch`. */
  async #runEpoch(epoch: number): Promise<void> {
    const { config, plan, store, signal } = this.p;
    const { batchSize, seed, augmentation, gradientAccumulationSteps: parts } = config;
    const firstBatch = (this.state.step - epoch * plan.stepsPerEpoch) * parts;
    const batches = store.trainBatches({ batchSize, seed, epoch, firstBatch, augmentation });
    let requested = performance.now();
    let computed = store.computing ?? 0;
    for await (const group of eachUntilAborted(grouped(batches, parts), signal)) {
      const begun = performance.now();
      this.#interval.waited += begun - requested - ((store.computing ?? 0) - computed);
      publishSpan('wait', requested, begun);
      await timed('step', () => this.#step(group));
      // Messages (a stop, a window that attaches) are handled between steps, which block this thread.
      await new Promise(setImmediate);
      await this.#interval.without(async () => {
        if (plan.evaluatesAfter(this.state.step)) await timed('evaluate', () => this.state.validate());
        if (plan.savesAfter(this.state.step)) await timed('checkpoint', () => this.state.save());
      });
      if (this.state.isDone) return;
      signal.throwIfAborted();
      requested = performance.now();
      computed = store.computing ?? 0;
    }
  }

  async #step(group: readonly Batch<TrainBatch['images']>[]): Promise<void> {
    const { config, plan, emit } = this.p;
    const images = group.reduce((sum, { count }) => sum + count, 0);
    const learningRate = learningRateAt(plan.schedule, this.state.step);
    const interval = this.#interval;
    // A step none of whose images can be read is counted, but not taken: there is nothing to learn from.
    if (images) {
      const { loss, gradientNorm } = await this.#train(group, images, learningRate);
      // A gradient that is not finite has made the weights so, which must not be saved.
      if (!Number.isFinite(loss + gradientNorm)) throw errors.lossNotFinite(this.state.step, learningRate);
      interval.loss += loss;
      interval.steps++;
      interval.images += images;
    }
    this.state.advance();
    const { step } = this.state;
    if (!interval.steps || (step % config.loggingSteps !== 0 && step !== plan.totalSteps)) return;
    const { elapsed } = interval;
    this.#lossReported = performance.now();
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

  /** One optimiser step on the images of a group of batches; a long one reports its parts. */
  #train(
    group: readonly Batch<TrainBatch['images']>[],
    images: number,
    learningRate: number,
  ): Promise<{ loss: number; gradientNorm: number }> {
    const { config, content, emit } = this.p;
    const parts = group.flatMap((batch): TrainBatch[] => {
      if (!batch.count) return [];
      const targets = targetsOf(batch, content.tasks, config.labelSmoothingFactor);
      return [{ images: batch.images, targets, weights: batch.weights.map((weight) => weight / images) }];
    });
    let done = 0;
    const onPart = async (part: number, loss: number): Promise<void> => {
      done += parts[part]!.weights.filter((weight) => weight > 0).length;
      if (performance.now() - this.#lossReported < millisecondsOfSilence) return;
      this.#lossReported = performance.now();
      emit({ type: 'partialStep', step: this.state.step + 1, done, total: images, loss: (loss * images) / done });
      // As between steps.
      await new Promise(setImmediate);
    };
    return this.learner.step(parts, this.state.step, learningRate, onPart);
  }
}
