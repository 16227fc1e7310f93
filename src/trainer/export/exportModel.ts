/**
 * Exports a checkpoint for other programs: a PEFT adapter, a whole transformers model, or an ONNX file. The export is
 * kept only if its predictions equal those of the checkpoint, or are as near as its precision allows.
 */
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFolderAtomically } from '../checkpoint/store.js';
import { encodeModel } from '../onnx/model.js';
import { errors, UserError } from '../errors/errors.js';
import { isOnnx } from '../nn/families/onnx.js';
import { exportFormats, type ExportFormat } from '../../shared/exportFormats.js';
import { precisions, type Precision } from '../../shared/precisions.js';
import type { ErrorInfo, Exported, ExportStage, Parity } from '../protocol.js';
import { computeLogits } from '../inference/computeLogits.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { logitScales } from './calibratedLogits.js';
import { writers } from './exportFormats.js';
import { openModel } from '../models/openModel.js';
import { checkParity, requireParity } from '../inference/parity.js';
import { openMeasuredImages, type MeasuredImages } from './measuredImages.js';
import { narrowModel, type Narrowed } from './narrowModel.js';
import { exportGraphs, onnxOf, writeOnnx, type ExportGraphs } from './onnxExport.js';
import { OnnxRun } from './onnxRun.js';
import { measureFigures, type ChangedImage } from './precisionFigures.js';

export interface ExportOptions {
  /** Folder of a checkpoint, of a PEFT adapter or of a transformers model. */
  checkpoint: string;
  format: ExportFormat;
  /** Of an ONNX file: the weights' precision. Where it is given, the file is measured on labelled images. */
  precision?: Precision | undefined;
  /** Points of accuracy that the precision may cost at most; by default that of its row. */
  maxLoss?: number | undefined;
  /** Labelled images to choose by and to measure on; by default the run's own. */
  dataset?: string | undefined;
  /** A folder that is not there yet, or empty. */
  output: string;
  /** The images for the comparison, or seeds of synthetic ones. */
  images: readonly (string | number)[];
  signal?: AbortSignal;
  /** A stage, and the share of it that is done. */
  onProgress?: (stage: ExportStage, share: number) => void;
  /** What the checkpoint's files leave open. */
  onNotice?: (notice: UserError) => void;
  /** An image that cannot be read. */
  onProblem?: (info: ErrorInfo) => void;
  /** The images whose prediction is another than in fp32. */
  onChanged?: (changed: readonly ChangedImage[]) => Promise<void>;
}

async function requireFree(output: string): Promise<void> {
  const names = await readdir(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw errors.exportTargetTaken(output);
  });
  if (names.some((name) => !name.startsWith('.'))) throw errors.exportTargetTaken(output);
}

/** @throws UserError where the format has no precision to choose, or the model cannot have this one. */
function requirePrecision(model: LoadedCheckpoint, format: ExportFormat, precision: Precision | undefined): void {
  if (precision === undefined) return;
  if (format !== 'onnx') throw errors.quantization.formatHasNone(format);
  if (precision !== 'fp32' && isOnnx(model.network)) throw errors.quantization.onnxBackbone(model.folder);
}

/**
 * Writes the export and compares it in a fresh process; nothing is left behind when its predictions differ or anything
 * else fails.
 * @throws UserError when the target is taken or cannot be written, the format cannot hold the model, or answers
 *   changed.
 */
export async function exportModel(o: ExportOptions): Promise<Exported> {
  const { checkpoint, format, precision, output, images, signal, onProgress, onNotice } = o;
  const target = resolve(output);
  await requireFree(target);
  onProgress?.('open', 0);
  const model = await openModel(checkpoint);
  model.notices?.forEach((notice) => onNotice?.(notice));
  requirePrecision(model, format, precision);
  if (format !== 'onnx' && model.preprocessor.transform.rounded) onNotice?.(errors.exportCropsOtherwise(target));
  if (format !== 'onnx' && isOnnx(model.network)) throw errors.onnx.exportImpossible(format);
  const { labels, logits } = await computeLogits({ model: checkpoint, images });
  const scales = logitScales(model);
  const live = { labels, logits: scales ? logits.map((row) => row.map((logit, i) => logit * scales[i]!)) : logits };
  const measured = precision === undefined ? undefined : await openMeasuredImages(model, o);
  const exported: Partial<Exported> = {};
  try {
    await writeFolderAtomically(target, async (folder) => {
      signal?.throwIfAborted();
      const graphs = format === 'onnx' ? exportGraphs(model) : undefined;
      const narrowed =
        precision === undefined || precision === 'fp32'
          ? undefined
          : await narrowModel(model, graphs!, {
              precision,
              maxLoss: o.maxLoss ?? precisions[precision].maxLoss,
              images: measured!,
              signal,
              onProgress: (share) => onProgress?.('narrow', share),
            });
      signal?.throwIfAborted();
      onProgress?.('write', 0);
      await (format === 'onnx'
        ? writeOnnx(folder, model, { graphs: graphs!, ...(narrowed && { narrowing: narrowed }) })
        : writers[format](folder, model));
      exported.files = (await readdir(folder)).sort();
      exported.bytes = await bytesOfFolder(folder, exported.files);
      signal?.throwIfAborted();
      onProgress?.('compare', 0);
      const file = join(folder, exportFormats[format].opens);
      exported.parity = gate(
        await checkParity({ model: file, images }, live, {
          signal,
          bound: precision && precisions[precision].tolerance,
        }),
        precision ?? format,
        narrowed,
      );
      if (precision === undefined) return;
      onProgress?.('measure', 0);
      Object.assign(
        exported,
        { precision },
        await figuresOf(model, file, { ...o, graphs: graphs!, measured: measured! }),
      );
      Object.assign(exported, { layers: narrowed?.layers ?? 0, wider: narrowed?.wider ?? [] });
    });
  } catch (error) {
    throw error instanceof UserError && error.code.startsWith('NOT_SAVED') ? errors.notExported(error) : error;
  } finally {
    await measured?.close();
  }
  return { ...(exported as Exported), format, folder: target };
}

/** Throws a `UserError` that names the images that are too far from the checkpoint. */
function gate(parity: Parity, what: string, narrowed: Narrowed | undefined): Parity {
  if (narrowed && parity.changed.length) throw errors.predictionsFar(what, parity);
  return requireParity(parity, what);
}

async function bytesOfFolder(folder: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((a, b) => a + b, 0);
}

async function figuresOf(
  model: LoadedCheckpoint,
  file: string,
  {
    graphs,
    measured,
    precision,
    onProgress,
    onChanged,
  }: ExportOptions & { graphs: ExportGraphs; measured: MeasuredImages },
): Promise<Partial<Exported>> {
  const { transform } = model.preprocessor;
  const narrow = await OnnxRun.open(file, transform);
  const full = await OnnxRun.open(precision === 'fp32' ? file : encodeModel(onnxOf(graphs)), transform);
  try {
    const { figures, changed } = await measureFigures(model, { narrow, full }, measured, (share) =>
      onProgress?.('measure', share),
    );
    await onChanged?.(changed);
    return { ...figures, coverage: measured.coverage };
  } finally {
    await narrow.dispose();
    await full.dispose();
  }
}
