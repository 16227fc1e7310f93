/** A loaded checkpoint: logits of batches of images, and the labels of single ones. */
import { stat } from 'node:fs/promises';
import { notAFile } from '../core/files.js';
import { compileForward } from '../compile/compile.js';
import { evaluationPixels } from '../data/decode.js';
import { imagesBelow } from '../data/folder.js';
import type { ImageTransform } from '../data/transform.js';
import type { Executable } from '../engine/engine.js';
import { createEngine } from '../engine/createEngine.js';
import { errors, UserError } from '../errors/errors.js';
import type { Graph } from '../ir/graph.js';
import { numbersOf } from '../ir/op.js';
import { hostTensor } from '../engine/tensor.js';
import type { Classification, Prediction, Task } from '../protocol.js';
import { countLabels, logitNames, spansOf } from '../core/tasks.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { openModel } from '../models/openModel.js';
import { imagesAtOnce } from '../models/partSize.js';

const sigmoid = (logits: Float32Array): number[] => Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));

function softmax(logits: Float32Array): number[] {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export class Classifier {
  private constructor(
    readonly tasks: readonly Task[],
    readonly transform: ImageTransform,
    /** Images in a batch. */
    readonly batch: number,
    /** What the model's files leave open. */
    readonly notices: readonly UserError[],
    private readonly forward: Executable,
    /** Throws if a weight is NaN or infinite. */
    private readonly checkWeights: () => void,
  ) {}

  /** A name for each logit. */
  get labels(): string[] {
    return logitNames(this.tasks);
  }

  /**
   * Opens the checkpoint in `folder` on the CPU, for so many images at once, or for as many as keep the processor
   * busy; `maps` as OrtEngine's.
   * @throws UserError when it cannot be used.
   */
  static async open(folder: string, images: number | 'many' = 1, { maps = false } = {}): Promise<Classifier> {
    const model = await openModel(folder);
    const { tasks, preprocessor } = model;
    const spec = modelSpecOf(model);
    const batch = images === 'many' ? imagesAtOnce(spec) : images;
    const { graph } = compileForward(spec, batch);
    const checkWeights = maps ? () => readWeights(graph) : () => undefined;
    return new Classifier(
      tasks,
      preprocessor.transform,
      batch,
      model.notices ?? [],
      await createEngine('cpu', { maps }).load(graph),
      checkWeights,
    );
  }

  /** Logits [batch, labels] of images [batch, height, width, 3]. */
  async logits(images: Uint8Array): Promise<Float32Array> {
    const { height, width } = this.transform;
    const { logits } = await this.forward.run({
      images: hostTensor('u8', [this.batch, height, width, 3], images),
    });
    const values = logits!.data as Float32Array;
    if (!values.every(Number.isFinite)) this.checkWeights();
    return values;
  }

  /** The `top` likeliest labels of each file, in the order of `paths`; a file that is not an image gets its error. */
  async *classify(paths: readonly string[], top: number, signal?: AbortSignal): AsyncGenerator<Classification> {
    const { height, width: imageWidth } = this.transform;
    const width = countLabels(this.tasks);
    const imageSize = height * imageWidth * 3;
    const read = async (path: string): Promise<Uint8Array | UserError> =>
      evaluationPixels(path, this.transform).catch((error: unknown) => {
        if (error instanceof UserError) return error;
        throw error;
      });
    const groups = Array.from({ length: Math.ceil(paths.length / this.batch) }, (_, i) =>
      paths.slice(i * this.batch, (i + 1) * this.batch),
    );
    const readGroup = (i: number): Promise<(Uint8Array | UserError)[]> => Promise.all((groups[i] ?? []).map(read));
    // The next batch is decoded while this one is computed.
    let next = readGroup(0);
    for (const [i, group] of groups.entries()) {
      signal?.throwIfAborted();
      const pixels = await next;
      next = readGroup(i + 1);
      const images = new Uint8Array(this.batch * imageSize);
      pixels.forEach((each, k) => each instanceof UserError || images.set(each, k * imageSize));
      const logits = await this.logits(images);
      for (const [k, path] of group.entries()) {
        const each = pixels[k]!;
        if (each instanceof UserError) yield { path, error: each.toInfo() };
        else yield { path, ...this.answer(logits.subarray(k * width, (k + 1) * width), top) };
      }
    }
    await next;
  }

  /** What the logits of one image say: the `top` likeliest labels of each task. */
  answer(
    logits: Float32Array,
    top: number,
  ): { predictions: Prediction[]; tasks?: { task: string; predictions: Prediction[] }[] } {
    const byTask = spansOf(this.tasks).map(({ task, start, end }) => {
      const own = logits.subarray(start, end);
      const likelihood = task.multiLabel ? sigmoid(own) : softmax(own);
      const predictions = likelihood
        .map((probability, i) => ({ label: task.labels[i]!, probability }))
        .sort((a, b) => b.probability - a.probability);
      return { task: task.name, predictions: predictions.slice(0, top) };
    });
    const { predictions } = byTask[0]!;
    return byTask.length > 1 ? { predictions, tasks: byTask } : { predictions };
  }

  dispose(): Promise<void> {
    return this.forward.dispose();
  }
}

/** Reads every weight of a graph, which finds NaN and infinite ones. */
function readWeights({ nodes }: Graph): void {
  for (const { op } of nodes) if (op.type === 'constant') numbersOf(op.data);
}

/**
 * The files to classify: those given, and for a folder every image below it. A path that is not there is a
 * `UserError`.
 */
export async function imagesOf(paths: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const entry = await stat(path).catch(() => undefined);
    if (!entry) throw errors.pathMissing(path);
    // Not as arguments of one call, of which there may not be a million.
    if (entry.isDirectory()) for (const image of await imagesBelow(path, { problems: [], signal })) found.push(image);
    else if (entry.isFile()) found.push(path);
    else throw errors.fileUnreadable(path, notAFile());
  }
  if (!found.length) throw errors.nothingToClassify(paths[0] ?? '');
  return found;
}
