/** Fits to a model's validation answers what makes them trustworthy: temperatures, thresholds, and what is unknown. */
import { fewestImages, type Calibration, type TaskCalibration } from '../../shared/calibration.js';
import type { Task } from '../protocol.js';
import type { Answers } from './answers.js';
import type { Bank } from './bank.js';
import { reliabilityOf } from './reliability.js';
import { fitTemperature, type Labelled } from './temperature.js';
import { fitThresholds } from './thresholds.js';
import { fitUnknown } from './unknown.js';

/** How many different labels the images have. */
const labelsSeen = ({ multiLabel, truth, targets }: Labelled): number =>
  multiLabel ? new Set(targets.map((row) => row.join())).size : new Set(truth).size;

function calibrateTask({ name }: Task, labelled: Labelled): TaskCalibration {
  const { multiLabel, logits } = labelled;
  const about = { task: name, images: logits.length };
  if (logits.length < fewestImages) return { ...about, temperature: 1, missing: 'fewImages' };
  if (labelsSeen(labelled) < 2) return { ...about, temperature: 1, missing: 'oneClass' };
  const temperature = fitTemperature(labelled);
  const [before, after] = [reliabilityOf(labelled, 1), reliabilityOf(labelled, temperature)];
  return {
    ...about,
    temperature,
    ece: {
      before: before.error(),
      after: after.error(),
      corrected: { before: before.correctedError(), after: after.correctedError() },
    },
    bins: { before: before.bins(), after: after.bins() },
    ...(multiLabel ? { thresholds: fitThresholds(labelled, temperature) } : {}),
  };
}

/**
 * What the validation images say, without the hashes of the files. With too few images or no bank there is no rule of
 * what is unknown. `accepted` is the share of them that must count as known.
 */
export async function calibrate(
  tasks: readonly Task[],
  answers: Answers,
  { bank, accepted }: { bank: Bank | undefined; accepted: number },
): Promise<Pick<Calibration, 'tasks' | 'unknown'>> {
  const calibrated = answers.byTask().map((labelled, t) => calibrateTask(tasks[t]!, labelled));
  if (!bank || answers.logits.length < fewestImages) return { tasks: calibrated };
  const images = answers.logits.map((logits, i) => ({
    logits,
    embedding: answers.embeddings[i]!,
    isRight: answers.rights[i]!,
  }));
  return { tasks: calibrated, unknown: await fitUnknown(images, { tasks, bank, accepted }) };
}
