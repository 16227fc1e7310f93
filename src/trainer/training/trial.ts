/**
 * A trial of batch sizes: some steps of each in a process of its own, which memory may run out in without harm to the
 * run.
 */
import { writeFile } from 'node:fs/promises';
import { cutOf, type ModelSpec } from '../compile/compile.js';
import { loadConfig } from '../config/load.js';
import { createEngine } from '../engine/createEngine.js';
import { Trainable } from '../engine/trainable.js';
import { linesApart } from '../core/linesApart.js';
import { trialCommand } from '../core/program.js';
import { sizeOf } from '../ir/shape.js';
import type { DeviceName, Task } from '../protocol.js';
import { countLabels } from '../core/tasks.js';
import { openBaseModel } from '../models/baseModel.js';
import { initialValues, optimizerOf, prepareNetwork } from './prepareNetwork.js';

export interface TrialRequest {
  /** A config file, and the commit of its model. */
  config: string;
  revision: string | undefined;
  device: DeviceName;
  /** The requested features that the device supports. */
  frozenPrecision: ModelSpec['frozenPrecision'];
  tasks: readonly Task[];
  /** Whether training starts from features. */
  cached: boolean;
  recomputes: boolean;
  /** In rising order. */
  batches: readonly number[];
}

export interface Trial {
  batch: number;
  imagesPerSecond: number;
}

/** A larger batch must be faster by this share to be worth its memory. */
export const worthwhileGain = 0.05;
const timedSteps = 3;
/** A trial ends after this many milliseconds with what it knows by then. */
const patience = 120_000;

/** Whether the last batch tried was not worth its memory. */
const isPeakPassed = (trials: readonly Trial[]): boolean => {
  const [last, before] = [trials.at(-1), trials.at(-2)];
  return !!last && !!before && last.imagesPerSecond < (1 + worthwhileGain) * before.imagesPerSecond;
};

/** Where memory is short, Linux should end this process and no other. */
export const endFirst = (): Promise<void> => writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined);

/** A training as its config has it, for steps whose result is thrown away. */
export async function openTrial(o: Pick<TrialRequest, 'config' | 'revision' | 'frozenPrecision' | 'tasks'>) {
  const loaded = await loadConfig(o.config);
  const { config } = loaded;
  const base = await openBaseModel({ ...config, revision: o.revision, place: {} });
  const labels = countLabels(o.tasks);
  const prepared = prepareNetwork(loaded, base, labels);
  const loss = { tasks: o.tasks.map((task) => ({ labels: task.labels.length, multiLabel: task.multiLabel })) };
  const model: ModelSpec = { ...prepared.model, loss, frozenPrecision: o.frozenPrecision };
  return { config, model, optimizer: optimizerOf(config), values: initialValues(prepared, base, config.seed) };
}

/** Tries in this process; reports each batch that worked, and ends when a larger one is not faster. */
export async function tryBatches(o: TrialRequest, report: (trial: Trial) => void): Promise<void> {
  await endFirst();
  const { config, model: whole, optimizer, values } = await openTrial(o);
  const cut = o.cached ? cutOf(whole) : undefined;
  const model: ModelSpec = { ...whole, cut, recomputes: o.recomputes };
  const { labels } = model;
  const trials: Trial[] = [];
  for (const batch of o.batches) {
    const trainable = await Trainable.create(createEngine(o.device), {
      model,
      optimizer,
      batchSize: batch,
      evalBatchSize: batch,
      seed: config.seed,
      accumulates: config.gradientAccumulationSteps > 1,
    });
    trainable.restore({ parameters: values });
    const images = cut
      ? new Float32Array(batch * sizeOf(cut.shape))
      : new Uint8Array(batch * model.height * model.width * 3);
    const part = {
      images,
      targets: new Float32Array(batch * labels).fill(1 / labels),
      weights: new Float32Array(batch).fill(1 / batch),
    };
    // Both graphs' memory is held together in training too.
    await trainable.logits(images);
    let best = Infinity;
    for (let step = 0; step <= timedSteps; step++) {
      const start = performance.now();
      await trainable.step([part], step, 0);
      if (step) best = Math.min(best, performance.now() - start);
    }
    await trainable.dispose();
    trials.push({ batch, imagesPerSecond: (1000 * batch) / best });
    report(trials.at(-1)!);
    if (isPeakPassed(trials)) return;
  }
}

/** Tries in a separate process. Its output before it ends, however it ends, is the result. */
export const tryBatchesApart = (request: TrialRequest, signal: AbortSignal): Promise<Trial[]> =>
  linesApart<Trial>(trialCommand, request, { signal, patience });
