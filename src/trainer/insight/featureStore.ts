/**
 * Batches of features instead of images: computed by the frozen part of the network when they are first read, kept in
 * memory and on disk, and read ever after.
 */
import type { ModelSpec } from '../compile/compile.js';
import type { Cut } from '../compile/split.js';
import { FeatureCache } from '../data/featureCache.js';
import type { Labels } from '../data/sample.js';
import { batchOf, epochOrder, plainOrder, type Batch, type ImageStore, type TrainBatchOptions } from '../data/store.js';
import type { Engine } from '../engine/engine.js';
import { FeatureExtractor } from '../engine/featureExtractor.js';
import { sizeOf } from '../ir/shape.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { publishSpan } from '../core/stages.js';
import { featureFolder } from '../runs/cacheFolder.js';
import { imagesAtOnce } from '../models/partSize.js';

/** What the training loop reads. */
export interface BatchSource {
  readonly splits: ImageStore['splits'];
  trainBatches(o: TrainBatchOptions): AsyncGenerator<Batch<Uint8Array | Float32Array>, void, undefined>;
  evaluationBatches(
    split: SplitName,
    batchSize: number,
  ): AsyncGenerator<Batch<Uint8Array | Float32Array>, void, undefined>;
  /** The images of a split that `order` names, as evaluation sees them. */
  batchesOf(
    split: SplitName,
    order: Uint32Array,
    batchSize: number,
  ): AsyncGenerator<Batch<Uint8Array | Float32Array>, void, undefined>;
  /** The features that replace the pixels of validation images, if any. */
  featuresOf?(rows: readonly number[], batchSize: number): Promise<Float32Array>;
  /** Milliseconds that have gone into computing that. */
  readonly computing?: number;
}

export interface FeaturePlan {
  cut: Cut;
  /** Fixed views of each training image; the first is the image as evaluation sees it. */
  views: number;
}

export interface FeatureStoreOptions {
  images: ImageStore;
  plan: FeaturePlan;
  model: ModelSpec;
  engine: Engine;
  cacheFolder: string;
  /** Of the network, as `featureName` gives it. */
  name: string;
  limitBytes: number;
  seed: number;
  augmentation: TrainBatchOptions['augmentation'];
  signal: AbortSignal;
  /** Called while the features of a split, in one view, are computed. */
  onProgress: (done: number, total: number) => void;
  onNotice: (notice: ErrorInfo) => void;
}

/** Features up to this many bytes are held in memory: batches then cost nothing. */
export const residentBytes = 2 ** 28;

const [unknown, missing, known] = [0, 1, 2];

/** The images of a split in one of their views. */
interface Part {
  split: SplitName;
  view: number;
  /**
   * By image: whether its features are kept, or missing, or `unknown` since nobody asked. Those of an image that
   * cannot be read are never kept.
   */
  states: Uint8Array;
  /** Features [images, length], where they are held in memory. */
  held: Float32Array | undefined;
  /** Computes what is missing, in the order in which it is first asked for. */
  filling: AsyncGenerator<void, void, undefined> | undefined;
}

type Precision = NonNullable<ModelSpec['frozenPrecision']>;

export class FeatureStore implements BatchSource {
  readonly splits: ImageStore['splits'];
  computing = 0;
  readonly #length: number;
  /** Images that the extractor takes at once: the same for every run, so that its features are the same to the bit. */
  readonly #batch: number;
  readonly #parts: readonly Part[];
  readonly #extractors = new Map<Precision, Promise<FeatureExtractor>>();
  #reserved: Promise<void> | undefined;

  private constructor(
    private readonly o: FeatureStoreOptions,
    private readonly cache: FeatureCache,
    isResident: boolean,
  ) {
    this.splits = o.images.splits;
    this.#length = sizeOf(o.plan.cut.shape);
    this.#batch = imagesAtOnce({ ...o.model, cut: undefined });
    const partOf = (split: SplitName, view = 0): Part => {
      const images = this.splits[split].length;
      const held = isResident ? new Float32Array(images * this.#length) : undefined;
      return { split, view, states: new Uint8Array(images).fill(unknown), held, filling: undefined };
    };
    this.#parts = [
      ...Array.from({ length: o.plan.views }, (_, view) => partOf('train', view)),
      partOf('validation'),
      partOf('test'),
    ];
  }

  /**
   * Opens the cache. Features are looked up when they are first asked for, and computed where they are missing, so that
   * training begins at once.
   */
  static async open(o: FeatureStoreOptions): Promise<FeatureStore> {
    const { splits } = o.images;
    const length = sizeOf(o.plan.cut.shape);
    const count = o.plan.views * splits.train.length + splits.validation.length + splits.test.length;
    const cache = await FeatureCache.open(featureFolder(o.cacheFolder), o.name, {
      length,
      limitBytes: o.limitBytes,
      onNotice: o.onNotice,
    });
    return new FeatureStore(o, cache, 4 * length * count <= residentBytes);
  }

