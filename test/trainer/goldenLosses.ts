/** Reads the stored numbers of the losses (test/golden/losses.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/ensure-installed.mjs';
import type { LossSpec } from '../../src/trainer/compile/loss.js';

interface GoldenLoss {
  /** Labels of each task. */
  tasks: number[];
  multiLabel: boolean;
  weights: number[] | null;
  focalGamma: number | null;
  /** Of all images, [images, labels]. */
  targets: number[][];
  /** Of each step. */
  loss: number[];
  values: { logits: number[][]; targets: number[][]; loss: number; gradient: number[][] };
}

interface GoldenLosses {
  training: {
    steps: number;
    warmupSteps: number;
    batchSize: number;
    learningRate: number;
    weightDecay: number;
    maxGradNorm: number;
  };
  batches: number[][];
  losses: Record<string, GoldenLoss>;
}

export const goldenLosses = (): GoldenLosses =>
  JSON.parse(readFileSync(join(root, 'test', 'golden', 'losses.json'), 'utf8')) as GoldenLosses;

/** What the compiler is to be asked for. */
export const specOf = ({ tasks, multiLabel, weights, focalGamma }: GoldenLoss): LossSpec => ({
  tasks: tasks.map((labels) => ({ labels, multiLabel, weights: weights ? Float32Array.from(weights) : undefined })),
  focalGamma: focalGamma ?? undefined,
});
