/**
 * The images of a dataset as batches of pixels: shuffled and augmented by seed, made ahead of need, each decoded when
 * it is first needed and then kept on disk.
 */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { errors } from '../errors/errors.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { Random } from '../core/random.js';
import { countLabels } from '../core/tasks.js';
import type { Augmentation } from './augment.js';
import { untilAborted } from './concurrently.js';
import { decoderVersion } from './decode.js';
import type { Mixing } from './mixing.js';
import { PixelCache } from './pixelCache.js';
import type { Augmenting, PixelReply } from './pixelWorker.js';
import { PixelWorkers } from './pixelWorkers.js';
import { Readability } from './readability.js';
import { targetsOf } from './sample.js';
import type { Samples } from './samples.js';
import type { Dataset } from './dataset.js';
import type { ImageTransform } from './transform.js';

export interface Batch<Images = Uint8Array> {
  /** `[batchSize, height, width, 3]` RGB; black after `count`. */
  images: Images;
  /** `[batchSize, labels of all tasks]`: 1 for a label that the image has, else 0; 0 after `count`. */
  targets: Float32Array;
  /** `[batchSize]`: 1 for an image, 0 for the padding of the last batch. */
  weights: Float32Array;
  /** The number of images in the batch: the requested images that can be read, possibly none. */
  count: number;
  /** Their indices in the split. */
  samples: number[];
  /** How the images were mixed, for `mixTargets`; `labels` are those of the images before. */
  mixing: Mixing | undefined;
}

export interface StoreOptions {
  cacheFolder: string;
  /** Bytes that all decoded images on disk may take together. */
  cacheBytes?: number | undefined;
  dataset: Dataset;
  transform: ImageTransform;
  /** Called while the first batch is pending, if that takes longer than a moment. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  /** Called once for each unreadable image, when it is found. */
  onSkipped?: ((reason: ErrorInfo) => void) | undefined;
  /** Called if the cache cannot be used; the run continues without it. */
  onNotice?: ((notice: ErrorInfo) => void) | undefined;
}

export interface TrainBatchOptions {
  batchSize: number;
  seed: number;
  /** Counts from 0; with the seed it determines the order and the augmentation of every image. */
  epoch: number;
  /** The first batch, counted from 0: where a resumed epoch continues. */
  firstBatch?: number | undefined;
  augmentation: Augmentation;
  signal?: AbortSignal | undefined;
}

/** Pixels kept for random crops, or the exact pixels of evaluation. */
type Kind = 'training' | 'evaluation';

/** Batches requested in advance: the workers fill them while a step blocks the main thread. */
const batchesAhead = 3;
/** Milliseconds to wait for the first batch before it is reported. */
const moment = 300;
/** Which pixels an augmentation starts from. */
const kindOf = ({ randomResizedCrop }: Augmentation): Kind => (randomResizedCrop === false ? 'evaluation' : 'training');
/** Changes with the form of the cache's files. */
const cacheVersion = 4;

/** The indices of an epoch's images in the order they are trained on: each of `count` once. */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  return new Random(seed, 'order', epoch).shuffle(plainOrder(count));
}

/** The indices of `count` images in their own order. */
export const plainOrder = (count: number): Uint32Array => new Uint32Array(count).map((_, i) => i);

/** The batch of the images `chosen` from `samples`, with `images` (pixels or features) already computed. */
export function batchOf<Images>(
  samples: Samples,
  chosen: number[],
  { batchSize, labels }: { batchSize: number; labels: number },
  images: Images,
  mixing?: Mixing,
): Batch<Images> {
  const targets = new Float32Array(batchSize * labels);
  chosen.forEach((sample, i) =>
    targetsOf(samples.labelsAt(sample)).forEach((target) => (targets[i * labels + target] = 1)),
  );
  return {
    images,
    targets,
    weights: new Float32Array(batchSize).fill(1, 0, chosen.length),
    count: chosen.length,
    samples: chosen,
    mixing,
  };
}

/**
 * Size in bytes and modification time in milliseconds since 1970, which show whether a file changed; undefined if they
 * cannot be read.
 */
function stateOf(path: string): [size: number, modified: number] | [undefined, undefined] {
  try {
    const { size, mtimeMs } = statSync(path);
    return [size, mtimeMs];
  } catch {
    // It cannot be decoded either, which gives the error in words.
    return [undefined, undefined];
  }
}

type Identity = [...ReturnType<typeof stateOf>, path: string];

