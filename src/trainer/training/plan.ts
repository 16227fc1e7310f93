/** The arithmetic of a run: how many steps there are, and which come with an evaluation or a checkpoint. */
import { takesSteps } from '../config/methods.js';
import { learningRateOf } from '../config/schema.js';
import type { Schedule } from '../optim/schedule.js';
import type { ResolvedConfig } from './batchChoice.js';

export interface Plan {
  /** Optimiser steps in an epoch and in the run. */
  stepsPerEpoch: number;
  totalSteps: number;
  schedule: Schedule;
  /** The step from which on no patch is left out of training. */
  allPatchesFrom: number;
  /** The step after which the first evaluation comes, and how many evaluations and checkpoints there are. */
  firstEvaluation: number;
  evaluations: number;
  saves: number;
  evaluatesAfter(step: number): boolean;
  savesAfter(step: number): boolean;
}

/**
 * `images` is the number of training images, the last batch of an epoch may be short; `width` is that of the model.
 */
export function planOf(config: ResolvedConfig, images: number, width: number): Plan {
  const batches = Math.ceil(images / config.batchSize);
  const stepsPerEpoch = Math.ceil(batches / config.gradientAccumulationSteps);
  const totalSteps = takesSteps(config.method)
    ? Math.min(config.maxSteps ?? Infinity, Math.ceil(stepsPerEpoch * config.epochs))
    : 0;
  const { evalSteps = stepsPerEpoch, saveSteps = stepsPerEpoch } = config;
  const every = (steps: number) => (step: number) => step % steps === 0 || step === totalSteps;
  const times = (steps: number): number => Math.ceil(totalSteps / steps);
  const evaluatesAfter = every(evalSteps);
  const saves = every(saveSteps);
  return {
    stepsPerEpoch,
    totalSteps,
    schedule: {
      type: config.lrSchedulerType,
      learningRate: learningRateOf(config, width),
      warmupSteps: Math.ceil(config.warmupRatio * totalSteps),
      totalSteps,
    },
    allPatchesFrom: Math.round(config.patchDropoutUntil * totalSteps),
    firstEvaluation: Math.min(evalSteps, totalSteps),
    evaluations: times(evalSteps),
    saves: times(evalSteps) + times(saveSteps) - times((evalSteps / greatestDivisor(evalSteps, saveSteps)) * saveSteps),
    evaluatesAfter,
    // What is evaluated is saved, or the best would be lost.
    savesAfter: (step) => saves(step) || evaluatesAfter(step),
  };
}

/** Of two whole numbers, by Euclid. */
const greatestDivisor = (a: number, b: number): number => (b ? greatestDivisor(b, a % b) : a);
