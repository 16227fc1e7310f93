/**
 * The split of a graph in two: the prefix, a function of the images and frozen weights alone, and the suffix that
 * trains.
 */
import { createHash } from 'node:crypto';
import { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';
import { multiplications } from '../ir/multiplications.js';
import { bytesOf, type Op, type Shape } from '../ir/op.js';
import { sameShape } from '../ir/shape.js';

/** Name of the prefix's output and the suffix's input. */
export const features = 'features';
/** Name of the input that a prefix may depend on. */
const images = 'images';

/** The one value that everything after it knows the images by. */
export interface Cut {
  /** Names the value in every graph of the same model, whatever the batch, in training and in evaluation. */
  key: string;
  /** Its shape for one image; in a batch the first axis is as many times longer. */
  shape: Shape;
  /** Multiplications before it, as a share of all in the step. */
  share: number;
}

/**
 * What the key of a node says of its op: all but what depends on the batch, which is outermost on the first axis of
 * every value that has it.
 */
function attributesOf(op: Op): string {
  if (op.type === 'constant') {
    const { name, dtype, shape, data } = op;
    const content = name || Buffer.from(bytesOf(data)).toString('base64');
    return JSON.stringify([dtype, shape, content]);
  }
  return JSON.stringify('shape' in op ? { ...op, shape: op.shape.slice(1) } : op);
}

/** A key for each value that needs no input but the images. */
function keysOf(graph: Graph): Map<Value, string> {
  const keys = new Map<Value, string>();
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op.type === 'input' && op.name !== images) continue;
    const read = inputs.map((input) => keys.get(input));
    if (read.includes(undefined)) continue;
    // A token repeated for each image; the builder leaves this out where there is only one.
    if (op.type === 'expand' && sameShape(op.shape.slice(1), inputs[0]!.shape.slice(1))) {
      keys.set(outputs[0]!, read[0]!);
      continue;
    }
    const key = createHash('sha256')
      .update(JSON.stringify([op.type, attributesOf(op), read]))
      .digest('hex');
    outputs.forEach((output, i) => keys.set(output, `${key}.${i}`));
  }
  return keys;
}

/** The values that depend on the images. */
function fromImages(graph: Graph): Set<Value> {
  const found = new Set<Value>();
  for (const { op, inputs, outputs } of graph.nodes) {
    if ((op.type === 'input' && op.name === images) || inputs.some((input) => found.has(input)))
      outputs.forEach((output) => found.add(output));
  }
  return found;
}

/**
 * Where a step for `batch` images can be split: the last value before anything that trains or is random (a dropout
 * mask is an input too) on which alone all that follows depends. Undefined where there is none, e.g. since the
 * embeddings train.
 *
 * One value rather than all that cross the frontier: with LoRA on a block's queries those would be its input, its
 * normalised input and three projections, five times the bytes to keep and read for a twelfth of a block's work.
 */
export function findCut(graph: Graph, batch: number): Cut | undefined {
  const keys = keysOf(graph);
  const dependent = fromImages(graph);
  const lastUse = new Map<Value, number>();
  graph.nodes.forEach(({ inputs }, place) => inputs.forEach((input) => lastUse.set(input, place)));
  for (const value of graph.outputs.values()) lastUse.set(value, Infinity);
  const total = graph.nodes.reduce((sum, node) => sum + multiplications(node), 0);
  const live = new Set<Value>();
  let done = 0;
  let found: Cut | undefined;
  for (const [place, node] of graph.nodes.entries()) {
    if (!node.outputs.some((output) => dependent.has(output))) continue;
    if (!node.outputs.every((output) => keys.has(output))) break;
    done += multiplications(node);
    for (const output of node.outputs) if ((lastUse.get(output) ?? -1) > place) live.add(output);
    for (const value of live) if (lastUse.get(value)! <= place) live.delete(value);
    const [only] = live;
    if (live.size !== 1 || only!.node.op.type === 'input' || only!.dtype !== 'f32' || only!.shape[0]! % batch) continue;
    found = { key: keys.get(only!)!, shape: [only!.shape[0]! / batch, ...only!.shape.slice(1)], share: done / total };
  }
  return found;
}

/**
 * The graph again with values of its own, from `outputs` back to its inputs and to `replaced`; inputs stay unless
 * `drops` says so.
 */
function copy(
  graph: Graph,
  outputs: ReadonlyMap<string, Value>,
  replaced: ReadonlyMap<Value, Op>,
  drops: (input: string) => boolean,
): Graph {
  const live = new Set<Value>();
  const pending = [...outputs.values()];
  for (let value = pending.pop(); value; value = pending.pop()) {
    if (live.has(value)) continue;
    live.add(value);
    if (!replaced.has(value)) pending.push(...value.node.inputs);
  }
  const fail = (): never => {
    throw new Error('the graph reads more of the images than the value at which it is split');
  };
  const result = new Graph();
  const copies = new Map<Value, Value>();
  for (const [value, op] of replaced) copies.set(value, result.append(op, [], value.node.region)[0]!);
  for (const { op, inputs, outputs: made, region } of graph.nodes) {
    const isKept =
      op.type === 'input' ? !drops(op.name) : made.some((value) => live.has(value) && !replaced.has(value));
    if (!isKept) continue;
    const read = inputs.map((input) => copies.get(input) ?? fail());
    result.append(op, read, region).forEach((value, i) => copies.has(made[i]!) || copies.set(made[i]!, value));
  }
  for (const [name, value] of outputs) result.outputs.set(name, copies.get(value)!);
  return result;
}

function valueAt(graph: Graph, { key }: Cut): Value {
  for (const [value, each] of keysOf(graph)) if (each === key) return value;
  throw new Error('the graph has no value where it is to be split');
}

/** From `images` to `features`, of a forward graph. */
export function prefixOf(graph: Graph, cut: Cut): Graph {
  return copy(graph, new Map([[features, valueAt(graph, cut)]]), new Map(), (input) => input !== images);
}

/** The same outputs from `features` instead of `images`. Throws where something else of the images is read. */
export function suffixOf(graph: Graph, cut: Cut): Graph {
  const value = valueAt(graph, cut);
  const input: Op = { type: 'input', name: features, shape: value.shape, dtype: value.dtype };
  return copy(graph, graph.outputs, new Map([[value, input]]), (name) => name === images);
}
