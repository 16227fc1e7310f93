/**
 * Exports a checkpoint for other programs: a PEFT adapter, a whole transformers model, or an ONNX file. The export is
 * kept only if its predictions equal those of the checkpoint.
 */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFolderAtomically } from '../checkpoint/store.js';
import { errors, UserError } from '../errors/errors.js';
import { isOnnx } from '../nn/families/onnx.js';
import { exportFormats, type ExportFormat } from '../../shared/exportFormats.js';
import type { Exported, ExportStage, Parity } from '../protocol.js';
import { computeLogits } from '../inference/computeLogits.js';
import { logitScales } from './calibratedLogits.js';
import { writers } from './exportFormats.js';
import { openModel } from '../models/openModel.js';
import { checkParity, requireParity } from '../inference/parity.js';

export interface ExportOptions {
  /** Folder of a checkpoint, of a PEFT adapter or of a transformers model. */
  checkpoint: string;
  format: ExportFormat;
  /** A folder that is not there yet, or empty. */
  output: string;
  /** The images for the comparison, or seeds of synthetic ones. */
  images: readonly (string | number)[];
  signal?: AbortSignal;
  onProgress?: (stage: ExportStage) => void;
  /** What the checkpoint's files leave open. */
  onNotice?: (notice: UserError) => void;
}

async function requireFree(output: string): Promise<void> {
  const names = await readdir(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw errors.exportTargetTaken(output);
  });
  if (names.some((name) => !name.startsWith('.'))) throw errors.exportTargetTaken(output);
}

/**
 * Writes the export and compares it in a fresh process; nothing is left behind when its predictions differ or anything
 * else fails.
 * @throws UserError when the target is taken or cannot be written, the format cannot hold the model, or answers
 *   changed.
 */
export async function exportModel({
  checkpoint,
  format,
  output,
  images,
  signal,
  onProgress,
  onNotice,
}: ExportOptions): Promise<Exported> {
  const target = resolve(output);
  await requireFree(target);
  onProgress?.('open');
  const model = await openModel(checkpoint);
  model.notices?.forEach((notice) => onNotice?.(notice));
  if (format !== 'onnx' && model.preprocessor.transform.rounded) onNotice?.(errors.exportCropsOtherwise(target));
  if (format !== 'onnx' && isOnnx(model.network)) throw errors.onnx.exportImpossible(format);
  const { labels, logits } = await computeLogits({ model: checkpoint, images });
  const scales = logitScales(model);
  const live = { labels, logits: scales ? logits.map((row) => row.map((logit, i) => logit * scales[i]!)) : logits };
  let parity: Parity | undefined;
  let files: string[] = [];
  await writeFolderAtomically(target, async (folder) => {
    signal?.throwIfAborted();
    onProgress?.('write');
    await writers[format](folder, model);
    files = (await readdir(folder)).sort();
    signal?.throwIfAborted();
    onProgress?.('compare');
    parity = requireParity(
      await checkParity({ model: join(folder, exportFormats[format].opens), images }, live, signal),
      format,
    );
  }).catch((error: unknown) => {
    throw error instanceof UserError && error.code.startsWith('NOT_SAVED') ? errors.notExported(error) : error;
  });
  return { format, folder: target, files, parity: parity! };
}
