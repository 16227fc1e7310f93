/** From what a trial run took to what the whole run will take. */
import type { Plan } from './plan.js';

/** What parts of a run take, in milliseconds. */
export interface Costs {
  /** From the first opened cache to the first step. */
  setup: number;
  /** A step on images that are decoded, or whose features are computed. */
  step: number;
  /** The same on all patches, where other steps leave some out. */
  stepOnAllPatches: number;
  /** What the first step after an evaluation takes more. */
  stepAfterEvaluation: number;
  /** What a training image takes more that is not decoded, or whose features are not computed. */
  newImage: number;
  /** An image of an evaluation, and what one takes more that is new. */
  evaluatedImage: number;
  newEvaluatedImage: number;
  checkpoint: number;
  /** From the last checkpoint to the end. */
  finish: number;
}

/** How many images a run has, and how many of these are new. */
export interface ImageCounts {
  train: number;
  validation: number;
  test: number;
  newTrain: number;
  newValidation: number;
  newTest: number;
}

/** In milliseconds, from the start of the process, which has taken `started` until the first cache was opened. */
export function extrapolate(
  costs: Costs,
  plan: Pick<Plan, 'stepsPerEpoch' | 'totalSteps' | 'allPatchesFrom' | 'firstEvaluation' | 'evaluations' | 'saves'>,
  images: ImageCounts,
  started: number,
): { total: number; firstMetric: number } {
  const { stepsPerEpoch, totalSteps, allPatchesFrom } = plan;
  // A method that takes no steps is evaluated and saved once, and reads all training images before.
  const { evaluations, saves } = totalSteps ? plan : { evaluations: 1, saves: 1 };
  const stepsTo = (steps: number): number => {
    const seen = totalSteps ? Math.min(1, steps / stepsPerEpoch) : 1;
    const onAllPatches = Math.max(0, steps - allPatchesFrom);
    return (
      (steps - onAllPatches) * costs.step +
      onAllPatches * costs.stepOnAllPatches +
      seen * images.newTrain * costs.newImage
    );
  };
  const evaluation = images.validation * costs.evaluatedImage;
  const fresh = images.newValidation * costs.newEvaluatedImage;
  const begun = started + costs.setup;
  return {
    firstMetric: begun + stepsTo(plan.firstEvaluation) + evaluation + fresh,
    total:
      begun +
      stepsTo(totalSteps) +
      evaluations * (evaluation + costs.stepAfterEvaluation) +
      fresh +
      saves * costs.checkpoint +
      costs.finish +
      images.test * costs.evaluatedImage +
      images.newTest * costs.newEvaluatedImage,
  };
}
