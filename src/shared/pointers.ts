/** Which checkpoints of a run are the last and the best, by what is on disk after whatever ended the trainer. */
import { count, objectOf, optional, readJson } from './schema.js';
import { runFiles, stepOfPointer, type PointerName } from './runFolder.js';

/** The part of a checkpoint's `state.json` that says which checkpoint is the best so far. */
interface SavedProgress {
  best?: { step: number };
}

const savedProgressSchema = objectOf<SavedProgress>({
  best: optional(objectOf<{ step: number }>({ step: count })),
});

/** Names from the run folder on. */
export const stateFileOf = (step: number): string => `${runFiles.checkpoints}/${step}/state.json`;

/**
 * The last checkpoint is the one with the highest step: a run resumes from its last, so that steps only grow. Its state
 * names the best one. The pointer files are written later, so that a trainer that is killed in between leaves them
 * stale: they count only where the state cannot be read. `readText` gives the text of a file of the run folder,
 * undefined where there is none.
 */
export async function pointersOf(
  steps: readonly number[],
  readText: (name: string) => Promise<string | undefined>,
): Promise<Partial<Record<PointerName, number>>> {
  if (steps.length === 0) return {};
  const last = Math.max(...steps);
  const state = await readText(stateFileOf(last));
  const { value } = state === undefined ? {} : readJson(savedProgressSchema, state);
  const best = value ? value.best?.step : stepOfPointer((await readText(runFiles.best)) ?? '');
  return { last, ...(best !== undefined && steps.includes(best) ? { best } : {}) };
}
