/** Learning rate by step: linear warm-up, then one of the decays of transformers' `get_scheduler`. */

export type ScheduleType = 'cosine' | 'linear' | 'constant';

export interface Schedule {
  type: ScheduleType;
  /** Peak learning rate. */
  learningRate: number;
  warmupSteps: number;
  /** Optimiser steps of the whole run. */
  totalSteps: number;
}

/** The learning rate of the update number `step`, which counts from 0. */
export function learningRateAt({ type, learningRate, warmupSteps, totalSteps }: Schedule, step: number): number {
  if (step < warmupSteps) return (learningRate * step) / warmupSteps;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  const factor = {
    constant: () => 1,
    linear: () => 1 - progress,
    cosine: () => 0.5 * (1 + Math.cos(Math.PI * progress)),
  }[type]();
  return learningRate * Math.max(0, factor);
}