  async *trainBatches({
    batchSize,
    seed,
    epoch,
    firstBatch = 0,
  }: TrainBatchOptions): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    const order = epochOrder(this.splits.train.length, seed, epoch).subarray(firstBatch * batchSize);
    yield* this.#batches(this.#partOf('train', epoch % this.o.plan.views), order, batchSize);
  }

  async *evaluationBatches(split: SplitName, batchSize: number): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    const [part, order] = [this.#partOf(split), plainOrder(this.splits[split].length)];
    // Sequentially, so that the spans do not overlap.
    await this.#fill(part, order);
    yield* this.#batches(part, order, batchSize);
  }

  async *batchesOf(
    split: SplitName,
    order: Uint32Array,
    batchSize: number,
  ): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    yield* this.#batches(this.#partOf(split), order, batchSize);
  }

  /**
   * The images of a split that can be read, by their indices, their labels, and their features [images, length] as
   * evaluation sees them.
   */
  async all(split: SplitName): Promise<{ samples: number[]; labels: Labels[]; features: Float32Array }> {
    const [part, order] = [this.#partOf(split), plainOrder(this.splits[split].length)];
    await this.#fill(part, order);
    const { samples, features } = await this.#read(part, [...order], this.#readable(part, order).length);
    const labels = samples.map((sample) => this.splits[split].labelsAt(sample));
    return { samples, labels, features: features.subarray(0, samples.length * this.#length) };
  }

  /** Features [batchSize, length] of validation images that can be read; zeros after them. */
  async featuresOf(rows: readonly number[], batchSize: number): Promise<Float32Array> {
    return (await this.#read(this.#partOf('validation'), rows, batchSize)).features;
  }

  /** How many features of a split, in all its views, are not kept. */
  missing(split: SplitName): number {
    let count = 0;
    for (const part of this.#parts) {
      if (part.split !== split) continue;
      for (const sample of part.states.keys())
        if (!this.cache.has(this.#key(part, this.o.images.identityOf(split, sample), sample))) count++;
    }
    return count;
  }

  async close(): Promise<void> {
    for (const precision of [...this.#extractors.keys()]) await this.#unload(precision);
    await this.cache.close();
  }

  #partOf(split: SplitName, view = 0): Part {
    return this.#parts.find((part) => part.split === split && part.view === view)!;
  }

  /** Looks up which features of some images are kept. */
  async #lookUp(part: Part, samples: Iterable<number>): Promise<void> {
    const { split, states, held } = part;
    for (const sample of samples) {
      if (states[sample] !== unknown) continue;
      const key = this.cache.isEmpty ? undefined : this.#key(part, this.o.images.identityOf(split, sample), sample);
      const values = held && key !== undefined ? await this.cache.get(key) : undefined;
      if (values) held!.set(values, sample * this.#length);
      const isKept = values !== undefined || (!held && key !== undefined && this.cache.has(key));
      states[sample] = isKept ? known : missing;
      if (isKept) this.o.images.noteRead(split, sample);
    }
  }

  /** Makes room for all that is missing, before the first of it is computed. */
  async #reserve(): Promise<void> {
    for (const part of this.#parts) await this.#lookUp(part, part.states.keys());
    await this.cache.reserve(
      this.#parts.reduce(
        (sum, { states }) => sum + states.reduce((all, state) => all + Number(state === missing), 0),
        0,
      ),
    );
  }

  async *#batches(
    part: Part,
    order: Uint32Array,
    batchSize: number,
  ): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    const chosenAt = (start: number): number[] => [...order.subarray(start, start + batchSize)];
    // The next batch is read from disk while this one is trained on.
    let next = this.#read(part, chosenAt(0), batchSize);
    for (let start = 0; start < order.length; start += batchSize) {
      const { samples, features } = await next;
      if (start + batchSize < order.length) {
        next = this.#read(part, chosenAt(start + batchSize), batchSize);
        // It may be left behind when the caller stops early.
        next.catch(() => undefined);
      }
      yield batchOf(this.splits[part.split], samples, { batchSize, labels: this.o.images.labels }, features);
    }
  }

  #readable({ split }: Part, chosen: ArrayLike<number>): number[] {
    return Array.from(chosen).filter((sample) => !this.o.images.isUnreadable(split, sample));
  }

  /** Those of the chosen images that can be read, and their features [batchSize, length]; zeros after them. */
  async #read(
    part: Part,
    chosen: readonly number[],
    batchSize: number,
  ): Promise<{ samples: number[]; features: Float32Array }> {
    await this.#fill(part, chosen);
    const found = new Map<number, Float32Array>();
    const { held } = part;
    if (held)
      for (const sample of this.#readable(part, chosen))
        found.set(sample, held.subarray(sample * this.#length, (sample + 1) * this.#length));
    else {
      const lost: number[] = [];
      await Promise.all(
        this.#readable(part, chosen).map(async (sample) => {
          const known = await this.cache.get(this.#key(part, this.o.images.identityOf(part.split, sample), sample));
          if (known) found.set(sample, known);
          else lost.push(sample);
        }),
      );
      // Damaged on disk, pushed out by another process, or of an image that has changed.
      for await (const computed of this.#compute(part, Uint32Array.from(lost)))
        computed.forEach(([sample, values]) => found.set(sample, values));
    }
    const features = new Float32Array(batchSize * this.#length);
    const samples = chosen.filter((sample) => found.has(sample));
    samples.forEach((sample, i) => features.set(found.get(sample)!, i * this.#length));
    return { samples, features };
  }

  /** Computes what is missing of a part until the chosen images are known. */
  async #fill(part: Part, chosen: readonly number[] | Uint32Array): Promise<void> {
    await this.#lookUp(part, chosen);
    let next = 0;
    const isMissing = (): boolean => {
      while (
        next < chosen.length &&
        (part.states[chosen[next]!] === known || this.o.images.isUnreadable(part.split, chosen[next]!))
      )
        next++;
      return next < chosen.length;
    };
    if (!isMissing()) return;
    const start = performance.now();
    await (this.#reserved ??= this.#reserve());
    part.filling ??= this.#filling(part);
    while (isMissing()) {
      const { done } = await part.filling.next();
      if (done && isMissing()) throw new Error('features were asked for after their computation had ended');
    }
    publishSpan('features', start);
    this.computing += performance.now() - start;
  }

  async *#filling(part: Part): AsyncGenerator<void, void, undefined> {
    const samples = this.#missing(part);
    const total = samples.length;
    let last = performance.now();
    this.o.onProgress(0, total);
    let done = 0;
    for await (const computed of this.#compute(part, samples)) {
      for (const [sample, values] of computed) {
        part.held?.set(values, sample * this.#length);
        part.states[sample] = known;
      }
      done = Math.min(total, done + this.#batch);
      const isLast = done === total;
      if (isLast) await this.#unload(this.#precisionOf(part));
      if (isLast || performance.now() - last >= 100) {
        last = performance.now();
        this.o.onProgress(done, total);
      }
      yield;
    }
  }

  /**
   * What is missing, in the order in which a run reads it. In int8 the images of a batch share a scale, so
   * batches are fixed: each image is always with the same others.
   */
  #missing(part: Part): Uint32Array {
    const { split, view, states } = part;
    const order = split === 'train' ? epochOrder(states.length, this.o.seed, view) : plainOrder(states.length);
    if (this.#precisionOf(part) !== 'int8') return order.filter((sample) => states[sample] === missing);
    const size = this.#batch;
    const batches = Array.from({ length: Math.ceil(order.length / size) }, (_, i) =>
      order.subarray(i * size, (i + 1) * size),
    );
    return Uint32Array.from(
      batches.filter((batch) => batch.some((sample) => states[sample] === missing)).flatMap((batch) => [...batch]),
    );
  }

  /** Training may round; what evaluates a model may not. */
  #precisionOf({ split }: Part): Precision {
    return (split === 'train' && this.o.model.frozenPrecision) || 'fp32';
  }

  /** Extracts the features of images of a part, batch by batch, and keeps those of images that can be read. */
  async *#compute(part: Part, samples: Uint32Array): AsyncGenerator<[sample: number, values: Float32Array][]> {
    if (!samples.length) return;
    const { split, view } = part;
    const { images, seed, augmentation, signal } = this.o;
    const augmenting = view ? { seed, epoch: view, augmentation } : undefined;
    for await (const batch of images.batchesOf(split, samples, this.#batch, augmenting, signal)) {
      const computed: [number, Float32Array][] = [];
      const values = batch.count ? await (await this.#extractor(this.#precisionOf(part))).run(batch.images) : undefined;
      for (const [i, sample] of batch.samples.entries()) {
        const own = values!.slice(i * this.#length, (i + 1) * this.#length);
        await this.cache.add(this.#key(part, batch.identities[i]!, sample), own);
        computed.push([sample, own]);
      }
      yield computed;
      // Messages are handled between batches, which block this thread.
      await new Promise(setImmediate);
    }
  }

  /** The first view is the same for every run; others follow from seed and augmentation. */
  #key(part: Part, identity: string, sample: number): string {
    const { view } = part;
    const key = view ? JSON.stringify([identity, this.o.seed, this.o.augmentation, view, sample]) : identity;
    const precision = this.#precisionOf(part);
    return precision === 'fp32' ? key : `${precision} ${key}`;
  }

  #extractor(precision: Precision): Promise<FeatureExtractor> {
    const { engine, model, plan } = this.o;
    const loaded =
      this.#extractors.get(precision) ??
      FeatureExtractor.create(engine, { ...model, frozenPrecision: precision }, plan.cut, this.#batch);
    this.#extractors.set(precision, loaded);
    return loaded;
  }

  /** Frees its memory; it is created again at the next request. */
  async #unload(precision: Precision): Promise<void> {
    const loaded = this.#extractors.get(precision);
    this.#extractors.delete(precision);
    await (await loaded)?.dispose();
  }
}
