/**
 * The choice of a batch size and of recomputation, where the config leaves them open: by an estimate of memory,
 * confirmed by a trial.
 */
import * as l10n from '@vscode/l10n';
import { compileAccumulation, compileStep, compileValidation, type ModelSpec } from '../compile/compile.js';
import type { OptimizerSpec } from '../optim/buildUpdate.js';
import { bytesOf, peakBytes } from '../compile/memory.js';
import { sizeOf } from '../ir/shape.js';
import { takesSteps } from '../config/methods.js';
import type { TrainConfig } from '../config/schema.js';
import { errors } from '../errors/errors.js';
import { swapsGraphs } from '../engine/swap.js';
import type { DeviceName, ErrorInfo } from '../protocol.js';
import { readChoice, writeChoice, type BatchChoice, type ResolvedConfig } from './batchChoice.js';
import { freeMemory } from './freeMemory.js';
import { partSize } from '../models/partSize.js';
import { optimizerOf } from './prepareNetwork.js';
import { worthwhileGain, type Trial, type TrialRequest } from './trial.js';

/** What the config's own words stand for where no trial is held. */
const usualBatch = 16;
/** Beyond this a batch makes too few steps of an epoch, whatever the machine could. */
const largestBatch = 128;
const minStepsInEpoch = 16;
/** Of the free memory, the share that training may take. */
const shareTaken = 0.8;

/**
 * What ONNX Runtime takes for values beyond their own bytes, since its arena grows by doubling: measured on ViT-S, 1.1
 * to 1.3 times the values and tens of megabytes.
 */
const arenaBytes = (bytes: number): number => 1.3 * bytes + 64 * 2 ** 20;
/**
 * Copies of each trained number in addition to those in the graph: the fed parameter and moments, and those of the last
 * step until garbage collection.
 */
const copiesOfState = 6;

/**
 * Additional bytes that training will need: the graphs' values, and the trained numbers. Steps that see all patches, as
 * the last ones do, need the most.
 */
export function trainingBytes(
  spec: ModelSpec,
  optimizer: OptimizerSpec,
  { batchSize, evalBatchSize, gradientAccumulationSteps }: BatchChoice,
  device: DeviceName,
): number {
  const model = { ...spec, patchDropout: 0 };
  const isWhole = gradientAccumulationSteps === 1;
  const { parameters, ...graphs } = isWhole
    ? compileStep(model, optimizer, batchSize)
    : compileAccumulation(model, optimizer, batchSize);
  const passes = 'step' in graphs ? [graphs.step] : [graphs.accumulate, graphs.update];
  const evaluation = compileValidation(model, evalBatchSize).graph;
  const [ofStep, ofEvaluation] = [passes.reduce((sum, graph) => sum + peakBytes(graph), 0), peakBytes(evaluation)];
  const values = swapsGraphs(evaluation, device) ? Math.max(ofStep, ofEvaluation) : ofStep + ofEvaluation;
  const state = parameters.reduce((sum, { shape }) => sum + bytesOf({ shape, dtype: 'f32' }), 0);
  const images = batchSize * (model.cut ? 4 * sizeOf(model.cut.shape) : model.height * model.width * 3);
  return arenaBytes(values) + copiesOfState * state + 4 * images;
}

/** Of batches that were tried, in rising order: the smallest that is within a few per cent of the fastest. */
export const bestOf = (trials: readonly Trial[]): Trial | undefined => {
  const fastest = Math.max(...trials.map(({ imagesPerSecond }) => imagesPerSecond));
  return trials.find(({ imagesPerSecond }) => imagesPerSecond * (1 + worthwhileGain) >= fastest);
};

export interface ChooseOptions {
  config: TrainConfig;
  model: ModelSpec;
  optimizer: OptimizerSpec;
  /** Training images. */
  images: number;
  /** Bytes of all values of the forward pass of one image. */
  bytesOfImage: number;
  /** Bytes of all numbers that train. */
  trainedBytes: number;
  device: DeviceName;
  /** Free bytes; undefined on a device that does not report them. */
  free: number | undefined;
  /** Tries batch sizes in a process of its own. */
  tryApart: (request: Pick<TrialRequest, 'recomputes' | 'batches'>) => Promise<Trial[]>;
  notice: (notice: Omit<ErrorInfo, 'remedy'> & Partial<Pick<ErrorInfo, 'remedy'>>) => void;
}

/** The further arguments of `resolveBatch`. */
export type OpenChoice = Omit<ChooseOptions, 'config' | 'optimizer' | 'free'>;

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** Powers of two, up to what leaves an epoch enough steps. */
function candidates(images: number): number[] {
  const most = Math.min(largestBatch, Math.max(8, images / minStepsInEpoch));
  return Array.from({ length: 1 + Math.floor(Math.log2(most)) }, (_, i) => 2 ** i);
}

const bytesOfChoice = ({ model, optimizer, device }: ChooseOptions, choice: BatchChoice): number =>
  trainingBytes({ ...model, recomputes: choice.gradientCheckpointing }, optimizer, choice, device);

