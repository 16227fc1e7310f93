/**
 * The parity check of a training run: compares the predictions of the model when its best checkpoint was saved with
 * those of a fresh process that opens the files.
 */
import type { Samples } from '../data/samples.js';
import { plainOrder } from '../data/store.js';
import type { ImageTransform } from '../data/transform.js';
import { errors, UserError } from '../errors/errors.js';
import type { Parity, TrainEvent } from '../protocol.js';
import { Random } from '../core/random.js';
import { pixelsOf } from '../inference/computeLogits.js';
import { checkParity } from '../inference/parity.js';
import { sampleSize } from '../inference/sample.js';

interface SaveCheckParts {
  /** Images of the user, preferably validation images. */
  images: Pick<Samples, 'length' | 'pathAt'>;
  seed: number;
  labels: readonly string[];
  transform: ImageTransform;
  /** Images in a batch of `logits`. */
  batch: number;
  /** Of the model in training, of a batch of images given by their pixels and their numbers among `images`. */
  logits: (images: Uint8Array, rows: readonly number[]) => Promise<Float32Array>;
}

/**
 * Only the best checkpoint is checked, at the end of the run. The way from the model to the files and back is the same
 * for all checkpoints, and opening the base in a process after each epoch could cost more than the epoch.
 */
export class SaveCheck {
  #sample: { row: number; pixels: Uint8Array }[] | undefined;
  #live: { step: number; logits: number[][] } | undefined;

  constructor(private readonly p: SaveCheckParts) {}

  /** Of the images that can be read. */
  async #read(): Promise<{ row: number; pixels: Uint8Array }[]> {
    const { images, seed, transform } = this.p;
    const sample = [];
    for (const row of new Random(seed, 'parity').shuffle(plainOrder(images.length))) {
      if (sample.length === sampleSize) break;
      const pixels = await pixelsOf(images.pathAt(row), transform).catch((error: unknown) => {
        if (error instanceof UserError) return undefined;
        throw error;
      });
      if (pixels) sample.push({ row, pixels });
    }
    return sample;
  }

  /** Whether the model's predictions at that step are known. */
  hasLogits(step: number): boolean {
    return this.#live?.step === step;
  }

  /** Records the predictions of the model in training, whose checkpoint of that step is being saved. */
  async remember(step: number): Promise<void> {
    const { batch, transform } = this.p;
    const size = transform.height * transform.width * 3;
    const logits: number[][] = [];
    const sample = (this.#sample ??= await this.#read());
    for (let first = 0; first < sample.length; first += batch) {
      const group = sample.slice(first, first + batch);
      const images = new Uint8Array(batch * size);
      group.forEach(({ pixels }, i) => images.set(pixels, i * size));
      const all = await this.p.logits(
        images,
        group.map(({ row }) => row),
      );
      const width = all.length / batch;
      group.forEach((_, i) => logits.push(Array.from(all.subarray(i * width, (i + 1) * width))));
    }
    this.#live = { step, logits };
  }

  /**
   * Compares, and reports changed images, or the reason why the comparison failed. The checkpoint stays in either case.
   */
  async compare(
    checkpoint: string,
    notice: (event: TrainEvent & { type: 'notice' }) => void,
    signal: AbortSignal,
  ): Promise<Parity | undefined> {
    const report = ({ code, message, remedy, file, said }: ReturnType<UserError['toInfo']>): void =>
      notice({ type: 'notice', code, message, remedy, file, said });
    try {
      const parity = await checkParity(
        { model: checkpoint, images: this.#sample!.map(({ row }) => this.p.images.pathAt(row)) },
        { labels: [...this.p.labels], logits: this.#live!.logits },
        { signal },
      );
      if (parity.changed.length) report(errors.savedPredictionsChanged(checkpoint, parity).toInfo());
      return parity;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      report(error.toInfo());
      return undefined;
    }
  }
}
