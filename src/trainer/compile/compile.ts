/** The compiler: a model, a method and an optimiser become the graphs that a run needs. */
import { backward } from '../autodiff/backward.js';
import { Builder } from '../ir/builder.js';
import { check } from '../ir/check.js';
import type { Graph } from '../ir/graph.js';
import type { Shape } from '../ir/op.js';
import type { Value } from '../ir/value.js';
import { blocksOf, familyOf } from '../nn/families.js';
import { classificationHead } from '../nn/head.js';
import type { PixelNorm } from '../nn/layers.js';
import { nearestNeighbors, type NeighborsOptions } from '../nn/neighbors.js';
import type { NetworkConfig } from '../nn/networkConfig.js';
import { mapOf } from '../nn/networkMap.js';
import { decays, isMatrix } from '../nn/weightRoles.js';
import { buildUpdate, type OptimizerSpec, type UpdateRule } from '../optim/buildUpdate.js';
import { names } from '../optim/stateNames.js';
import type { Method } from '../peft/method.js';
import { lossOf, type LossSpec } from './loss.js';
import { fp16Products } from './fp16Products.js';
import { int8Products } from './int8Products.js';
import { eliminateDeadCode } from './passes.js';
import { findCut, prefixOf, suffixOf, type Cut } from './split.js';
import { GraphScope, type MaskSpec, type ParameterSpec } from './scope.js';
import type { WeightStore } from './weightStore.js';

export interface ModelSpec {
  config: NetworkConfig;
  norm: PixelNorm;
  weights: WeightStore;
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
  /** Share of the patches that a training step leaves out of each image. */
  patchDropout?: number | undefined;
  /**
   * The precision of frozen linear layers in training steps, in the validations between them and in the frozen part:
   * fp32, fp16 for a GPU that supports it, or int8 for the CPU. A saved model always computes in fp32.
   */
  frozenPrecision?: 'fp32' | 'fp16' | 'int8' | undefined;
  /** Predicts by the labels of the nearest of so many images, instead of the model's own head. */
  neighbors?: Omit<NeighborsOptions, 'labels'> | undefined;
  /** What each logit is multiplied by at the end, where the graph is to carry a calibration. */
  logitScales?: readonly number[] | undefined;
  /** Where the graphs begin: after it they read `features` (`Cut.shape` for each image) instead of `images`. */
  cut?: Cut | undefined;
  /** Whether the backward pass recomputes each block's values: less memory for more work. */
  recomputes?: boolean | undefined;
}

function finish(b: Builder, cut?: Cut): Graph {
  check(b.graph);
  const live = eliminateDeadCode(b.graph);
  const graph = cut ? suffixOf(live, cut) : live;
  check(graph);
  return graph;
}

/** The graph with the products of its frozen layers in the requested precision of the model. */
function inPrecision(graph: Graph, { weights, frozenPrecision }: ModelSpec): Graph {
  if (frozenPrecision === undefined || frozenPrecision === 'fp32') return graph;
  const changed = eliminateDeadCode(frozenPrecision === 'int8' ? int8Products(graph, weights) : fp16Products(graph));
  check(changed);
  return changed;
}

interface Forward {
  scope: GraphScope;
  logits: Value;
  /** What the head reads. */
  features: readonly Value[];
}

/** The rate of each block, by name: evenly from 0 to the model's, as timm has it. */
function dropPathRates({ config, dropPath = 0 }: ModelSpec): ReadonlyMap<string, number> {
  return new Map(blocksOf(config).map((name, i, { length }) => [name, (dropPath * i) / Math.max(1, length - 1)]));
}

function buildForward(b: Builder, model: ModelSpec, batch: number, training: boolean): Forward {
  const images = b.input('images', [batch, model.height, model.width, 3], 'u8');
  const scope = new GraphScope(
    b,
    model.weights,
    model.method,
    training ? { dropPath: dropPathRates(model), patchDropout: model.patchDropout ?? 0 } : undefined,
  );
  const features = familyOf(model.config).body(scope, model.config, images, model.norm);
  const { labels, neighbors, logitScales } = model;
  const own = neighbors
    ? nearestNeighbors(scope, features, { ...neighbors, labels })
    : b.within({ part: 'head' }, () =>
        classificationHead(scope, model.config, features, { labels, ...model.method.head }),
      );
  const logits = logitScales ? b.mul(own, b.constant('logitScales', [1, labels], Float32Array.from(logitScales))) : own;
  return { scope, logits, features };
}

/** Name of the output that holds what the head reads of each image, beside the logits. */
export const embedding = 'embedding';

