/** What an exported ONNX file does on images that the model was not trained on, held against the file in fp32. */
import { wilson } from '../../shared/interval.js';
import type { PrecisionFigures } from '../../shared/precisions.js';
import { spansOf } from '../core/tasks.js';
import { errors } from '../errors/errors.js';
import { cutsOf } from '../inference/thresholds.js';
import { TaskMetrics } from '../inference/taskMetrics.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import type { Task } from '../protocol.js';
import { exportedCalibration } from './calibratedLogits.js';
import type { MeasuredImages } from './measuredImages.js';
import { timeInTurns, type OnnxRun } from './onnxRun.js';

/** An image whose prediction is another than in fp32, by the labels of all tasks. */
export interface ChangedImage {
  path: string;
  was: string;
  is: string;
}

type Figures = Omit<PrecisionFigures, 'layers' | 'wider'>;

/** Measures `narrow` and `full` on the same images. */
export async function measureFigures(
  model: LoadedCheckpoint,
  { narrow, full }: { narrow: OnnxRun; full: OnnxRun },
  images: MeasuredImages,
  onProgress: (share: number) => void,
): Promise<{ figures: Figures; changed: ChangedImage[] }> {
  const { tasks } = model;
  const calibration = exportedCalibration(model);
  const labelled = (logits: Float32Array) => labelsOf(tasks, logits, calibration);
  const [metrics, reference] = [new TaskMetrics(tasks, calibration), new TaskMetrics(tasks, calibration)];
  const changed: ChangedImage[] = [];
  let [count, done] = [0, 0];
  let image: Uint8Array | undefined;
  for await (const batch of images.measured()) {
    onProgress(Math.min(1, (done += batch.weights.length) / images.measuredCount));
    if (!batch.count) continue;
    image ??= batch.images;
    const [found, wanted] = [
      await narrow.logits(batch.images, batch.count),
      await full.logits(batch.images, batch.count),
    ];
    metrics.add(found, batch.targets, batch.count);
    reference.add(wanted, batch.targets, batch.count);
    const width = found.length / batch.count;
    for (let row = 0; row < batch.count; row++) {
      const [is, was] = [found, wanted].map((all) => labelled(all.subarray(row * width, (row + 1) * width)));
      if (is !== was) changed.push({ path: images.pathOf(batch.samples[row]!), was: was!, is: is! });
    }
    count += batch.count;
  }
  if (!image) throw errors.quantization.noImages(model.folder);
  const [own, before] = await timeInTurns([narrow, full], image);
  const { accuracy, interval, ece } = metrics.result();
  return {
    figures: {
      accuracy,
      // Of several tasks the accuracy is their mean, and what they get wrong may be the same images.
      interval: tasks.length > 1 ? wilson(accuracy * count, count) : interval,
      ece,
      images: count,
      changed: changed.length,
      millisecondsPerImage: own!,
      fp32: { accuracy: reference.result().accuracy, millisecondsPerImage: before! },
    },
    changed,
  };
}

/** The predicted labels of one image, of all tasks: of a multi-label task those above their thresholds. */
function labelsOf(
  tasks: readonly Task[],
  logits: Float32Array,
  calibration: ReturnType<typeof exportedCalibration>,
): string {
  return spansOf(tasks)
    .map(({ task, start, end }, t) => {
      const own = logits.subarray(start, end);
      if (!task.multiLabel) return task.labels[own.reduce((best, value, i) => (value > own[best]! ? i : best), 0)];
      const cuts = cutsOf(calibration?.[t]);
      return task.labels.filter((_, i) => own[i]! >= (cuts?.[i] ?? 0)).join(' + ');
    })
    .join(', ');
}
