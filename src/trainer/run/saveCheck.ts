/** The parity gate of a training run: what the model answered when its best checkpoint was saved, against what a fresh process makes of the files. */
import type { ImageTransform } from '../data/transform.js';
import { errors, UserError } from '../errors.js';
import type { Parity, TrainEvent } from '../protocol.js';
import { pixelsOf } from './answers.js';
import { checkParity } from './parity.js';
import { sampleSize, shuffled } from './sample.js';

interface SaveCheckParts {
  /** Pictures of the person, validation pictures for choice. */
  pictures: readonly string[];
  seed: number;
  labels: readonly string[];
  transform: ImageTransform;
  /** Pictures in a batch of `logits`. */
  batch: number;
  /** Of the model in training, of a batch of pictures given by their pixels and paths. */
  logits: (images: Uint8Array, paths: readonly string[]) => Promise<Float32Array>;
}

/**
 * Only the best checkpoint is checked, at the end of the run: the way from the model to the files and back is the same for all, and a process
 * that opens the base anew after each epoch would cost more than some epochs do.
 */
export class SaveCheck {
  #sample: { path: string; pixels: Uint8Array }[] | undefined;
  #live: { step: number; logits: number[][] } | undefined;

  constructor(private readonly p: SaveCheckParts) {}

  /** Of the pictures that can be read. */
  async #read(): Promise<{ path: string; pixels: Uint8Array }[]> {
    const { pictures, seed, transform } = this.p;
    const sample = [];
    for (const path of shuffled(pictures, seed)) {
      if (sample.length === sampleSize) break;
      const pixels = await pixelsOf(path, transform).catch((error: unknown) => {
        if (error instanceof UserError) return undefined;
        throw error;
      });
      if (pixels) sample.push({ path, pixels });
    }
    return sample;
  }

  /** Whether the model's answers at that step are known. */
  hasAnswers(step: number): boolean {
    return this.#live?.step === step;
  }

  /** Asks the model in training, whose checkpoint of that step is saved now. */
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
        group.map(({ path }) => path),
      );
      const width = all.length / batch;
      group.forEach((_, i) => logits.push(Array.from(all.subarray(i * width, (i + 1) * width))));
    }
    this.#live = { step, logits };
  }

  /** Compares; tells of pictures that changed, and why where the comparison was not possible. The checkpoint stays in either case. */
  async compare(checkpoint: string, notice: (event: TrainEvent & { type: 'notice' }) => void): Promise<Parity | undefined> {
    const tell = ({ code, message, remedy, file }: ReturnType<UserError['toInfo']>): void => notice({ type: 'notice', code, message, remedy, file });
    try {
      const parity = await checkParity(
        { model: checkpoint, pictures: this.#sample!.map(({ path }) => path) },
        { labels: [...this.p.labels], logits: this.#live!.logits },
      );
      if (parity.changed.length) tell(errors.savedAnswersChanged(checkpoint, parity).toInfo());
      return parity;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      tell(error.toInfo());
      return undefined;
    }
  }
}
