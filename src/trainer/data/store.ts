/** The pictures of a dataset as batches of pixels: decoded once into the cache on disk, shuffled and augmented by seed, made ahead of need. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { errors, UserError } from '../errors.js';
import type { ErrorInfo, SplitName, Task } from '../protocol.js';
import { Random } from '../random.js';
import { countLabels, logitNames } from '../tasks.js';
import type { Augmentation } from './augment.js';
import { forEachConcurrently } from './concurrently.js';
import { decoderVersion, evaluationPixels, trainingPixels, type Pixels } from './decode.js';
import { drawMixing, type Mixing } from './mixing.js';
import { PixelCache, type Place } from './pixelCache.js';
import type { Augmenting } from './pixelWorker.js';
import { PixelWorkers } from './pixelWorkers.js';
import { marksOf, type Sample } from './sample.js';
import type { Dataset } from './scan.js';
import type { ImageTransform } from './transform.js';

export interface Batch<Images = Uint8Array> {
  /** `[batchSize, height, width, 3]` RGB; black after `count`. */
  images: Images;
  /** `[batchSize, labels of all tasks]`: 1 for a label that the picture has, else 0; 0 after `count`. */
  targets: Float32Array;
  /** `[batchSize]`: 1 for a picture, 0 for the padding of the last batch. */
  weights: Float32Array;
  /** How many pictures are in the batch. */
  count: number;
  /** Their indices in the split. */
  samples: number[];
  /** How the pictures were mixed, for `mixTargets`; `labels` are those of the pictures before. */
  mixing: Mixing | undefined;
}

export interface StoreOptions {
  cacheFolder: string;
  /** Bytes that all decoded pictures on disk may take together. */
  cacheBytes?: number | undefined;
  dataset: Dataset;
  transform: ImageTransform;
  /** For which use the training pictures are decoded at once; the other is decoded when first asked for. */
  trainPixels?: Kind | undefined;
  signal?: AbortSignal | undefined;
  /** Pictures seen to so far, of all; some ten times a second at most. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Told where the cache cannot be used; the run goes on without it. */
  onNotice?: ((notice: ErrorInfo) => void) | undefined;
}

export interface TrainBatchOptions {
  batchSize: number;
  seed: number;
  /** Counts from 0; with the seed it determines the order and the augmentation of every picture. */
  epoch: number;
  /** The batch to begin with, counted from 0: where a resumed epoch goes on. */
  firstBatch?: number | undefined;
  augmentation: Augmentation;
  signal?: AbortSignal | undefined;
}

/** Pixels kept for random crops, or the exact pixels of evaluation. */
type Kind = 'training' | 'evaluation';

/** Batches asked for beyond the one in use: while a step blocks the main thread, the workers have these to fill. */
const batchesAhead = 3;
const decodesAtOnce = Math.min(4, availableParallelism());
/** Which pixels an augmentation starts from. */
const kindOf = ({ randomResizedCrop }: Augmentation): Kind => (randomResizedCrop === false ? 'evaluation' : 'training');
/** Changes with the form of the cache's files. */
const cacheVersion = 2;
/** Files looked at between two chances for others to run. */
const looksAtOnce = 512;
const splitNames: readonly SplitName[] = ['train', 'validation', 'test'];

/** The indices of an epoch's pictures in the order they are trained on: each of `count` once. */
export function epochOrder(count: number, seed: number, epoch: number): number[] {
  return new Random(seed, 'order', epoch).shuffle(Array.from({ length: count }, (_, i) => i));
}

/** The batch of the pictures `chosen` from `samples`, with `images` (or what stands for them) already made. */
export function batchOf<Images>(
  samples: readonly Sample[],
  chosen: number[],
  { batchSize, labels }: { batchSize: number; labels: number },
  images: Images,
  mixing?: Mixing,
): Batch<Images> {
  const targets = new Float32Array(batchSize * labels);
  chosen.forEach((sample, i) => marksOf(samples[sample]!).forEach((mark) => (targets[i * labels + mark] = 1)));
  return { images, targets, weights: new Float32Array(batchSize).fill(1, 0, chosen.length), count: chosen.length, samples: chosen, mixing };
}

/** What tells a file from what it was before, sixteen bytes each: its size and time of change. */
class FileStates {
  private constructor(
    private readonly sizes: Float64Array,
    private readonly times: Float64Array,
  ) {}

  static ofMany(count: number): FileStates {
    return new FileStates(new Float64Array(count), new Float64Array(count).fill(NaN));
  }

  /** Looks at a file. In a row that takes a fifth of what as many promises would. */
  look(i: number, path: string): void {
    try {
      const { size, mtimeMs } = statSync(path);
      this.sizes[i] = size;
      this.times[i] = mtimeMs;
    } catch {
      // It cannot be decoded either, which gives the error in words.
      this.times[i] = NaN;
    }
  }

