/**
 * The batch sizes of a run that the config left open or that memory forced to change. They are stored in the run
 * folder, so a resume uses the same.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../checkpoint/store.js';
import type { TrainConfig } from '../config/schema.js';
import { errors, reasonOf } from '../errors/errors.js';

const choiceSchema = z.object({
  /** Images in one part of a step, and in a batch of an evaluation. */
  batchSize: z.int().min(1),
  evalBatchSize: z.int().min(1),
  gradientAccumulationSteps: z.int().min(1),
  gradientCheckpointing: z.boolean(),
});

export type BatchChoice = z.output<typeof choiceSchema>;
/** A config in which nothing is left open. */
export type ResolvedConfig = Omit<TrainConfig, keyof BatchChoice> & BatchChoice;

const choiceFile = (run: string): string => join(run, 'batch.json');

/** The request of the config; another request invalidates an earlier choice. */
const requestOf = ({
  batchSize,
  evalBatchSize,
  gradientAccumulationSteps,
  gradientCheckpointing,
}: TrainConfig): string =>
  JSON.stringify([batchSize, evalBatchSize ?? null, gradientAccumulationSteps, gradientCheckpointing]);

export async function writeChoice(run: string, config: TrainConfig, choice: BatchChoice): Promise<void> {
  await writeFileAtomically(choiceFile(run), `${JSON.stringify({ asked: requestOf(config), ...choice }, null, 2)}\n`);
}

/** The earlier choice for the same request; undefined in a new run. Throws a `UserError` if the file is damaged. */
export async function readChoice(run: string, config: TrainConfig): Promise<BatchChoice | undefined> {
  const file = choiceFile(run);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  if (text === undefined) return undefined;
  try {
    const { asked, ...choice } = choiceSchema.extend({ asked: z.string() }).parse(JSON.parse(text));
    return asked === requestOf(config) ? choice : undefined;
  } catch (error) {
    throw errors.run.damaged(file, reasonOf(error));
  }
}

/**
 * The next choice that needs less memory and learns the same: batches of half the size or less, and correspondingly
 * more for each step; with single images, recomputation of activations. Undefined if no saving is left.
 */
export function smaller(choice: BatchChoice): BatchChoice | undefined {
  const { batchSize, evalBatchSize, gradientAccumulationSteps } = choice;
  if (batchSize === 1)
    return choice.gradientCheckpointing ? undefined : { ...choice, evalBatchSize: 1, gradientCheckpointing: true };
  const whole = batchSize * gradientAccumulationSteps;
  let size = Math.floor(batchSize / 2);
  while (whole % size) size--;
  return {
    ...choice,
    batchSize: size,
    evalBatchSize: Math.max(1, Math.floor(evalBatchSize / 2)),
    gradientAccumulationSteps: whole / size,
  };
}
