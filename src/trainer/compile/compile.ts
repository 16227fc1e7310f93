/** The compiler: a model, a method and an optimiser become the graphs that a run needs. */
import { backward } from '../autodiff/backward.js';
import { Builder } from '../ir/builder.js';
import { check } from '../ir/check.js';
import type { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';
import { sizeOf } from '../ir/shape.js';
import { blocksOf, familyOf } from '../nn/families.js';
import { classificationHead } from '../nn/head.js';
import type { PixelNorm } from '../nn/layers.js';
import { nearestNeighbors, type NeighborsOptions } from '../nn/neighbors.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { adamw, decays, type AdamWOptions, type StepScalars } from '../optim/adamw.js';
import { clipByGlobalNorm } from '../optim/clip.js';
import { ema } from '../optim/ema.js';
import { muon } from '../optim/muon.js';
import { isHead, type Method } from '../peft/method.js';
import { lossOf, type LossSpec } from './loss.js';
import { fp16Products } from './fp16Products.js';
import { int8Products } from './int8Products.js';
import { eliminateDeadCode } from './passes.js';
import type { RoundedWeight } from './roundedWeight.js';
import { findCut, prefixOf, suffixOf, type Cut } from './split.js';
import { GraphScope, type FrozenWeights, type MaskSpec, type ParameterSpec } from './scope.js';

export interface ModelSpec {
  config: NetworkConfig;
  norm: PixelNorm;
  frozen: FrozenWeights;
  method: Method;
  /** Logits, of all tasks together. */
  labels: number;
  /** What is minimised; without it, the cross-entropy of one task with all labels. */
  loss?: LossSpec | undefined;
  /** Size of the images fed, in pixels. */
  height: number;
  width: number;
  /** Chance of an image to pass by the last block while training; it grows evenly from 0 at the first. */
  dropPath?: number | undefined;
  /**
   * How frozen linear layers multiply in training steps, in the validations between them and in prefixes: in floats of
   * 32 bits, of 16 for a GPU that has them, or in whole numbers of 8 for the CPU. A saved model answers in floats of 32
   * bits always.
   */
  frozenPrecision?: 'fp32' | 'fp16' | 'int8' | undefined;
  /** Answers by the labels of the nearest of so many images, in place of the model's own head. */
  neighbors?: Omit<NeighborsOptions, 'labels'> | undefined;
  /** Where the graphs begin: after it they read `features` (`Cut.shape` for each image) instead of `images`. */
  cut?: Cut | undefined;
  /** Whether the backward pass computes each block's values anew: less memory for more work. */
  recomputes?: boolean | undefined;
}

export interface OptimizerSpec extends AdamWOptions {
  /** Momentum of Muon, which then takes the body's matrices; AdamW takes all without it. */
  muon?: number | undefined;
  /** 0 clips nothing. */
  maxGradNorm: number;
  /** Keep a moving average of the weights; the decay may change with the step (`emaDecayAt`). */
  ema?: { decay: number } | undefined;
}

/** Names of the graphs' inputs and outputs beside the parameters' own. */
export const names = {
  moment1: (parameter: string) => `m:${parameter}`,
  moment2: (parameter: string) => `v:${parameter}`,
  gradient: (parameter: string) => `g:${parameter}`,
  average: (parameter: string) => `e:${parameter}`,
  /** The output that takes the place of the input `name` in the next step. */
  next: (name: string) => `next:${name}`,
};

function finish(b: Builder, cut?: Cut): Graph {
  check(b.graph);
  const live = eliminateDeadCode(b.graph);
  const graph = cut ? suffixOf(live, cut) : live;
  check(graph);
  return graph;
}

/** Each weight is rounded once for all graphs of a model. */
const rounded = new WeakMap<FrozenWeights, Map<string, RoundedWeight>>();

/** The graph with the products of its frozen layers in the precision that the model asks for. */
function inPrecision(graph: Graph, { frozen, frozenPrecision }: ModelSpec): Graph {
  if (frozenPrecision === undefined || frozenPrecision === 'fp32') return graph;
  const known = rounded.get(frozen) ?? new Map<string, RoundedWeight>();
  rounded.set(frozen, known);
  const changed = eliminateDeadCode(frozenPrecision === 'int8' ? int8Products(graph, known) : fp16Products(graph));
  check(changed);
  return changed;
}

interface Forward {
  scope: GraphScope;
  logits: Value;
}

/** The rate of each block, by name: evenly from 0 to the model's, as timm has it. */
function dropPathRates({ config, dropPath = 0 }: ModelSpec): ReadonlyMap<string, number> {
  return new Map(blocksOf(config).map((name, i, { length }) => [name, (dropPath * i) / Math.max(1, length - 1)]));
}

function buildForward(b: Builder, model: ModelSpec, batch: number, training: boolean): Forward {
  const images = b.input('images', [batch, model.height, model.width, 3], 'u8');
  const scope = new GraphScope(
    b,
    model.frozen,
    model.method,
    training ? { dropPath: dropPathRates(model) } : undefined,
  );
  const features = familyOf(model.config).body(scope, model.config, images, model.norm);
  const { labels, neighbors } = model;
  const logits = neighbors
    ? nearestNeighbors(scope, features, { ...neighbors, labels })
    : b.within({ part: 'head' }, () =>
        classificationHead(scope, model.config, features, { labels, ...model.method.head }),
      );
  return { scope, logits };
}

/** Input `images` [batch, height, width, 3] uint8 and the parameters; output `logits` [batch, labels]. */
export function compileForward(
  model: ModelSpec,
  batch: number,
): { graph: Graph; parameters: ParameterSpec[]; layers: string[] } {
  const b = new Builder();
  const { scope, logits } = buildForward(b, model, batch, false);
  b.output('logits', logits);
  return { graph: finish(b, model.cut), parameters: specsOf(scope), layers: scope.layers };
}

/** The same with its frozen layers in the precision of the steps, and whether that makes a difference. */
export function compileValidation(model: ModelSpec, batch: number): { graph: Graph; isRounded: boolean } {
  const graph = inPrecision(compileForward(model, batch).graph, model);
  return {
    graph,
    isRounded: graph.nodes.some(({ op }) => op.type === 'matmulInt8' || (op.type === 'cast' && op.to === 'f16')),
  };
}

/** The last place at which a training step can be split (`findCut`). */
export function cutOf(model: ModelSpec): Cut | undefined {
  const b = new Builder();
  const batch = 2;
  const { loss, grads } = buildGradient(b, model, batch);
  b.output('loss', loss);
  grads.forEach((grad, i) => b.output(names.gradient(String(i)), grad));
  return findCut(finish(b), batch);
}

/**
 * Input `images` [batch, height, width, 3] uint8, output `features`: what comes before the cut, for graphs of a model
 * with that cut to begin with.
 */
export function compilePrefix(model: ModelSpec, cut: Cut, batch: number): Graph {
  const graph = prefixOf(compileForward({ ...model, cut: undefined }, batch).graph, cut);
  check(graph);
  return inPrecision(graph, model);
}

const specsOf = (scope: GraphScope): ParameterSpec[] =>
  [...scope.parameters].map(([name, { shape }]) => ({ name, shape }));

/**
 * Loss and gradients: inputs `images`, `targets` [batch, labels] (probabilities), `weights` [batch] (of each image in
 * the mean; they sum to 1 over an optimiser step), the parameters and the dropout masks. Returns the gradients beside
 * the loss.
 */
function buildGradient(b: Builder, model: ModelSpec, batch: number): Forward & { loss: Value; grads: Value[] } {
  const { scope, logits } = buildForward(b, model, batch, true);
  const targets = b.input('targets', [batch, model.labels]);
  const weights = b.input('weights', [batch]);
  const tasks = [{ labels: model.labels, multiLabel: false }];
  const loss = b.within({ part: 'head' }, () =>
    b.total(b.mul(lossOf(b, logits, targets, model.loss ?? { tasks }), weights)),
  );
  const recomputes = new Set(model.recomputes ? blocksOf(model.config) : []);
  const cheapShare = model.frozenPrecision === 'int8' ? 0 : cheapShareInFloats;
  return { scope, logits, loss, grads: backward(b, loss, [...scope.parameters.values()], { recomputes, cheapShare }) };
}

/**
 * The attention of ViT-Ti at 224, the greatest share that was measured, is 7 %: to make it anew took no longer than to
 * hold it. Where the rest is in int8 it took 3 to 5 % of a step.
 */
const cheapShareInFloats = 0.1;

/** More numbers than these are updated as fast alone as beside others, and need not be copied. */
const fewNumbers = 65_536;

/**
 * The update of every parameter from its gradient, with outputs `gradientNorm` and `next:…`; inputs are made for
 * moments, averages and scalars.
 */
function buildUpdate(
  b: Builder,
  method: Method,
  parameters: ReadonlyMap<string, Value>,
  grads: readonly Value[],
  optimizer: OptimizerSpec,
): void {
  const scalars: StepScalars = {
    learningRate: b.input('learningRate', []),
    correction1: b.input('correction1', []),
    correction2: b.input('correction2', []),
  };
  const oneMinusDecay = optimizer.ema && b.input('oneMinusDecay', []);
  const scaleOf = (name: string): number => method.learningRateScale?.(name) ?? 1;
  // Tokens, positions, norms, biases and heads stay with AdamW, as Muon's authors advise.
  const momentumOf = (name: string): number | undefined =>
    parameters.get(name)!.shape.length === 2 && !isHead(name) && !/position/.test(name) ? optimizer.muon : undefined;

  // Small parameters that are updated alike lie side by side along their first axis: a hundred small ops cost more than
  // their numbers.
  const groups = new Map<string, string[]>();
  for (const [name, { shape }] of parameters) {
    const isAlone = momentumOf(name) !== undefined || sizeOf(shape) > fewNumbers;
    const key = isAlone ? name : JSON.stringify([decays(name), scaleOf(name), shape.slice(1)]);
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  const all = [...groups.values()];
  const gradOf = new Map([...parameters.keys()].map((name, i) => [name, grads[i]!]));
  const joined = (members: readonly string[], of: (name: string) => Value): Value =>
    members.length > 1 ? b.concat(0, ...members.map(of)) : of(members[0]!);
  const state = (members: readonly string[], nameOf: (parameter: string) => string): Value =>
    joined(members, (name) => b.input(nameOf(name), parameters.get(name)!.shape));

  const clipped = clipByGlobalNorm(
    b,
    all.map((members) => joined(members, (name) => gradOf.get(name)!)),
    optimizer.maxGradNorm,
  );
  b.output('gradientNorm', clipped.norm);
  all.forEach((members, i) => {
    const [first] = members as [string];
    const parameter = joined(members, (name) => parameters.get(name)!);
    const [m, v] = [state(members, names.moment1), state(members, names.moment2)];
    const options = decays(first) ? optimizer : { ...optimizer, weightDecay: 0 };
    const learningRate = b.scale(scalars.learningRate, scaleOf(first));
    const momentum = momentumOf(first);
    const next =
      momentum === undefined
        ? adamw(b, { parameter, m, v }, clipped.grads[i]!, { ...scalars, learningRate }, options)
        : { ...muon(b, { parameter, m }, clipped.grads[i]!, learningRate, { ...options, momentum }), v };
    const average = oneMinusDecay && ema(b, state(members, names.average), next.parameter, oneMinusDecay);
    let end = 0;
    for (const name of members) {
      const start = end;
      end += parameters.get(name)!.shape[0] ?? 0;
      const give = (nameOf: (parameter: string) => string, value: Value): void =>
        b.output(names.next(nameOf(name)), members.length > 1 ? b.slice(value, 0, start, end) : value);
      give((parameterName) => parameterName, next.parameter);
      give(names.moment1, next.m);
      give(names.moment2, next.v);
      if (average) give(names.average, average);
    }
  });
}

interface TrainSignature {
  parameters: ParameterSpec[];
  masks: MaskSpec[];
}

/** One whole step on `batch` images: outputs `loss`, `gradientNorm` and everything `next:…`. */
export function compileStep(
  model: ModelSpec,
  optimizer: OptimizerSpec,
  batch: number,
): TrainSignature & { step: Graph } {
  const b = new Builder();
  const { scope, loss, grads } = buildGradient(b, model, batch);
  b.output('loss', loss);
  b.within({ pass: 'update', part: 'rest' }, () => buildUpdate(b, model.method, scope.parameters, grads, optimizer));
  return { step: inPrecision(finish(b, model.cut), model), parameters: specsOf(scope), masks: scope.masks };
}

/** A step in two graphs: `accumulate` adds a part's gradient to the inputs `g:…`, `update` applies the sum. */
export function compileAccumulation(
  model: ModelSpec,
  optimizer: OptimizerSpec,
  batch: number,
): TrainSignature & { accumulate: Graph; update: Graph } {
  const b = new Builder();
  const { scope, loss, grads } = buildGradient(b, model, batch);
  const parameters = specsOf(scope);
  b.output('loss', loss);
  parameters.forEach(({ name, shape }, i) =>
    b.output(names.next(names.gradient(name)), b.add(b.input(names.gradient(name), shape), grads[i]!)),
  );
  const u = new Builder();
  const inputs = new Map(parameters.map(({ name, shape }) => [name, u.input(name, shape)]));
  const sums = parameters.map(({ name, shape }) => u.input(names.gradient(name), shape));
  u.within({ pass: 'update' }, () => buildUpdate(u, model.method, inputs, sums, optimizer));
  return { accumulate: inPrecision(finish(b, model.cut), model), update: finish(u), parameters, masks: scope.masks };
}
