/**
 * The model of `head` with the solver `ridge`: random projections of the features (RanPAC, McDonnell et al., 2023,
 * arXiv:2307.02251), or the features themselves, and on them the linear head that ridge regression gives.
 */
import { WeightStore } from '../compile/weightStore.js';
import { Random } from '../core/random.js';
import { spansOf } from '../core/tasks.js';
import { targetsOf } from '../data/sample.js';
import type { Executable } from '../engine/engine.js';
import { hostTensor } from '../engine/tensor.js';
import type { Values } from '../engine/trainable.js';
import { fitRidge, foldCount, rowsAtOnce } from '../insight/fitRidge.js';
import { spanOf } from '../insight/span.js';
import { foldsOf } from '../insight/folds.js';
import { Builder } from '../ir/builder.js';
import { sizeOf } from '../ir/shape.js';
import type { ParameterSpec } from '../compile/scope.js';
import type { Task } from '../protocol.js';
import { SolvedModel, type SolveOptions } from './solvedModel.js';

export interface RidgeOptions extends SolveOptions {
  parameters: readonly ParameterSpec[];
  tasks: readonly Task[];
  seed: number;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}

/** Whether a weight of such a head is drawn at random rather than solved for. */
export const isDrawn = (name: string): boolean => /\.0\.(weight|bias)$/.test(name);

/** Solves the head, of every task by itself. Throws the signal's reason where a stop is requested. */
export async function ridgeModel(o: RidgeOptions): Promise<SolvedModel> {
  const { model, features, tasks, seed, signal, onProgress } = o;
  const train = await features.all('train');
  const targets = train.labels.map(targetsOf);
  const scale = scaleOf(train.features, sizeOf(model.cut.shape));
  const { classifiers } = model.config;
  const { hidden } = model.method.head;
  const values: Values = hidden ? projections(classifiers, hidden, scale, seed) : new Map();
  const projected = hidden ? await project(o, values) : undefined;
  const width = hidden ? classifiers.length * hidden : sizeOf(model.cut.shape);
  const folds = foldsOf(
    targets.map((own) => own[0] ?? -1),
    targets.map((_, i) => i),
    foldCount,
    seed,
  );
  const read = (first: number): Promise<Float32Array> => {
    const part = train.features.subarray(first * scale.mean.length, (first + rowsAtOnce) * scale.mean.length);
    return projected ? projected.run(part) : Promise.resolve(standardised(part, scale));
  };
  const weight = new Float32Array(model.labels * width);
  const bias = new Float32Array(model.labels);
  try {
    const span = targets.length < width ? spanOf(await allOf(read, targets.length, width), width) : undefined;
    for (const [t, { task, start, end }] of spansOf(tasks).entries()) {
      const fitted = await fitRidge({
        images: targets.length,
        width: span ? targets.length : width,
        features: width,
        classes: task.labels.length,
        multiLabel: task.multiLabel,
        classesOf: (image) =>
          targets[image]!.filter((target) => target >= start && target < end).map((target) => target - start),
        folds,
        read: span ? (first) => Promise.resolve(rowsOf(span.values, targets.length, first)) : read,
        onProgress: async (share) => {
          if (share !== undefined) onProgress(t + share, tasks.length);
          // Messages are handled in between, which the computation blocks.
          await new Promise(setImmediate);
          signal.throwIfAborted();
        },
      });
      const head = span ? span.toFeatures(fitted) : fitted;
      weight.set(head.weight, start * width);
      bias.set(head.bias, start);
    }
  } finally {
    await projected?.dispose();
  }
  if (!hidden) unscale(weight, bias, scale);
  shareOut(values, { weight, bias }, classifiers, hidden ? '.3' : '');
  const weights = new WeightStore({ read: (name, shape) => values.get(name) ?? model.weights.share(name, shape) });
  const solved = { ...model, weights, method: { ...model.method, trains: () => false } };
  return SolvedModel.load(o, solved, o.parameters, values);
}

const rowsOf = (values: Float32Array, width: number, first: number): Float32Array =>
  values.subarray(first * width, (first + rowsAtOnce) * width);

async function allOf(read: (first: number) => Promise<Float32Array>, images: number, width: number) {
  const all = new Float32Array(images * width);
  for (let first = 0; first < images; first += rowsAtOnce) all.set(await read(first), first * width);
  return all;
}

