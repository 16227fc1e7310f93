/** Explains answers of a checkpoint: the places of an image that speak for a class, and the training images like it. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { Explanation, SimilarImage } from '../../shared/explanation.js';
import { sigmoid, softmax } from '../../shared/probabilities.js';
import { compileForward, compileRelevance, embedding } from '../compile/compile.js';
import { isThere } from '../core/files.js';
import { countLabels, logitNames, spansOf, type Span } from '../core/tasks.js';
import { seenPixels } from '../data/decode.js';
import { rootOf } from '../data/dataset.js';
import type { ImageTransform } from '../data/transform.js';
import { createEngine } from '../engine/createEngine.js';
import type { Executable } from '../engine/engine.js';
import { hostTensor } from '../engine/tensor.js';
import { errors } from '../errors/errors.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { onnxFileOf } from '../models/onnxModel.js';
import { openModel } from '../models/openModel.js';
import type { Task } from '../protocol.js';
import { Bank } from './bank.js';
import { openOnnxExport } from './onnxExport.js';
import { relevanceOf, scaled } from './relevance.js';
import { datasetOfRun } from './runSplits.js';

/** Rows and columns of places that are covered one after the other, where the network has no attention. */
const covers = 8;
/** Training images that are shown beside an image. */
const similarImages = 6;

/** What is explained: a checkpoint, or an export, which has neither attention that is known nor training images. */
interface Explained {
  tasks: readonly Task[];
  transform: ImageTransform;
  /** Of each task. */
  temperatures: readonly number[];
  /** `covers` images at once, with features where it is a checkpoint; one where there is attention. */
  forward: Executable;
  relevance?: { executable: Executable; maps: number; patchSize: number } | undefined;
  bank?: Bank | undefined;
  isExport: boolean;
}

export class Explainer {
  private constructor(
    private readonly folder: string,
    private readonly o: Explained,
  ) {}

  /** @throws UserError when the checkpoint or the exported ONNX file in `folder` cannot be used. */
  static async open(folder: string): Promise<Explainer> {
    const file = await onnxFileOf(folder);
    const exported = file === undefined ? undefined : await openOnnxExport(file);
    // Its logits are calibrated already.
    if (exported) return new Explainer(folder, { ...exported, temperatures: [], isExport: true });
    const model = await openModel(folder);
    const spec = modelSpecOf(model);
    const { graph, maps } = compileRelevance(spec);
    const engine = createEngine('cpu');
    const stored = model.calibrated?.bank;
    const { labels, paths } = model.calibrated?.calibration.unknown ?? { labels: [] };
    const batch = maps ? 1 : covers;
    const { patchSize } = spec.config;
    return new Explainer(folder, {
      tasks: model.tasks,
      transform: model.preprocessor.transform,
      temperatures: model.calibrated?.calibration.tasks.map(({ temperature }) => temperature) ?? [],
      forward: await engine.load(compileForward(spec, batch, { embeds: true }).graph),
      relevance: maps ? { executable: await engine.load(graph), maps, patchSize } : undefined,
      bank: stored && Bank.stored(stored.rows, stored.width, labels, paths),
      isExport: false,
    });
  }

