/** The frozen part of a model, loaded: images in, features out. */
import { compilePrefix, type ModelSpec } from '../compile/compile.js';
import { features, type Cut } from '../compile/split.js';
import { sizeOf } from '../ir/shape.js';
import type { Engine, Executable } from './engine.js';
import { hostTensor } from './tensor.js';

export class FeatureExtractor {
  private constructor(
    /** Images in a batch. */
    readonly batch: number,
    /** Numbers for an image. */
    readonly length: number,
    private readonly model: ModelSpec,
    private readonly executable: Executable,
  ) {}

  static async create(engine: Engine, model: ModelSpec, cut: Cut, batch: number): Promise<FeatureExtractor> {
    return new FeatureExtractor(
      batch,
      sizeOf(cut.shape),
      model,
      await engine.load(compilePrefix(model, cut, batch), { yields: true }),
    );
  }

  /** Features [batch, length] of images [batch, height, width, 3]. */
  async run(images: Uint8Array): Promise<Float32Array> {
    const { height, width } = this.model;
    const result = await this.executable.run({
      images: hostTensor('u8', [this.batch, height, width, 3], images),
    });
    return result[features]!.data as Float32Array;
  }

  dispose(): Promise<void> {
    return this.executable.dispose();
  }
}