/** The mean and the deviation of each feature, [width]. */
interface Scale {
  mean: Float64Array;
  deviation: Float64Array;
}

function scaleOf(features: Float32Array, width: number): Scale {
  const images = features.length / width;
  const mean = new Float64Array(width);
  const deviation = new Float64Array(width);
  features.forEach((value, i) => (mean[i % width]! += value / images));
  features.forEach((value, i) => (deviation[i % width]! += (value - mean[i % width]!) ** 2 / images));
  // A feature that is the same for all images says nothing, whatever its scale.
  return { mean, deviation: deviation.map((square) => Math.sqrt(square) || 1) };
}

const standardised = (part: Float32Array, { mean, deviation }: Scale): Float32Array =>
  part.map((value, i) => (value - mean[i % mean.length]!) / deviation[i % mean.length]!);

/**
 * The hidden layer of each classifier: normal numbers of variance 1 / width on the standardised features, whose mean
 * and deviation are part of its weights and biases.
 */
function projections(classifiers: readonly string[], hidden: number, { mean, deviation }: Scale, seed: number): Values {
  const width = mean.length / classifiers.length;
  const values: Values = new Map();
  for (const [i, name] of classifiers.entries()) {
    const random = new Random(seed, 'projection', name);
    const weight = new Float32Array(hidden * width);
    const bias = new Float32Array(hidden);
    for (let row = 0; row < hidden; row++)
      for (let j = 0; j < width; j++) {
        const own = random.normal() / Math.sqrt(width) / deviation[i * width + j]!;
        weight[row * width + j] = own;
        bias[row]! -= own * mean[i * width + j]!;
      }
    values.set(`${name}.0.weight`, weight).set(`${name}.0.bias`, bias);
  }
  return values;
}

/** What runs the hidden layers: features [rows, width] -> [rows, classifiers · hidden], end to end. */
async function project(
  { engine, model: { config, method } }: RidgeOptions,
  values: Values,
): Promise<{ run(part: Float32Array): Promise<Float32Array>; dispose: Executable['dispose'] }> {
  const { classifiers } = config;
  const { hidden } = method.head;
  const width = values.get(`${classifiers[0]!}.0.weight`)!.length / hidden;
  const b = new Builder();
  const x = b.input('features', [rowsAtOnce, classifiers.length * width]);
  const layers = classifiers.map((name, i) => {
    const constant = (part: string, shape: number[]) =>
      b.constant(`${name}.0.${part}`, shape, values.get(`${name}.0.${part}`)!);
    const own = b.slice(x, 1, i * width, (i + 1) * width);
    return b.gelu(
      b.matmul(own, constant('weight', [hidden, width]), { transB: true, bias: constant('bias', [hidden]) }),
    );
  });
  b.output('projected', layers.length > 1 ? b.concat(1, ...layers) : layers[0]!);
  const loaded = await engine.load(b.graph);
  return {
    async run(part) {
      const whole = new Float32Array(sizeOf(x.shape));
      whole.set(part);
      const { projected } = await loaded.run({ features: hostTensor('f32', x.shape, whole) });
      const rows = part.length / x.shape[1]!;
      return (projected!.data as Float32Array).subarray(0, rows * classifiers.length * hidden);
    },
    dispose: () => loaded.dispose(),
  };
}

/** Turns a head of standardised features into one of the features themselves. */
function unscale(weight: Float32Array, bias: Float32Array, { mean, deviation }: Scale): void {
  const width = mean.length;
  weight.forEach((value, i) => {
    weight[i] = value / deviation[i % width]!;
    bias[Math.floor(i / width)]! -= weight[i]! * mean[i % width]!;
  });
}

/** Each classifier's share of the head: the network takes their mean, and each reads features of its own. */
function shareOut(
  values: Values,
  { weight, bias }: { weight: Float32Array; bias: Float32Array },
  classifiers: readonly string[],
  layer: string,
): void {
  const heads = classifiers.length;
  const own = weight.length / bias.length / heads;
  for (const [i, name] of classifiers.entries()) {
    const part = Float32Array.from(
      { length: bias.length * own },
      (_, at) => heads * weight[(Math.floor(at / own) * heads + i) * own + (at % own)]!,
    );
    values.set(`${name}${layer}.weight`, part).set(`${name}${layer}.bias`, bias);
  }
}