  /**
   * Explains the answer to the image at `path` for the class `label`, by default the likeliest of the first task.
   * @throws UserError where the image cannot be read or the model has no such class.
   */
  async explain(path: string, label?: string, signal?: AbortSignal): Promise<Explanation> {
    const { tasks, transform, relevance } = this.o;
    const names = logitNames(tasks);
    const asked = label === undefined ? undefined : names.indexOf(label);
    if (asked === -1) throw errors.classUnknown(label!, names);
    const { data, seen } = await seenPixels(path, transform);
    signal?.throwIfAborted();
    const size = data.length;
    const batch = relevance ? 1 : covers;
    const images = new Uint8Array(batch * size);
    images.set(data);
    const outputs = await this.#run(images);
    const logits = (outputs.logits!.data as Float32Array).subarray(0, names.length);
    if (!logits.every(Number.isFinite))
      throw errors.checkpointDamaged(this.folder, l10n.t('its answers are no numbers'));
    const spans = spansOf(tasks);
    const wanted = asked ?? likeliest(logits, spans[0]!);
    const task = spans.findIndex(({ start, end }) => wanted >= start && wanted < end);
    const probabilityIn = (own: Float32Array): number => this.#probability(own, spans[task]!, task, wanted);
    const found = relevance
      ? { method: 'attention' as const, ...(await this.#attention(data, wanted)) }
      : { method: 'occlusion' as const, ...(await this.#occlusion(data, logits, probabilityIn, signal)) };
    const features = (outputs[embedding]?.data ?? new Float32Array()) as Float32Array;
    return {
      path: resolve(path),
      label: names[wanted]!,
      probability: probabilityIn(logits),
      ...found,
      values: Array.from(found.values, (value) => Math.round(value * 1e4) / 1e4),
      seen,
      ...(await this.#similar(features.subarray(0, features.length / batch))),
    };
  }

  async dispose(): Promise<void> {
    await this.o.forward.dispose();
    await this.o.relevance?.executable.dispose();
  }

  #run(images: Uint8Array) {
    const { height, width } = this.o.transform;
    const batch = images.length / (height * width * 3);
    return this.o.forward.run({ images: hostTensor('u8', [batch, height, width, 3], images) });
  }

  #probability(logits: Float32Array, { start, end, task }: Span, number: number, wanted: number): number {
    const temperature = this.o.temperatures[number] ?? 1;
    const likelihood = task.multiLabel ? sigmoid : softmax;
    return likelihood(logits.subarray(start, end), temperature)[wanted - start]!;
  }

  async #attention(data: Uint8Array, wanted: number) {
    const { executable, maps, patchSize } = this.o.relevance!;
    const { height, width } = this.o.transform;
    const labels = countLabels(this.o.tasks);
    const outputs = await executable.run({
      images: hostTensor('u8', [1, height, width, 3], data),
      wanted: hostTensor(
        'f32',
        [1, labels],
        Float32Array.from({ length: labels }, (_, i) => Number(i === wanted)),
      ),
    });
    const [rows, columns] = [Math.floor(height / patchSize), Math.floor(width / patchSize)];
    const all = Array.from({ length: maps }, (_, i) => {
      const { data: values, shape } = outputs[`relevance.${i}`]!;
      return { values: values as Float32Array, queries: shape[0]!, tokens: shape[1]! };
    });
    return { rows, columns, values: relevanceOf(all, rows * columns) };
  }

  /** How much probability is lost where a place has the image's mean colour. */
  async #occlusion(
    data: Uint8Array,
    whole: Float32Array,
    probabilityIn: (logits: Float32Array) => number,
    signal: AbortSignal | undefined,
  ) {
    const { height, width } = this.o.transform;
    const labels = countLabels(this.o.tasks);
    const mean = meanColour(data);
    const before = probabilityIn(whole);
    const values = new Float32Array(covers * covers);
    for (let row = 0; row < covers; row++) {
      signal?.throwIfAborted();
      const images = new Uint8Array(covers * data.length);
      for (let column = 0; column < covers; column++) {
        const image = images.subarray(column * data.length, (column + 1) * data.length);
        image.set(data);
        for (let y = edge(row, height); y < edge(row + 1, height); y++)
          for (let x = edge(column, width); x < edge(column + 1, width); x++) image.set(mean, (y * width + x) * 3);
      }
      const logits = (await this.#run(images)).logits!.data as Float32Array;
      for (let column = 0; column < covers; column++) {
        const own = logits.subarray(column * labels, (column + 1) * labels);
        values[row * covers + column] = before - probabilityIn(own);
      }
    }
    return { rows: covers, columns: covers, values: scaled(values) };
  }

  async #similar(features: Float32Array): Promise<Pick<Explanation, 'similar' | 'missing'>> {
    const { bank, isExport, tasks } = this.o;
    if (isExport) return { similar: [], missing: 'export' };
    if (!bank?.paths) return { similar: [], missing: 'calibration' };
    const spec = await datasetOfRun(this.folder);
    const root = spec === undefined ? undefined : rootOf(spec);
    const names = logitNames(tasks);
    const similar: SimilarImage[] = [];
    for (const { row, similarity } of bank.nearest(features, similarImages).images) {
      const path = root === undefined ? undefined : resolve(root, bank.paths[row]!);
      if (path === undefined || !(await isThere(path))) continue;
      similar.push({ path, label: names[bank.labels[row]!] ?? '', similarity: Math.min(1, similarity) });
    }
    return similar.length ? { similar } : { similar, missing: 'images' };
  }
}

/** Where the cover number `i` of `covers` begins in so many pixels. */
const edge = (i: number, pixels: number): number => Math.round((i * pixels) / covers);

function likeliest(logits: Float32Array, { start, end }: Span): number {
  let best = start;
  for (let i = start; i < end; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function meanColour(data: Uint8Array): [number, number, number] {
  const sums = [0, 0, 0];
  data.forEach((value, i) => (sums[i % 3]! += value));
  const mean = (channel: number): number => Math.round((3 * sums[channel]!) / data.length);
  return [mean(0), mean(1), mean(2)];
}
