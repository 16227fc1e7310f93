/**
 * The model of the method `pretrained`, which takes no steps: it has learnt once the features of the training images
 * are known.
 */
import type { Cut } from '../compile/split.js';
import { compileForward, type ModelSpec } from '../compile/compile.js';
import type { ParameterSpec } from '../compile/scope.js';
import { WeightStore } from '../compile/weightStore.js';
import { targetsOf } from '../data/sample.js';
import type { Engine, Executable } from '../engine/engine.js';
import { imagesFeed, inferredOf, type ReadState } from '../engine/trainable.js';
import { sizeOf } from '../ir/shape.js';
import { bank, oneHot, unitRows } from '../nn/neighbors.js';
import type { FeatureStore } from '../insight/featureStore.js';
import type { Predictor } from './learner.js';

export interface NeighborsModelOptions {
  engine: Engine;
  /** With the cut at which `features` were taken. */
  model: ModelSpec & { cut: Cut };
  features: FeatureStore;
  neighbors: number;
  temperature: number;
  /** Images in a batch of `logits`. */
  batch: number;
}

export class NeighborsModel implements Predictor {
  private constructor(
    /** The bank: unit features [images, width], and the labels [images] of the images as numbers. */
    readonly parameters: ParameterSpec[],
    private readonly values: ReadonlyMap<string, Float32Array>,
    private readonly model: ModelSpec,
    private readonly batch: number,
    private readonly forward: Executable,
  ) {}

  static async create({
    engine,
    model,
    features,
    neighbors,
    temperature,
    batch,
  }: NeighborsModelOptions): Promise<NeighborsModel> {
    const width = sizeOf(model.cut.shape);
    const train = await features.all('train');
    const unit = unitRows(train.features, width);
    const labels = Float32Array.from(train.labels, (each) => targetsOf(each)[0]!);
    const spec: ModelSpec = {
      ...model,
      neighbors: { images: labels.length, neighbors, temperature },
      weights: new WeightStore({
        read: (name, shape) =>
          name === bank.features
            ? unit
            : name === bank.labels
              ? oneHot(labels, shape)
              : model.weights.share(name, shape),
      }),
    };
    const parameters = [
      { name: bank.features, shape: [labels.length, width] },
      { name: bank.labels, shape: [labels.length] },
    ];
    const values = new Map([
      [bank.features as string, unit],
      [bank.labels, labels],
    ]);
    const forward = await engine.load(compileForward(spec, batch, { embeds: true }).graph);
    return new NeighborsModel(parameters, values, spec, batch, forward);
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