/** Whether a choice stays within `budget` bytes. */
function isWithin(o: ChooseOptions, choice: BatchChoice, budget: number): boolean {
  // Twice the forward values is more than a step holds of them: mostly that is enough to know, and takes no
  // compilation.
  const values = 2 * arenaBytes((choice.batchSize + choice.evalBatchSize) * o.bytesOfImage);
  return values <= budget / 2 || bytesOfChoice(o, choice) <= budget;
}

/** Decides what the config leaves open, and reports each decision with its reason. */
export async function chooseBatch(o: ChooseOptions): Promise<BatchChoice> {
  const { config, images, free, tryApart, notice } = o;
  const { gradientAccumulationSteps } = config;
  // Quantised weights are for low memory: PEFT's prepare_model_for_kbit_training turns it on, too.
  const requested =
    config.gradientCheckpointing === 'auto' && config.method.type === 'qlora' ? true : config.gradientCheckpointing;
  const choiceOf = (batchSize: number, gradientCheckpointing: boolean): BatchChoice => ({
    batchSize,
    evalBatchSize: config.evalBatchSize ?? batchSize,
    gradientAccumulationSteps,
    gradientCheckpointing,
  });
  const budget = free === undefined ? Infinity : shareTaken * free;
  const fits = (choice: BatchChoice): boolean => isWithin(o, choice, budget);
  if (!takesSteps(config.method)) return choiceOf(config.batchSize === 'auto' ? usualBatch : config.batchSize, false);

  if (config.batchSize !== 'auto') {
    const size = partSize(config.batchSize, o);
    const plain = {
      ...choiceOf(size, requested === true),
      gradientAccumulationSteps: (gradientAccumulationSteps * config.batchSize) / size,
    };
    if (requested !== 'auto' || fits(plain)) return plain;
    const recomputing = { ...plain, gradientCheckpointing: true };
    const [needed, less] = [bytesOfChoice(o, plain), bytesOfChoice(o, recomputing)];
    if (less >= needed) return plain;
    const message = l10n.t(
      'Memory is short: training would take about {0} MB, and {1} MB are free. The backward pass recomputes activations instead of holding them, which takes about {2} MB; steps took 1.1 to 1.3 times as long in measurements.',
      megabytes(needed),
      megabytes(free!),
      megabytes(less),
    );
    notice({ code: 'ACTIVATIONS_RECOMPUTED', message });
    return recomputing;
  }

  const sizes = candidates(images);
  const fitting = (recomputes: boolean): number[] => sizes.filter((size) => fits(choiceOf(size, recomputes)));
  const plain = requested === true ? [] : fitting(false);
  // Below this a batch does not keep the machine busy.
  const isShort = (plain.at(-1) ?? 0) < 8 && requested !== false;
  const recomputing = isShort ? fitting(true) : [];
  const recomputes = requested === true || (isShort && recomputing.length > plain.length);
  const possible = recomputes ? recomputing : plain;
  // Where nothing seems to fit, the smallest is still worth a trial.
  const largest = possible.at(-1) ?? 1;
  const first = Math.min(8, largest);
  let tried = await tryApart({ recomputes, batches: sizes.filter((size) => size >= first && size <= largest) });
  for (let size = first / 2; !tried.length && size >= 1; size /= 2)
    tried = await tryApart({ recomputes, batches: [size] });
  const best = bestOf(tried) ?? { batch: 1, imagesPerSecond: 0 };
  const choice = choiceOf(best.batch, recomputes);
  const rates = tried.map(({ batch, imagesPerSecond }) => `${batch}: ${imagesPerSecond.toFixed(1)}`).join(', ');
  const memory =
    free === undefined
      ? ''
      : l10n.t('About {0} MB of {1} MB free memory are used.', megabytes(bytesOfChoice(o, choice)), megabytes(free));
  const how =
    recomputes && requested === 'auto' ? l10n.t('Memory is short, so the backward pass recomputes activations.') : '';
  const message = l10n.t(
    'Batches of {0} images, after a trial (images per second by batch size: {1}).',
    choice.batchSize,
    rates || '–',
  );
  notice({ code: 'BATCH_CHOSEN', message: [message, memory, how].filter(Boolean).join(' ') });
  return choice;
}

/** Says so before the first step where even the choice that was made needs more memory than is free. */
export function reportShortage(o: ChooseOptions, choice: BatchChoice): void {
  const { config, free, notice } = o;
  if (free === undefined || !takesSteps(config.method) || isWithin(o, choice, free)) return;
  notice(errors.memoryShort(bytesOfChoice(o, choice), free).toInfo());
}

/** The config with what the run took before, or with what is chosen now and kept for a resume. */
export async function resolveBatch(run: string, config: TrainConfig, o: OpenChoice): Promise<ResolvedConfig> {
  const optimizer = optimizerOf(config);
  const free = o.device === 'cpu' ? freeMemory() : undefined;
  const options: ChooseOptions = { ...o, config, optimizer, free };
  const taken = await readChoice(run, config);
  const choice = taken ?? (await chooseBatch(options));
  if (!taken) await writeChoice(run, config, choice);
  reportShortage(options, choice);
  return { ...config, ...choice };
}