/**
 * Input `images` [batch, height, width, 3] uint8 and the parameters; output `logits` [batch, labels], and where it
 * `embeds` also `embedding` [batch, width]: what the head reads, end to end where that is several.
 */
export function compileForward(
  model: ModelSpec,
  batch: number,
  { embeds = false } = {},
): { graph: Graph; parameters: ParameterSpec[]; layers: string[] } {
  const b = new Builder();
  const { scope, logits, features } = buildForward(b, model, batch, false);
  b.output('logits', logits);
  // The sum makes it a value of its own where it is the input of the graph, which cannot be an output as well.
  if (embeds) b.output(embedding, b.add(features.length > 1 ? b.concat(1, ...features) : features[0]!, b.scalar(0)));
  return { graph: finish(b, model.cut), parameters: specsOf(scope), layers: scope.layers };
}

/**
 * Inputs `images` [1, height, width, 3] uint8 and `wanted` [1, labels]; outputs `logits`, and `relevance.0` and so on
 * [queries, tokens] for each attention from the input to the head, of which there are `maps`: its shares times the
 * gradient of the wanted logits, without what is negative, as the mean of the heads (Chefer, Gur and Wolf, CVPR 2021,
 * arXiv:2012.09838, equation 13). A network from a file has no map, nor has a vote of the nearest images.
 */
export function compileRelevance(model: ModelSpec): { graph: Graph; maps: number } {
  const b = new Builder();
  const { logits } = buildForward(b, model, 1, false);
  b.output('logits', logits);
  // The vote of the nearest images has no gradient.
  const softmaxes = model.neighbors ? [] : b.graph.nodes.filter(({ op }) => op.type === 'softmax');
  const shares = softmaxes.map(({ outputs: [output] }) => output!);
  const score = b.total(b.mul(logits, b.input('wanted', [1, model.labels])));
  const grads = shares.length ? backward(b, score, shares) : [];
  shares.forEach((share, i) => {
    const [, heads, queries, tokens] = share.shape as [number, number, number, number];
    const mean = b.scale(b.sum(b.relu(b.mul(share, grads[i]!)), [1]), 1 / heads);
    b.output(`relevance.${i}`, b.reshape(mean, [queries, tokens]));
  });
  return { graph: finish(b), maps: shares.length };
}

/** The forward graph with its frozen layers in the precision of the steps, and whether that makes a difference. */
export function compileValidation(model: ModelSpec, batch: number): { graph: Graph; isRounded: boolean } {
  const graph = inPrecision(compileForward(model, batch, { embeds: true }).graph, model);
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
 * the mean; they sum to 1 over an optimiser step), the parameters and the dropout masks. Returns the loss and the
 * gradients.
 */
function buildGradient(b: Builder, model: ModelSpec, batch: number): Forward & { loss: Value; grads: Value[] } {
  const { scope, logits, features } = buildForward(b, model, batch, true);
  const targets = b.input('targets', [batch, model.labels]);
  const weights = b.input('weights', [batch]);
  const tasks = [{ labels: model.labels, multiLabel: false }];
  const loss = b.within({ part: 'head' }, () =>
    b.total(b.mul(lossOf(b, logits, targets, model.loss ?? { tasks }), weights)),
  );
  const recomputes = new Set(model.recomputes ? blocksOf(model.config) : []);
  const cheapShare = model.frozenPrecision === 'int8' ? 0 : cheapShareInFloats;
  return {
    scope,
    logits,
    features,
    loss,
    grads: backward(b, loss, [...scope.parameters.values()], { recomputes, cheapShare }),
  };
}

/**
 * The attention of ViT-Ti at 224 has the largest measured share, 7 %: recomputing it took no longer than holding it.
 * With the rest in int8 it took 3 to 5 % of a step.
 */
const cheapShareInFloats = 0.1;

/** How each parameter of a model is updated: what it is for decides, and the method. */
function ruleOf({ config, method }: ModelSpec): (name: string, shape: Shape) => UpdateRule {
  const map = mapOf(config);
  return (name, shape) => ({
    decays: decays[map.roleOf(name)],
    isBodyMatrix: isMatrix(map.roleOf(name), shape) && !map.isHead(name),
    learningRateScale: method.learningRateScale?.(name) ?? 1,
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
  b.within({ pass: 'update', part: 'rest' }, () => buildUpdate(b, scope.parameters, grads, optimizer, ruleOf(model)));
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
  u.within({ pass: 'update' }, () => buildUpdate(u, inputs, sums, optimizer, ruleOf(model)));
  return { accumulate: inPrecision(finish(b, model.cut), model), update: finish(u), parameters, masks: scope.masks };
}
