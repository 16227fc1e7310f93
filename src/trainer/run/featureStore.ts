/** Batches of features instead of pictures: computed once by the frozen part of the network, kept in memory and on disk, and read ever after. */
import type { ModelSpec } from '../compile/compile.js';
import { FeatureCache } from '../data/featureCache.js';
import { batchOf, epochOrder, type Batch, type ImageStore, type TrainBatchOptions } from '../data/store.js';
import type { Engine } from '../engine/engine.js';
import { Prefix } from '../engine/prefix.js';
import { sizeOf } from '../ir/shape.js';
import type { ErrorInfo, SplitName } from '../protocol.js';
import { featureFolder } from './cacheFolder.js';
import type { FeaturePlan } from './featurePlan.js';

/** What the training loop reads. */
export interface BatchSource {
  readonly splits: ImageStore['splits'];
  trainBatches(o: TrainBatchOptions): AsyncGenerator<Batch<Uint8Array | Float32Array>, void, undefined>;
  evaluationBatches(split: SplitName, batchSize: number): AsyncGenerator<Batch<Uint8Array | Float32Array>, void, undefined>;
  /** What stands for the pixels of validation pictures, where something does. */
  featuresOf?(paths: readonly string[], batchSize: number): Promise<Float32Array>;
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
  onProgress: (done: number, total: number) => void;
  onNotice: (notice: ErrorInfo) => void;
}

/** Features up to this many bytes are held in memory: batches then cost nothing. */
const residentBytes = 2 ** 28;
/** Pictures the prefix takes at once: the same for every run, so that its features are the same to the bit. */
const prefixBatch = 16;

/** The pictures of a split in one of their views. */
interface Part {
  split: SplitName;
  view: number;
}

export class FeatureStore implements BatchSource {
  readonly splits: ImageStore['splits'];
  readonly #length: number;
  /** By part: features [pictures, length], where they are held in memory. */
  readonly #resident = new Map<string, Float32Array>();
  #prefix: Promise<Prefix> | undefined;

  private constructor(
    private readonly o: FeatureStoreOptions,
    private readonly cache: FeatureCache,
    private readonly isResident: boolean,
  ) {
    this.splits = o.images.splits;
    this.#length = sizeOf(o.plan.cut.shape);
  }

  /** Computes the features that are not kept yet. */
  static async open(o: FeatureStoreOptions): Promise<FeatureStore> {
    const { splits } = o.images;
    const length = sizeOf(o.plan.cut.shape);
    const count = o.plan.views * splits.train.length + splits.validation.length + splits.test.length;
    const cache = await FeatureCache.open(featureFolder(o.cacheFolder), o.name, { length, limitBytes: o.limitBytes, onNotice: o.onNotice });
    const store = new FeatureStore(o, cache, 4 * length * count <= residentBytes);
    try {
      await cache.reserve(store.#allKeys());
      await store.#prepare();
    } catch (error) {
      await store.close();
      throw error;
    }
    return store;
  }

  async *trainBatches({ batchSize, seed, epoch, firstBatch = 0 }: TrainBatchOptions): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    const order = epochOrder(this.splits.train.length, seed, epoch).slice(firstBatch * batchSize);
    yield* this.#batches({ split: 'train', view: epoch % this.o.plan.views }, order, batchSize);
  }