  isThere(i: number): boolean {
    return !Number.isNaN(this.times[i]);
  }

  /** Size in bytes, and milliseconds since 1970. */
  get(i: number): [size: number | undefined, modified: number | undefined] {
    return this.isThere(i) ? [this.sizes[i], this.times[i]] : [undefined, undefined];
  }

  /** Those of which `isKept` says so, in their order. */
  filter(isKept: (_: unknown, i: number) => boolean): FileStates {
    return new FileStates(this.sizes.filter(isKept), this.times.filter(isKept));
  }
}

const keyOf = (kind: Kind, identity: readonly unknown[]): string => JSON.stringify([kind, ...identity]);

export class ImageStore {
  /** Why each picture that is left out could not be read. */
  readonly skipped: ErrorInfo[] = [];
  /** The readable pictures. */
  readonly splits: Record<SplitName, Sample[]> = { train: [], validation: [], test: [] };
  readonly #cache: PixelCache;
  readonly #transform: ImageTransform;
  readonly #workers = new PixelWorkers();
  /** Which splits have been decoded for which use. */
  readonly #prepared = new Map<string, Promise<void>>();
  /** Of the pictures of each split. */
  readonly #files: Record<SplitName, FileStates> = { train: FileStates.ofMany(0), validation: FileStates.ofMany(0), test: FileStates.ofMany(0) };
  /** How many labels all tasks have. */
  readonly labels: number;

  private constructor(cache: PixelCache, transform: ImageTransform, tasks: readonly Task[]) {
    this.#cache = cache;
    this.#transform = transform;
    this.labels = countLabels(tasks);
  }

