/** The pictures of a dataset as batches of pixels: decoded once into the cache on disk, shuffled and augmented by seed, made ahead of need. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
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

export class ImageStore {
  /** Why each picture that is left out could not be read. */
  readonly skipped: ErrorInfo[] = [];
  /** The readable pictures. */
  readonly splits: Record<SplitName, Sample[]> = { train: [], validation: [], test: [] };
  readonly #cache: PixelCache;
  readonly #transform: ImageTransform;
  readonly #workers = new PixelWorkers();
  /** The place of each sample of a split; undefined where the cache could not keep it. */
  readonly #places = new Map<string, Promise<(Place | undefined)[]>>();

  readonly #identities = new Map<string, string>();
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
  static async open({ cacheFolder, dataset, transform, trainPixels = 'training', signal, onProgress, onNotice }: StoreOptions): Promise<ImageStore> {
    const folder = createHash('sha256')
      .update(JSON.stringify([decoderVersion, transform]))
      .digest('hex')
      .slice(0, 16);
    const cache = await PixelCache.open(join(cacheFolder, folder), onNotice ?? (() => undefined));
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
    return this.#identities.get(this.splits[split][sample]!.path)!;
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
    const places = await this.#placesOf(split, kind, signal);
    const samples = this.splits[split];
    const ahead: { chosen: number[]; mixing: Mixing | undefined; images: Promise<Uint8Array> }[] = [];
    for (let next = 0; next < order.length || ahead.length > 0;) {
      signal?.throwIfAborted();
      for (; next < order.length && ahead.length <= batchesAhead; next += batchSize) {
        const chosen = order.slice(next, next + batchSize);
        const pictures = chosen.map((sample) => ({ path: samples[sample]!.path, place: places[sample], sample }));
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

  /** Decodes a split for the use it is meant for, and notes what is readable. */
  async #prepare(split: SplitName, kind: Kind, samples: readonly Sample[], step: () => void, signal?: AbortSignal): Promise<void> {
    const results: ({ place: Place | undefined } | UserError)[] = [];
    await forEachConcurrently(samples.length, decodesAtOnce, signal, async (i) => {
      try {
        results[i] = { place: await this.#prepareOne(samples[i]!.path, kind) };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        results[i] = error;
      }
      step();
    });
    const places: (Place | undefined)[] = [];
    results.forEach((result, i) => {
      if (result instanceof UserError) this.skipped.push(result.toInfo());
      else {
        this.splits[split].push(samples[i]!);
        places.push(result.place);
      }
    });
    this.#places.set(`${split} ${kind}`, Promise.resolve(places));
  }

  /** The places of a split for either use; the second use of a split is decoded when it is first asked for. */
  #placesOf(split: SplitName, kind: Kind, signal?: AbortSignal): Promise<(Place | undefined)[]> {
    const key = `${split} ${kind}`;
    const known = this.#places.get(key);
    if (known) return known;
    const decoding = (async () => {
      const samples = this.splits[split];
      const places: (Place | undefined)[] = [];
      await forEachConcurrently(samples.length, decodesAtOnce, signal, async (i) => {
        places[i] = await this.#prepareOne(samples[i]!.path, kind);
      });
      await this.#cache.flush();
      return places;
    })();
    this.#places.set(key, decoding);
    // A cancelled decoding must not stay as the answer to everyone after.
    decoding.catch(() => this.#places.delete(key));
    return decoding;
  }

  async #prepareOne(path: string, kind: Kind): Promise<Place | undefined> {
    // A file that cannot be looked at cannot be decoded either: decoding it gives the error in words.
    const status = await stat(path).catch(() => undefined);
    const identity = [status?.size, status?.mtimeMs, path];
    const key = JSON.stringify([kind, ...identity]);
    this.#identities.set(path, JSON.stringify(identity));
    const known = status && this.#cache.get(key);
    if (known) return known;
    const pixels = await this.#decode(path, kind);
    return status && this.#cache.add(key, pixels);
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
