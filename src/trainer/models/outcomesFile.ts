/** Reads and writes what a checkpoint got right. */
import { join } from 'node:path';
import { outcomesFileName, outcomesSchema, type Outcomes } from '../../shared/outcomes.js';
import { readJson } from '../../shared/schema.js';
import { writeFileAtomically } from '../checkpoint/store.js';
import { isThere, readTextInput } from '../core/files.js';
import { jsonText } from '../core/json.js';
import { errors } from '../errors/errors.js';

/** Undefined for a checkpoint from before there was such a file. Throws a `UserError` where it is damaged. */
export async function readOutcomes(folder: string): Promise<Outcomes | undefined> {
  const file = join(folder, outcomesFileName);
  if (!(await isThere(file))) return undefined;
  const { value, defect } = readJson(outcomesSchema, await readTextInput(file));
  if (defect !== undefined) throw errors.checkpointDamaged(file, defect);
  return value;
}

export const writeOutcomes = (folder: string, outcomes: Omit<Outcomes, 'format'>): Promise<void> =>
  writeFileAtomically(join(folder, outcomesFileName), jsonText({ format: 1, ...outcomes }));
