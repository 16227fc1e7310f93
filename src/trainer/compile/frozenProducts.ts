/** Products by frozen weights, as the passes look for them that do them in fewer bits. */
import type { Node, Value } from '../ir/value.js';
import { numbersOf, type OpOf } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { dequantize } from '../peft/quantize.js';
import { room } from './room.js';

export interface FrozenWeight {
  name: string;
  /** A scratch buffer: valid until the next weight is requested. */
  numbers: () => Float32Array;
}

/** The frozen weight that a value is, quantised or not; undefined of any other value. */
function frozenWeight({ node: { op, inputs } }: Value): FrozenWeight | undefined {
  if (op.type === 'constant')
    return op.name && op.dtype === 'f32'
      ? { name: op.name, numbers: () => numbersOf(op.data, room(op.shape)) as Float32Array }
      : undefined;
  if (op.type !== 'dequantize') return undefined;
  const [codes, scales] = inputs.map(({ node }) => node.op) as [OpOf<'constant'>, OpOf<'constant'>];
  const stored = { codes: codes.data as Uint8Array | Int8Array, scales: scales.data as Float32Array };
  const options = { quantization: op.bits === 8 ? ('int8' as const) : ('nf4' as const), blockSize: op.blockSize };
  return { name: codes.name, numbers: () => dequantize(stored, sizeOf(op.shape), options) };
}

/** The frozen weight w of x · w or x · wᵀ, with x of two axes; undefined of any other node. */
export const weightOfProduct = ({ op, inputs }: Node): FrozenWeight | undefined =>
  op.type === 'matmul' && !op.transA && op.alpha === 1 && inputs[0]!.shape.length === 2
    ? frozenWeight(inputs[1]!)
    : undefined;
