/** Explains answers of a checkpoint: the places of an image that speak for a class, and the training images like it. */
import { resolve } from 'node:path';
import type { Explanation, SimilarImage } from '../../shared/explanation.js';
import { sigmoid, softmax } from '../../shared/probabilities.js';
import { compileForward, compileRelevance, embedding, type ModelSpec } from '../compile/compile.js';
import { isThere } from '../core/files.js';
import { logitNames, spansOf, type Span } from '../core/tasks.js';
import { seenPixels } from '../data/decode.js';
import { rootOf } from '../data/dataset.js';
import { createEngine } from '../engine/createEngine.js';
import type { Executable } from '../engine/engine.js';
import { hostTensor } from '../engine/tensor.js';
import { errors } from '../errors/errors.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { modelSpecOf } from '../models/modelSpec.js';
import { openModel } from '../models/openModel.js';
import { Bank } from './bank.js';
import { relevanceOf, scaled } from './relevance.js';
import { datasetOfRun } from './runSplits.js';

/** Rows and columns of places that are covered one after the other, where the network has no attention. */
const covers = 8;
/** Training images that are shown beside an image. */
const similarImages = 6;

export class Explainer {
  private constructor(
    private readonly folder: string,
    private readonly model: LoadedCheckpoint,
    private readonly spec: ModelSpec,
    /** `covers` images at once, with features. */
    private readonly forward: Executable,
    private readonly relevance: { executable: Executable; maps: number } | undefined,
    private readonly bank: Bank | undefined,
  ) {}

  /** @throws UserError when the checkpoint in `folder` cannot be used. */
  static async open(folder: string): Promise<Explainer> {
    const model = await openModel(folder);
    const spec = modelSpecOf(model);
    const { graph, maps } = compileRelevance(spec);
    const engine = createEngine('cpu');
    const stored = model.calibrated?.bank;
    const { labels, paths } = model.calibrated?.calibration.unknown ?? { labels: [] };
    const batch = maps ? 1 : covers;
    return new Explainer(
      folder,
      model,
      spec,
      await engine.load(compileForward(spec, batch, { embeds: true }).graph),
      maps ? { executable: await engine.load(graph), maps } : undefined,
      stored && Bank.stored(stored.rows, stored.width, labels, paths),
    );
  }

  /**
   * Explains the answer to the image at `path` for the class `label`, by default the likeliest of the first task.
   * @throws UserError where the image cannot be read or the model has no such class.
   */
  async explain(path: string, label?: string, signal?: AbortSignal): Promise<Explanation> {
    const { model, spec } = this;
    const names = logitNames(model.tasks);
    const asked = label === undefined ? undefined : names.indexOf(label);
    if (asked === -1) throw errors.classUnknown(label!, names);
    const { data, seen } = await seenPixels(path, model.preprocessor.transform);
    signal?.throwIfAborted();
    const size = data.length;
    const batch = this.relevance ? 1 : covers;
    const images = new Uint8Array(batch * size);
    images.set(data);
    const outputs = await this.#run(images);
    const logits = (outputs.logits!.data as Float32Array).subarray(0, spec.labels);
    const spans = spansOf(model.tasks);
    const wanted = asked ?? likeliest(logits, spans[0]!);
    const task = spans.findIndex(({ start, end }) => wanted >= start && wanted < end);
    const probabilityIn = (own: Float32Array): number => this.#probability(own, spans[task]!, task, wanted);
    const found = this.relevance
      ? { method: 'attention' as const, ...(await this.#attention(data, wanted)) }
      : { method: 'occlusion' as const, ...(await this.#occlusion(data, logits, probabilityIn, signal)) };
    const features = outputs[embedding]!.data as Float32Array;
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
    await this.forward.dispose();
    await this.relevance?.executable.dispose();
  }

  #run(images: Uint8Array) {
    const { height, width } = this.model.preprocessor.transform;
    const batch = images.length / (height * width * 3);
    return this.forward.run({ images: hostTensor('u8', [batch, height, width, 3], images) });
  }

  #probability(logits: Float32Array, { start, end, task }: Span, number: number, wanted: number): number {
    const temperature = this.model.calibrated?.calibration.tasks[number]?.temperature ?? 1;
    const likelihood = task.multiLabel ? sigmoid : softmax;
    return likelihood(logits.subarray(start, end), temperature)[wanted - start]!;
  }

  async #attention(data: Uint8Array, wanted: number) {
    const { executable, maps } = this.relevance!;
    const { spec } = this;
    const { height, width, config } = spec;
    const outputs = await executable.run({
      images: hostTensor('u8', [1, height, width, 3], data),
      wanted: hostTensor(
        'f32',
        [1, spec.labels],
        Float32Array.from({ length: spec.labels }, (_, i) => Number(i === wanted)),
      ),
    });
    const [rows, columns] = [Math.floor(height / config.patchSize), Math.floor(width / config.patchSize)];
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
    const { height, width } = this.spec;
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
        const own = logits.subarray(column * this.spec.labels, (column + 1) * this.spec.labels);
        values[row * covers + column] = before - probabilityIn(own);
      }
    }
    return { rows: covers, columns: covers, values: scaled(values) };
  }

  async #similar(features: Float32Array): Promise<Pick<Explanation, 'similar' | 'missing'>> {
    const { bank } = this;
    if (!bank?.paths) return { similar: [], missing: 'calibration' };
    const spec = await datasetOfRun(this.folder);
    const root = spec === undefined ? undefined : rootOf(spec);
    const names = logitNames(this.model.tasks);
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
