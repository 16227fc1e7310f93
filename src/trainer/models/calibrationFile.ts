/** The files in a checkpoint that say how sure its probabilities may be: read with all their defects, and written. */
import { join } from 'node:path';
import { calibrationFiles, calibrationSchema, type Calibration } from '../../shared/calibration.js';
import { readJson } from '../../shared/schema.js';
import { readSafetensors, requireFinite, writeSafetensors } from '../checkpoint/safetensors.js';
import { writeFileAtomically } from '../checkpoint/store.js';
import { isThere, readTextInput } from '../core/files.js';
import { jsonText } from '../core/json.js';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import type { Task } from '../protocol.js';
import { hashFiles } from './modelFiles.js';

/** Features [images, width] of training images, of length 1. */
export interface StoredBank {
  rows: Float32Array;
  width: number;
}

export interface LoadedCalibration {
  calibration: Calibration;
  bank: StoredBank | undefined;
}

/** Name of the tensor in the bank's file. */
const tensorName = 'bank.features';

/** What the schema cannot say: whether it fits the model's tasks, and whether its numbers can be used. */
function defectOf({ tasks, unknown, bank }: Calibration, own: readonly Task[]): string | undefined {
  if (tasks.map(({ task }) => task).join('\0') !== own.map(({ name }) => name).join('\0')) return 'tasks';
  for (const [i, { temperature, thresholds }] of tasks.entries()) {
    if (!(temperature > 0)) return `tasks[${i}].temperature`;
    if (!thresholds) continue;
    if (thresholds.length !== own[i]!.labels.length) return `tasks[${i}].thresholds`;
    if (thresholds.some((each) => each < 0 || each > 1)) return `tasks[${i}].thresholds`;
  }
  if ((unknown === undefined) !== (bank === undefined)) return 'bank';
  if (unknown && (unknown.accepted < 0.5 || unknown.accepted > 1)) return 'unknown.accepted';
  if (unknown && (!unknown.scores.length || unknown.right.length !== unknown.scores.length)) return 'unknown.scores';
  if (unknown?.paths && unknown.paths.length !== unknown.labels.length) return 'unknown.paths';
  if (unknown && !(unknown.neighbors >= 1 && unknown.neighbors <= unknown.labels.length)) return 'unknown.neighbors';
  return undefined;
}

/**
 * The calibration of the checkpoint in `folder`, whose weights have the hash `model`. Where it is missing, damaged or
 * of other weights, there is none, and a notice says so: the checkpoint itself can be used.
 */
export async function readCalibration(
  folder: string,
  model: string,
  tasks: readonly Task[],
): Promise<LoadedCalibration | UserError> {
  const file = join(folder, calibrationFiles.calibration);
  if (!(await isThere(file))) return errors.calibration.missing(folder);
  const damaged = (reason: string, at = file) => errors.calibration.damaged(at, folder, reason);
  const text = await readTextInput(file).catch((error: unknown) => damaged(reasonOf(error)));
  if (text instanceof UserError) return text;
  const { value, defect } = readJson(calibrationSchema, text);
  if (defect !== undefined) return damaged(defect);
  if (value.model !== model) return errors.calibration.ofAnother(file, folder);
  const misfit = defectOf(value, tasks);
  if (misfit !== undefined) return damaged(misfit);
  if (!value.unknown) return { calibration: value, bank: undefined };
  const bankFile = join(folder, calibrationFiles.bank);
  try {
    if (!(await isThere(bankFile))) return damaged('ENOENT', bankFile);
    if ((await hashFiles([bankFile])) !== value.bank) return errors.calibration.ofAnother(bankFile, folder);
    const { tensors } = await readSafetensors(bankFile);
    requireFinite(tensors, bankFile);
    const found = tensors.get(tensorName);
    if (!found || found.shape.length !== 2 || found.shape[0] !== value.unknown.labels.length)
      return damaged(tensorName, bankFile);
    return { calibration: value, bank: { rows: found.data, width: found.shape[1]! } };
  } catch (error) {
    if (error instanceof UserError) return damaged(error.message, bankFile);
    throw error;
  }
}

/** Writes both files; until the second is there, a reader takes the bank for one of other weights. */
export async function writeCalibration(
  folder: string,
  calibration: Omit<Calibration, 'bank' | 'format'>,
  bank: StoredBank | undefined,
): Promise<void> {
  let hash: string | undefined;
  if (bank) {
    const file = join(folder, calibrationFiles.bank);
    const shape = [bank.rows.length / bank.width, bank.width];
    await writeFileAtomically(file, (path) =>
      writeSafetensors(path, [[tensorName, { shape, data: bank.rows }]], {}, 'F16'),
    );
    hash = await hashFiles([file]);
  }
  const whole: Calibration = { format: 1, ...calibration, ...(hash === undefined ? {} : { bank: hash }) };
  await writeFileAtomically(join(folder, calibrationFiles.calibration), jsonText(whole));
}
