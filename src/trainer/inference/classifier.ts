/** A loaded checkpoint: logits of batches of images, and the labels of single ones. */
import { stat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { notAFile } from '../core/files.js';
import type { Calibration, UnknownRule } from '../../shared/calibration.js';
import { sigmoid, softmax } from '../../shared/probabilities.js';
import { compileForward, embedding } from '../compile/compile.js';
import { evaluationPixels } from '../data/decode.js';
import { imagesBelow } from '../data/folder.js';
import type { ImageTransform } from '../data/transform.js';
import type { Executable } from '../engine/engine.js';
import { createEngine } from '../engine/createEngine.js';
import { errors, UserError } from '../errors/errors.js';
import type { Graph } from '../ir/graph.js';
import { numbersOf } from '../ir/op.js';
import { hostTensor } from '../engine/tensor.js';
import type { Classification, DeviceName, Task, UnknownAnswer } from '../protocol.js';
import { countLabels, logitNames, spansOf } from '../core/tasks.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { onnxFileOf } from '../models/onnxModel.js';
import { openModel } from '../models/openModel.js';
import { imagesAtOnce } from '../models/partSize.js';
import type { Inferred } from './answers.js';
import { Bank } from './bank.js';
import { openOnnxExport, type OnnxExport } from './onnxExport.js';
import { energyOf, figuresAt, scoreOf, thresholdOf } from './unknown.js';

/** How images are classified. */
export interface AnswerOptions {
  /** How many labels of each task. */
  top: number;
  /** The share of the validation images that counts as known; by default that of the calibration. */
  accepted?: number | undefined;
}

export interface OpenOptions {
  maps?: boolean;
  embeds?: boolean;
  /** Default: the CPU. */
  device?: DeviceName | undefined;
}

/** Of an export, whose network is not known, the images that keep a processor busy. */
const exportedAtOnce = 16;

type Answer = Omit<Extract<Classification, { predictions: unknown }>, 'path'>;

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
    /** How sure the probabilities may be, where that is known. */
    readonly calibration: Pick<Calibration, 'tasks' | 'unknown'> | undefined,
    private readonly bank: Bank | undefined,
  ) {}

  /** Whether an image can be answered as unknown. */
  get knowsUnknown(): boolean {
    return this.calibration?.unknown !== undefined && this.bank !== undefined;
  }

  /** A name for each logit. */
  get labels(): string[] {
    return logitNames(this.tasks);
  }

  /**
   * Opens the checkpoint or the exported ONNX file in `folder`, for so many images at once, or for as many as keep the
   * processor busy; `maps` as OrtEngine's; `embeds` says that features are wanted also where the checkpoint has no
   * bank.
   * @throws UserError when it cannot be used.
   */
  static async open(
    folder: string,
    images: number | 'many' = 1,
    { maps = false, embeds = false, device = 'cpu' }: OpenOptions = {},
  ): Promise<Classifier> {
    const file = await onnxFileOf(folder);
    const exported = file === undefined ? undefined : await openOnnxExport(file);
    if (exported && device === 'tensorflow') throw errors.onnx.notOnDevice(device, l10n.t('it is for ONNX Runtime.'));
    if (exported) return Classifier.#exported(file!, exported, images === 'many' ? exportedAtOnce : images);
    const model = await openModel(folder);
    const { tasks, preprocessor } = model;
    const spec = modelSpecOf(model);
    const batch = images === 'many' ? imagesAtOnce(spec) : images;
    const { calibration, bank: stored } = model.calibrated ?? {};
    const bank = stored && Bank.stored(stored.rows, stored.width, calibration!.unknown!.labels);
    const { graph } = compileForward(spec, batch, { embeds: embeds || bank !== undefined });
    const checkWeights = maps ? () => readWeights(graph) : () => undefined;
    return new Classifier(
      tasks,
      preprocessor.transform,
      batch,
      model.notices ?? [],
      await createEngine(device, { maps }).load(graph),
      checkWeights,
      calibration,
      bank,
    );
  }

  static #exported(file: string, { tasks, transform, forward, calibration }: OnnxExport, batch: number): Classifier {
    // Its weights were not read, so that nobody knows yet whether they are numbers.
    const refuse = (): never => {
      throw errors.checkpointDamaged(file, l10n.t('its answers are no numbers'));
    };
    return new Classifier(tasks, transform, batch, [], forward, refuse, { tasks: calibration }, undefined);
  }

  /** Logits [batch, labels] of images [batch, height, width, 3], as the model gives them. */
  async logits(images: Uint8Array): Promise<Float32Array> {
    return (await this.infer(images)).logits;
  }

  /** The same with what the head reads [batch, width]; empty where nothing needs it. */
  async infer(images: Uint8Array): Promise<Inferred> {
    const { height, width } = this.transform;
    const outputs = await this.forward.run({ images: hostTensor('u8', [this.batch, height, width, 3], images) });
    const logits = outputs.logits!.data as Float32Array;
    if (!logits.every(Number.isFinite)) this.checkWeights();
    return { logits, embedding: (outputs[embedding]?.data ?? new Float32Array()) as Float32Array };
  }

  /** The `top` likeliest labels of each file, in the order of `paths`; a file that is not an image gets its error. */
  async *classify(
    paths: readonly string[],
    options: AnswerOptions,
    signal?: AbortSignal,
  ): AsyncGenerator<Classification> {
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
      const inferred = await this.infer(images);
      const features = inferred.embedding.length / this.batch;
      for (const [k, path] of group.entries()) {
        const each = pixels[k]!;
        const own = {
          logits: inferred.logits.subarray(k * width, (k + 1) * width),
          embedding: inferred.embedding.subarray(k * features, (k + 1) * features),
        };
        if (each instanceof UserError) yield { path, error: each.toInfo() };
        else yield { path, ...this.answer(own, options) };
      }
    }
    await next;
  }

  /**
   * What the logits and features of one image say: the `top` likeliest labels of each task, and whether it is known.
   */
  answer({ logits, embedding: features }: Inferred, { top, accepted }: AnswerOptions): Answer {
    const byTask = spansOf(this.tasks).map(({ task, start, end }, t) => {
      const own = logits.subarray(start, end);
      const { temperature = 1, thresholds } = this.calibration?.tasks[t] ?? {};
      const likelihood = task.multiLabel ? sigmoid : softmax;
      const [calibrated, raw] = [likelihood(own, temperature), likelihood(own)];
      const predictions = calibrated
        .map((probability, i) => ({
          label: task.labels[i]!,
          probability,
          rawProbability: raw[i]!,
          ...(thresholds ? { threshold: thresholds[i]! } : {}),
        }))
        .sort((a, b) => b.probability - a.probability);
      return { task: task.name, predictions: predictions.slice(0, top) };
    });
    const { predictions } = byTask[0]!;
    const rule = this.calibration?.unknown;
    return {
      predictions,
      ...(byTask.length > 1 ? { tasks: byTask } : {}),
      ...(rule && this.bank ? { unknown: this.#known(rule, this.bank, { logits, features, accepted }) } : {}),
    };
  }

  #known(
    rule: UnknownRule,
    bank: Bank,
    { logits, features, accepted }: { logits: Float32Array; features: Float32Array; accepted: number | undefined },
  ): UnknownAnswer {
    const { distance, labels } = bank.nearest(features, rule.neighbors);
    const score = scoreOf({ distance, energy: energyOf(this.tasks, logits) }, rule);
    const threshold = accepted === undefined ? rule.threshold : thresholdOf(rule.scores, accepted);
    const names = labels.map((label) => this.labels[label]).filter((name) => name !== undefined);
    const nearest = [...new Set(names)];
    return { isUnknown: score > threshold, score, threshold, nearest, ...figuresAt(rule, threshold) };
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
