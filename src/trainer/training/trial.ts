/**
 * A trial of batch sizes: some steps of each in a process of its own, which memory may run out in without harm to the
 * run.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { cutOf, type ModelSpec } from '../compile/compile.js';
import { loadConfig } from '../config/load.js';
import { createEngine } from '../engine/createEngine.js';
import { Trainable } from '../engine/trainable.js';
import { trainerProgram, trialCommand } from '../core/program.js';
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

/** Tries in this process; reports each batch that worked, and ends when a larger one is not faster. */
export async function tryBatches(o: TrialRequest, report: (trial: Trial) => void): Promise<void> {
  await endFirst();
  const loaded = await loadConfig(o.config);
  const { config } = loaded;
  const base = await openBaseModel({ ...config, revision: o.revision, place: {} });
  const labels = countLabels(o.tasks);
  const prepared = prepareNetwork(loaded, base, labels);
  const loss = { tasks: o.tasks.map((task) => ({ labels: task.labels.length, multiLabel: task.multiLabel })) };
  const cut = o.cached ? cutOf(prepared.model) : undefined;
  const model: ModelSpec = {
    ...prepared.model,
    loss,
    cut,
    frozenPrecision: o.frozenPrecision,
    recomputes: o.recomputes,
  };
  const values = initialValues(prepared, base, config.seed);
  const trials: Trial[] = [];
  for (const batch of o.batches) {
    const options = {
      model,
      optimizer: optimizerOf(config),
      batchSize: batch,
      evalBatchSize: batch,
      seed: config.seed,
    };
    const trainable = await Trainable.create(createEngine(o.device), {
      ...options,
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
export function tryBatchesApart(request: TrialRequest, signal: AbortSignal): Promise<Trial[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...trainerProgram, trialCommand, JSON.stringify(request)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    const trials: Trial[] = [];
    createInterface({ input: child.stdout }).on(
      'line',
      (line) => line.startsWith('{') && trials.push(JSON.parse(line) as Trial),
    );
    const end = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(end, patience);
    signal.addEventListener('abort', end);
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(new DOMException('The trial was cancelled', 'AbortError'));
      else resolve(trials);
    });
  });
}
