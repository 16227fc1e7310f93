/** The model of the method `pretrained`: the unit features of the training images, and their labels. */
import type { ModelSpec } from '../compile/compile.js';
import { WeightStore } from '../compile/weightStore.js';
import { targetsOf } from '../data/sample.js';
import { sizeOf } from '../ir/shape.js';
import { bank, oneHot, unitRows } from '../nn/neighbors.js';
import { SolvedModel, type SolveOptions } from './solvedModel.js';

/** Its parameters: unit features [images, width], and the labels [images] of the images as numbers. */
export async function neighborsModel(
  o: SolveOptions,
  { neighbors, temperature }: { neighbors: number; temperature: number },
): Promise<SolvedModel> {
  const { model, features } = o;
  const width = sizeOf(model.cut.shape);
  const train = await features.all('train');
  const unit = unitRows(train.features, width);
  const labels = Float32Array.from(train.labels, (each) => targetsOf(each)[0]!);
  const spec: ModelSpec = {
    ...model,
    neighbors: { images: labels.length, neighbors, temperature },
    weights: new WeightStore({
      read: (name, shape) =>
        name === bank.features ? unit : name === bank.labels ? oneHot(labels, shape) : model.weights.share(name, shape),
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
  return SolvedModel.load(o, spec, parameters, values);
}
