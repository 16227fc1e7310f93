/** The head that a base comes with, matched to a dataset's classes by their names, never by their places. */
import { errors, type UserError } from '../errors/errors.js';
import type { Shape } from '../ir/op.js';
import { isHeadOf } from '../nn/networkMap.js';
import { randomWeight, storesOf, type BaseModel, type ReadWeight } from './baseModel.js';

export interface BaseWithHead {
  base: BaseModel;
  /** That the base's head, though of the right size, is for classes of other names. */
  notice?: UserError;
}

/**
 * The base with a head for `labels`: its own, the rows in their order, where it names the same classes; else one drawn
 * at random.
 */
export function withHeadFor(base: BaseModel, labels: readonly string[]): BaseWithHead {
  const { config } = base;
  const count = labels.length;
  const hasHead = config.classifiers.some((name) => base.owns(`${name}.weight`, [count, config.features]));
  if (!hasHead) return { base };
  const rows = labels.map((label) => config.labels.indexOf(label));
  const isSame = config.labels.length === count && new Set(rows).size === count && !rows.includes(-1);
  if (isSame && rows.every((row, i) => row === i)) return { base };
  const isHead = (name: string): boolean => isHeadOf(config, name);
  const read: ReadWeight = (name, shape, seed, scratch) => {
    if (!isHead(name) || !base.owns(name, shape)) return base.weights(seed).read(name, shape, scratch);
    return isSame ? inOrder(base.weight(name, shape, seed), shape, rows) : randomWeight(config, name, shape, seed);
  };
  const place: BaseModel['place'] = (name, shape) => (isHead(name) ? undefined : base.place(name, shape));
  const own: BaseModel = {
    ...base,
    ...storesOf(read, place),
    place,
    owns: (name, shape) => base.owns(name, shape) && (isSame || !isHead(name)),
  };
  return isSame ? { base: own } : { base: own, notice: errors.headRenewed(base.reference.model, config.labels) };
}

/** A tensor whose first axis has the rows of that order. */
function inOrder(data: Float32Array, [count]: Shape, rows: readonly number[]): Float32Array {
  const size = data.length / count!;
  const result = new Float32Array(data.length);
  rows.forEach((row, i) => result.set(data.subarray(row * size, (row + 1) * size), i * size));
  return result;
}
