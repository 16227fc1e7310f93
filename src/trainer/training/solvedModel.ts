/** A model that takes no steps: what it has learnt is known at once, from the features of the training images. */
import { compileForward, type ModelSpec } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import type { Cut } from '../compile/split.js';
import type { Engine, Executable } from '../engine/engine.js';
import { imagesFeed, inferredOf, type ReadState, type Values } from '../engine/trainable.js';
import type { FeatureStore } from '../insight/featureStore.js';
import type { Predictor } from './learner.js';

export interface SolveOptions {
  engine: Engine;
  /** With the cut at which `features` were taken. */
  model: ModelSpec & { cut: Cut };
  features: FeatureStore;
  /** Images in a batch of `logits`. */
  batch: number;
}

export class SolvedModel implements Predictor {
  private constructor(
    /** What it has learnt. */
    readonly parameters: readonly ParameterSpec[],
    private readonly values: Values,
    private readonly model: ModelSpec,
    private readonly batch: number,
    private readonly forward: Executable,
  ) {}

  /** `model` reads the values among its own weights, as constants. */
  static async load(
    { engine, batch }: Pick<SolveOptions, 'engine' | 'batch'>,
    model: ModelSpec,
    parameters: readonly ParameterSpec[],
    values: Values,
  ): Promise<SolvedModel> {
    const forward = await engine.load(compileForward(model, batch, { embeds: true }).graph);
    return new SolvedModel(parameters, values, model, batch, forward);
  }

  async logits(images: Uint8Array | Float32Array): Promise<Float32Array> {
    return (await this.infer(images)).logits;
  }

  async infer(images: Uint8Array | Float32Array) {
    return inferredOf(await this.forward.run(imagesFeed(this.model, this.batch, images)));
  }

  read(): Promise<ReadState> {
    return Promise.resolve({ parameters: new Map(this.values), m: new Map(), v: new Map() });
  }

  dispose(): Promise<void> {
    return this.forward.dispose();
  }
}