  /**
   * Decodes what the cache does not have yet. Unreadable pictures end up in `skipped`; throws a UserError only where a class is left without a
   * training picture, or nothing is left at all.
   */
  static async open({
    cacheFolder,
    cacheBytes,
    dataset,
    transform,
    trainPixels = 'training',
    signal,
    onProgress,
    onNotice,
  }: StoreOptions): Promise<ImageStore> {
    const folder = createHash('sha256')
      .update(JSON.stringify([cacheVersion, decoderVersion, transform]))
      .digest('hex')
      .slice(0, 16);
    const cache = await PixelCache.open(join(cacheFolder, folder), onNotice ?? (() => undefined), cacheBytes);
    const store = new ImageStore(cache, transform, dataset.tasks);
    try {
      const total = splitNames.reduce((sum, split) => sum + dataset.splits[split].length, 0);
      let done = 0;
      let told = 0;
      const step = () => {
        done++;
        if (done < total && performance.now() - told < 100) return;
        told = performance.now();
        onProgress?.(done, total);
      };
      for (const split of splitNames) await store.#prepare(split, split === 'train' ? trainPixels : 'evaluation', dataset.splits[split], step, signal);
      await cache.flush();
      store.#checkEnough(dataset);
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  /**
   * The training pictures of an epoch in random order, each once; the last batch is filled up with padding. The same seed, epoch and batch size
   * give the same batches, whichever is the first one asked for.
   */
  async *trainBatches({ batchSize, seed, epoch, firstBatch = 0, augmentation, signal }: TrainBatchOptions): AsyncGenerator<Batch, void, undefined> {
    const order = epochOrder(this.splits.train.length, seed, epoch).slice(firstBatch * batchSize);
    const mixingOf = (batch: number, count: number) => drawMixing(new Random(seed, 'mixing', epoch, firstBatch + batch), count, this.#transform, augmentation);
    yield* this.#batches('train', kindOf(augmentation), order, batchSize, { augmenting: { seed, epoch, augmentation }, mixingOf }, signal);
  }

  /** The pictures of a split that `order` names, augmented (but not mixed) or as evaluation sees them; the last batch is filled up with padding. */
  async *batchesOf(
    split: SplitName,
    order: number[],
    batchSize: number,
    augmenting?: Augmenting,
    signal?: AbortSignal,
  ): AsyncGenerator<Batch, void, undefined> {
    const training = augmenting && { augmenting, mixingOf: () => undefined };
    yield* this.#batches(split, augmenting ? kindOf(augmenting.augmentation) : 'evaluation', order, batchSize, training, signal);
  }

  /** The pictures of a split in their order, as evaluation sees them; the last batch is filled up with padding. */
  async *evaluationBatches(split: SplitName, batchSize: number, signal?: AbortSignal): AsyncGenerator<Batch, void, undefined> {
    const order = this.splits[split].map((_, i) => i);
    yield* this.batchesOf(split, order, batchSize, undefined, signal);
  }

  /** What tells the content of a sample's file from that of another, and from its own after a change: path, size and time. */
  identityOf(split: SplitName, sample: number): string {
    return JSON.stringify(this.#identity(split, sample));
  }

  async close(): Promise<void> {
    await this.#workers.close();
    await this.#cache.close();
  }

  async *#batches(
    split: SplitName,
    kind: Kind,
    order: number[],
    batchSize: number,
    training: { augmenting: Augmenting; mixingOf: (batch: number, count: number) => Mixing | undefined } | undefined,
    signal?: AbortSignal,
  ) {
    await this.#decoded(split, kind, signal);
    const samples = this.splits[split];
    const ahead: { chosen: number[]; mixing: Mixing | undefined; images: Promise<Uint8Array> }[] = [];
    for (let next = 0; next < order.length || ahead.length > 0;) {
      signal?.throwIfAborted();
      for (; next < order.length && ahead.length <= batchesAhead; next += batchSize) {
        const chosen = order.slice(next, next + batchSize);
        const pictures = chosen.map((sample) => ({ path: samples[sample]!.path, place: this.#placeOf(split, sample, kind), sample }));
        const mixing = training?.mixingOf(next / batchSize, chosen.length);
        const images = this.#workers.run({ transform: this.#transform, pictures, batchSize, augmenting: training?.augmenting, mixing });
        // A batch may fail before it is its turn, or be left behind when the caller stops early; whoever awaits it still gets the error.
        images.catch(() => undefined);
        ahead.push({ chosen, mixing, images });
      }
      const { chosen, mixing, images } = ahead.shift()!;
      yield batchOf(samples, chosen, { batchSize, labels: this.labels }, await images, mixing);
    }
  }

  #identity(split: SplitName, sample: number): (string | number | undefined)[] {
    return [...this.#files[split].get(sample), this.splits[split][sample]!.path];
  }

  /** Where the cache has a sample's pixels; undefined where it could not keep them. */
  #placeOf(split: SplitName, sample: number, kind: Kind): Place | undefined {
    return this.#files[split].isThere(sample) ? this.#cache.get(keyOf(kind, this.#identity(split, sample))) : undefined;
  }

  /** Decodes a split for the use it is meant for, and notes what is readable. */
  async #prepare(split: SplitName, kind: Kind, samples: readonly Sample[], step: () => void, signal?: AbortSignal): Promise<void> {
    const files = FileStates.ofMany(samples.length);
    const unknown: number[] = [];
    for (const [i, { path }] of samples.entries()) {
      if (i % looksAtOnce === 0) {
        await new Promise(setImmediate);
        signal?.throwIfAborted();
      }
      files.look(i, path);
      if (files.isThere(i) && this.#cache.knows(keyOf(kind, [...files.get(i), path]))) step();
      else unknown.push(i);
    }
    const unreadable = new Map<number, UserError>();
    await forEachConcurrently(unknown.length, decodesAtOnce, signal, async (k) => {
      const i = unknown[k]!;
      const { path } = samples[i]!;
      try {
        const pixels = await this.#decode(path, kind);
        // A file that could not be looked at has just given its error in words, or has come back since.
        if (files.isThere(i)) await this.#cache.add(keyOf(kind, [...files.get(i), path]), pixels);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        unreadable.set(i, error);
      }
      step();
    });
    const isReadable = (_: unknown, i: number) => !unreadable.has(i);
    for (const i of [...unreadable.keys()].sort((a, b) => a - b)) this.skipped.push(unreadable.get(i)!.toInfo());
    this.splits[split] = samples.filter(isReadable);
    this.#files[split] = files.filter(isReadable);
    this.#prepared.set(`${split} ${kind}`, Promise.resolve());
  }

  /** Waits for the pixels of a split for either use; the second use of a split is decoded when it is first asked for. */
  #decoded(split: SplitName, kind: Kind, signal?: AbortSignal): Promise<void> {
    const key = `${split} ${kind}`;
    const known = this.#prepared.get(key);
    if (known) return known;
    const decoding = (async () => {
      const samples = this.splits[split];
      await forEachConcurrently(samples.length, decodesAtOnce, signal, async (i) => {
        const key = keyOf(kind, this.#identity(split, i));
        if (this.#files[split].isThere(i) && !this.#cache.knows(key)) await this.#cache.add(key, await this.#decode(samples[i]!.path, kind));
      });
      await this.#cache.flush();
    })();
    this.#prepared.set(key, decoding);
    // A cancelled decoding must not stay as the answer to everyone after.
    decoding.catch(() => this.#prepared.delete(key));
    return decoding;
  }

  async #decode(path: string, kind: Kind): Promise<Pixels> {
    if (kind === 'training') return trainingPixels(path, this.#transform);
    const { width, height } = this.#transform;
    return { width, height, data: await evaluationPixels(path, this.#transform) };
  }

  #checkEnough({ root, tasks, splits }: Dataset): void {
    if (splitNames.every((split) => this.splits[split].length === 0)) throw errors.noReadableImages(root);
    const left = new Set(this.splits.train.flatMap(marksOf));
    for (const mark of splits.train.flatMap(marksOf)) if (!left.has(mark)) throw errors.classLost(logitNames(tasks)[mark]!, root);
  }
}