/** Under what the pixels of a file are kept. */
const keyOf = (kind: Kind, identity: Identity): string => JSON.stringify([kind, ...identity]);

/** A batch with keys that identify the content of each of its images, also after a change. */
export interface IdentifiedBatch extends Batch {
  identities: string[];
}

/** A pending batch: the requested images, and the promise of the workers. */
interface Made {
  images: { sample: number; identity: Identity }[];
  reply: PixelReply;
}

export class ImageStore {
  /**
   * All images of the dataset, also those that cannot be read: so what a step is does not depend on when that is
   * found.
   */
  readonly splits: Dataset['splits'];
  /** How many labels all tasks have. */
  readonly labels: number;
  readonly #workers = new PixelWorkers();
  readonly #readability: Readability;
  /** What was decoded is on its way to the cache. */
  #keeping: Promise<unknown> = Promise.resolve();
  #hasBegun = false;
  readonly #damaged = new Set<string>();

  private constructor(
    private readonly o: StoreOptions,
    private readonly cache: PixelCache,
  ) {
    this.splits = o.dataset.splits;
    this.labels = countLabels(o.dataset.tasks);
    this.#readability = new Readability(o.dataset);
  }

  /** Opens the cache; no image is looked at before it is needed. */
  static async open(o: StoreOptions): Promise<ImageStore> {
    const folder = createHash('sha256')
      .update(JSON.stringify([cacheVersion, decoderVersion, o.transform]))
      .digest('hex')
      .slice(0, 16);
    const onNotice = o.onNotice ?? (() => undefined);
    return new ImageStore(o, await PixelCache.open(join(o.cacheFolder, folder), onNotice, o.cacheBytes));
  }

  /**
   * The training images of an epoch in random order, each once; the last batch is padded. The same seed, epoch and
   * batch size give the same batches, whatever the first requested one. An unreadable image is left out of its batch.
   * @throws UserError if too few images can be read, as soon as that is known; so do all batches.
   */
  async *trainBatches({
    batchSize,
    seed,
    epoch,
    firstBatch = 0,
    augmentation,
    signal,
  }: TrainBatchOptions): AsyncGenerator<Batch, void, undefined> {
    const order = epochOrder(this.splits.train.length, seed, epoch).subarray(firstBatch * batchSize);
    const augmentingOf = (batch: number): Augmenting => ({ seed, epoch, augmentation, batch: firstBatch + batch });
    yield* this.#batches('train', order, batchSize, augmentingOf, signal);
  }

  /**
   * The images of a split that `order` names, augmented (but not mixed) or as evaluation sees them; the last batch is
   * filled up with padding.
   */
  async *batchesOf(
    split: SplitName,
    order: Uint32Array,
    batchSize: number,
    augmenting?: Augmenting,
    signal?: AbortSignal,
  ): AsyncGenerator<IdentifiedBatch, void, undefined> {
    yield* this.#batches(split, order, batchSize, () => augmenting, signal);
  }

  /** The images of a split in their order, as evaluation sees them; the last batch is filled up with padding. */
  async *evaluationBatches(
    split: SplitName,
    batchSize: number,
    signal?: AbortSignal,
  ): AsyncGenerator<Batch, void, undefined> {
    yield* this.batchesOf(split, plainOrder(this.splits[split].length), batchSize, undefined, signal);
  }

