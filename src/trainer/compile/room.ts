/** The array in which one weight after another is read while it is quantised or rounded. */
import type { Shape } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';

let scratch = new WeakRef(new Float32Array(0));

/**
 * Room for the weight under quantisation: arrays of their own would pile up until the garbage collector comes. It need
 * not stay when all is quantised.
 */
export function room(shape: Shape): Float32Array {
  const known = scratch.deref();
  if (known && known.length >= sizeOf(shape)) return known;
  const made = new Float32Array(sizeOf(shape));
  scratch = new WeakRef(made);
  return made;
}