  async *evaluationBatches(split: SplitName, batchSize: number): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    yield* this.#batches({ split, view: 0 }, [...this.splits[split].keys()], batchSize);
  }

  /** Features [pictures, length] of a split as evaluation sees it. */
  all(split: SplitName): Promise<Float32Array> {
    const order = [...this.splits[split].keys()];
    return this.#read({ split, view: 0 }, order, order.length);
  }

  /** Features [batchSize, length] of validation pictures; zeros after them. */
  featuresOf(paths: readonly string[], batchSize: number): Promise<Float32Array> {
    const chosen = paths.map((path) => this.splits.validation.findIndex((sample) => sample.path === path));
    return this.#read({ split: 'validation', view: 0 }, chosen, batchSize);
  }

  /** Computes what is not known yet; where that is nothing, the prefix is not even compiled. */
  async #prepare(): Promise<void> {
    const missing: { part: Part; samples: number[] }[] = [];
    for (const part of this.#parts()) {
      const samples: number[] = [];
      const held = this.isResident ? new Float32Array(this.splits[part.split].length * this.#length) : undefined;
      if (held) this.#resident.set(nameOf(part), held);
      for (const sample of this.splits[part.split].keys()) {
        const key = this.#key(part, sample);
        const known = held ? await this.cache.get(key) : this.cache.has(key);
        if (!known) samples.push(sample);
        else if (known !== true) held!.set(known, sample * this.#length);
      }
      missing.push({ part, samples });
    }
    const total = missing.reduce((sum, { samples }) => sum + samples.length, 0);
    let done = 0;
    let told = 0;
    if (total) this.o.onProgress(done, total);
    for (const { part, samples } of missing) {
      const held = this.#resident.get(nameOf(part));
      for await (const [sample, values] of this.#compute(part, samples)) {
        held?.set(values, sample * this.#length);
        if (++done < total && performance.now() - told < 100) continue;
        told = performance.now();
        this.o.onProgress(done, total);
      }
    }
    await this.#unload();
  }

  async close(): Promise<void> {
    await this.#unload();
    await this.cache.close();
  }

  async *#batches(part: Part, order: number[], batchSize: number): AsyncGenerator<Batch<Float32Array>, void, undefined> {
    const chosenAt = (start: number): number[] => order.slice(start, start + batchSize);
    // The next batch is read from disk while this one is trained on.
    let next = this.#read(part, chosenAt(0), batchSize);
    for (let start = 0; start < order.length; start += batchSize) {
      const images = await next;
      if (start + batchSize < order.length) {
        next = this.#read(part, chosenAt(start + batchSize), batchSize);
        // It may be left behind when the caller stops early.
        next.catch(() => undefined);
      }
      yield batchOf(this.splits[part.split], chosenAt(start), { batchSize, labels: this.o.images.labels }, images);
    }
  }

  /** Features [batchSize, length] of the chosen pictures; zeros after them. */
  async #read(part: Part, chosen: readonly number[], batchSize: number): Promise<Float32Array> {
    const batch = new Float32Array(batchSize * this.#length);
    const held = this.#resident.get(nameOf(part));
    if (held) {
      chosen.forEach((sample, i) => batch.set(held.subarray(sample * this.#length, (sample + 1) * this.#length), i * this.#length));
      return batch;
    }
    const lost: number[] = [];
    await Promise.all(
      chosen.map(async (sample, i) => {
        const known = await this.cache.get(this.#key(part, sample));
        if (known) batch.set(known, i * this.#length);
        else lost.push(sample);
      }),
    );
    // Damaged on disk, or pushed out by another process.
    for await (const [sample, values] of this.#compute(part, lost)) batch.set(values, chosen.indexOf(sample) * this.#length);
    return batch;
  }

  /** Runs the prefix on pictures of a part, and keeps what it says. */
  async *#compute({ split, view }: Part, samples: number[]): AsyncGenerator<[sample: number, values: Float32Array]> {
    if (!samples.length) return;
    const { engine, model, plan, images, seed, augmentation, signal } = this.o;
    const prefix = await (this.#prefix ??= Prefix.create(engine, model, plan.cut, prefixBatch));
    const augmenting = view ? { seed, epoch: view, augmentation } : undefined;
    for await (const batch of images.batchesOf(split, samples, prefix.batch, augmenting, signal)) {
      const values = await prefix.run(batch.images);
      for (const [i, sample] of batch.samples.entries()) {
        const own = values.slice(i * this.#length, (i + 1) * this.#length);
        await this.cache.add(this.#key({ split, view }, sample), own);
        yield [sample, own];
      }
      // Messages are handled between batches, which block this thread.
      await new Promise(setImmediate);
    }
  }

  /** The first view is the same for every run; others follow from seed and augmentation. */
  #key({ split, view }: Part, sample: number): string {
    const identity = this.o.images.identityOf(split, sample);
    return view ? JSON.stringify([identity, this.o.seed, this.o.augmentation, view, sample]) : identity;
  }

  *#parts(): Generator<Part> {
    for (let view = 0; view < this.o.plan.views; view++) yield { split: 'train', view };
    yield { split: 'validation', view: 0 };
    yield { split: 'test', view: 0 };
  }

  *#allKeys(): Generator<string> {
    for (const part of this.#parts()) for (const sample of this.splits[part.split].keys()) yield this.#key(part, sample);
  }

  async #unload(): Promise<void> {
    const loaded = this.#prefix;
    this.#prefix = undefined;
    await (await loaded)?.dispose();
  }
}

const nameOf = ({ split, view }: Part): string => `${split} ${view}`;
