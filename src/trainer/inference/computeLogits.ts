/** The predictions of a model for a few images, computed in this process or, to check the files, in a fresh one. */
import { execFile } from 'node:child_process';
import { evaluationPixels } from '../data/decode.js';
import type { ImageTransform } from '../data/transform.js';
import { logitsCommand, trainerProgram } from '../core/program.js';
import { logitNames } from '../core/tasks.js';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import { hostTensor } from '../engine/tensor.js';
import type { ErrorInfo } from '../protocol.js';
import { Random } from '../core/random.js';
import { Classifier } from './classifier.js';
import { openOnnxExport } from './onnxExport.js';

/** The request: a model's folder or an `.onnx` file, and images by path, or by the seed of a synthetic one. */
export interface LogitsRequest {
  model: string;
  images: readonly (string | number)[];
}

export interface LabelledLogits {
  labels: string[];
  /** [images][labels] */
  logits: number[][];
}

/** The model's input [height, width, 3] for an image; noise over a slope where there is none. */
export async function pixelsOf(image: string | number, transform: ImageTransform): Promise<Uint8Array> {
  if (typeof image === 'string') return evaluationPixels(image, transform);
  const { height, width } = transform;
  const random = new Random(image, 'drawn');
  return Uint8Array.from({ length: height * width * 3 }, (_, i) =>
    Math.floor(128 * random.uniform() + (127 * (Math.floor(i / (3 * width)) + 1)) / height),
  );
}

/** Predicts in this process. Throws a `UserError` when the model cannot be used. */
export async function computeLogits({ model, images }: LogitsRequest): Promise<LabelledLogits> {
  if (model.endsWith('.onnx')) return computeOnnxLogits(model, images);
  const classifier = await Classifier.open(model);
  try {
    const logits: number[][] = [];
    for (const image of images)
      logits.push(Array.from(await classifier.logits(await pixelsOf(image, classifier.transform))));
    return { labels: [...classifier.labels], logits };
  } finally {
    await classifier.dispose();
  }
}

/** An exported ONNX file, run unchanged: all images in one batch. */
async function computeOnnxLogits(file: string, images: readonly (string | number)[]): Promise<LabelledLogits> {
  const opened = await openOnnxExport(file);
  if (!opened) throw errors.headMissing(file);
  const { tasks, transform, forward } = opened;
  const { height, width } = transform;
  const pixels = new Uint8Array(images.length * height * width * 3);
  for (const [i, image] of images.entries()) pixels.set(await pixelsOf(image, transform), i * height * width * 3);
  const { logits } = await forward.run({
    images: hostTensor('u8', [images.length, height, width, 3], pixels),
  });
  const labels = logitNames(tasks);
  const rows = images.map((_, i) =>
    Array.from((logits!.data as Float32Array).subarray(i * labels.length, (i + 1) * labels.length)),
  );
  await forward.dispose();
  return { labels, logits: rows };
}

/**
 * Predicts in a fresh process, which knows only the files on disk. Throws a `UserError` with that process's message
 * when it fails.
 */
export function computeLogitsInFreshProcess(request: LogitsRequest, signal?: AbortSignal): Promise<LabelledLogits> {
  return new Promise((resolve, reject) => {
    const options = { signal, maxBuffer: 2 ** 28 };
    execFile(
      process.execPath,
      [...trainerProgram, logitsCommand, JSON.stringify(request)],
      options,
      (error, stdout, stderr) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const line = stdout.trim().split('\n').at(-1) ?? '';
        if (!line.startsWith('{'))
          return reject(errors.freshProcessDied(request.model, stderr.trim().split('\n').at(-1) || reasonOf(error)));
        const said = JSON.parse(line) as LabelledLogits | { error: ErrorInfo };
        if (!('error' in said)) return resolve(said);
        reject(UserError.of(said.error));
      },
    );
  });
}