  /**
   * The key of the current content of a sample's file, which differs for other files and after a change: path, size and
   * time.
   */
  identityOf(split: SplitName, sample: number): string {
    return JSON.stringify(this.#identity(split, sample));
  }

  /** How many images of a split no run has decoded yet: as `augmentation` wants them, or as evaluation does. */
  undecoded(split: SplitName, augmentation?: Augmentation): number {
    const kind = augmentation ? kindOf(augmentation) : 'evaluation';
    return plainOrder(this.splits[split].length).reduce(
      (sum, sample) => sum + Number(!this.cache.knows(keyOf(kind, this.#identity(split, sample)))),
      0,
    );
  }

  /** Whether an image has been found to be unreadable. */
  isUnreadable(split: SplitName, sample: number): boolean {
    return this.#readability.isUnreadable(split, sample);
  }

  /** Records that the current content of an image was read. */
  noteRead(split: SplitName, sample: number): void {
    this.#readability.noteRead(split, sample);
  }

  /** @throws UserError where a task has no validation image, as far as is known. */
  requireValidation(): void {
    this.#readability.requireValidation();
  }

  async close(): Promise<void> {
    await this.#workers.close();
    await this.#keeping;
    await this.cache.close();
  }

  async *#batches(
    split: SplitName,
    order: Uint32Array,
    batchSize: number,
    augmentingOf: (batch: number) => Augmenting | undefined,
    signal?: AbortSignal,
  ): AsyncGenerator<IdentifiedBatch, void, undefined> {
    const ahead: Promise<Made>[] = [];
    for (let next = 0; next < order.length || ahead.length > 0;) {
      signal?.throwIfAborted();
      for (; next < order.length && ahead.length <= batchesAhead; next += batchSize) {
        const coming = this.#make(
          split,
          [...order.subarray(next, next + batchSize)],
          batchSize,
          augmentingOf(next / batchSize),
        );
        // A batch may fail before it is awaited, or be abandoned when the caller stops early; an awaiting caller still
        // gets the error.
        coming.catch(() => undefined);
        ahead.push(coming);
      }
      const made = this.#ready(ahead.shift()!, Math.min(batchSize, order.length));
      const { images, reply } = await untilAborted(made, signal);
      const readable = this.#settled(split, images, reply);
      const samples = readable.map(({ sample }) => sample);
      yield {
        ...batchOf(this.splits[split], samples, { batchSize, labels: this.labels }, reply.images, reply.mixing),
        identities: readable.map(({ identity }) => JSON.stringify(identity)),
      };
    }
    // A pass is over: what it has decoded should last.
    this.#keep(() => this.cache.flush());
  }

  /** Waits for a batch, and reports the wait if it is the first batch and takes long. */
  async #ready(made: Promise<Made>, images: number): Promise<Made> {
    const timer = this.#hasBegun ? undefined : setTimeout(() => this.o.onProgress?.(0, images), moment);
    this.#hasBegun = true;
    try {
      return await made;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Has a batch made of those of the images that can be read, as far as is known, and keeps what had to be decoded
   * for it.
   */
  async #make(
    split: SplitName,
    asked: readonly number[],
    batchSize: number,
    augmenting: Augmenting | undefined,
  ): Promise<Made> {
    const { transform } = this.o;
    const kind = augmenting ? kindOf(augmenting.augmentation) : 'evaluation';
    const images = asked
      .filter((sample) => !this.isUnreadable(split, sample))
      .map((sample) => {
        const identity = this.#identity(split, sample);
        const key = keyOf(kind, identity);
        const isThere = identity[0] !== undefined;
        return {
          sample,
          identity,
          key,
          place: isThere ? this.cache.get(key) : undefined,
          isWanted: isThere && !this.cache.knows(key),
        };
      });
    const reply = await this.#workers.run({
      transform,
      images: images.map(({ sample, identity, place, isWanted }) => ({
        path: identity[2],
        sample,
        place,
        isWanted,
      })),
      batchSize,
      augmenting,
    });
    for (const pack of reply.damaged) this.#noteDamaged(pack);
    const before = this.#keeping;
    const decoded = reply.decoded.splice(0);
    if (decoded.length)
      this.#keep(() => Promise.all(decoded.map(({ index, pixels }) => this.cache.add(images[index]!.key, pixels))));
    // The disk may be slower than the decoder: no more than two batches wait for it.
    await before;
    return { images, reply };
  }

  /** Reports a pack with damaged pixels once. */
  #noteDamaged(pack: string): void {
    if (this.#damaged.has(pack)) return;
    this.#damaged.add(pack);
    this.o.onNotice?.(errors.cacheDamaged(pack).toInfo());
  }

  /**
   * Runs an operation of the cache after the previous ones. An error, which would be a bug, is thrown to the next
   * waiting caller.
   */
  #keep(step: () => Promise<unknown>): void {
    this.#keeping = this.#keeping.then(step);
    this.#keeping.catch(() => undefined);
  }

  /** Takes account of which images of a batch could be read, and gives those. */
  #settled(split: SplitName, images: Made['images'], { unreadable }: PixelReply): Made['images'] {
    const lost = new Set(unreadable.map(({ index }) => index));
    const readable = images.filter((_, index) => !lost.has(index));
    for (const { sample } of readable) this.#readability.noteRead(split, sample);
    for (const { index, reason } of unreadable)
      if (this.#readability.leaveOut(split, images[index]!.sample)) this.o.onSkipped?.(reason);
    this.#readability.requireEnough();
    return readable;
  }

  #identity(split: SplitName, sample: number): Identity {
    const path = this.splits[split].pathAt(sample);
    return [...stateOf(path), path];
  }
}
