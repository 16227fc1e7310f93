/** Products by frozen weights, which the passes find that compute them in fewer bits. */
import type { Node, Value } from '../ir/value.js';
import { lendNumbers, type OpOf } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { dequantize } from '../peft/quantize.js';
import type { Loan } from './roundedWeight.js';

export interface FrozenWeight {
  name: string;
  /** Names its numbers, which are others where it is kept in fewer bits. */
  key: string;
  /** Scalars. */
  length: number;
  lend: Loan;
}

/** The frozen weight that a value is, quantised or not; undefined of any other value. */
function frozenWeight({ node: { op, inputs } }: Value): FrozenWeight | undefined {
  if (op.type === 'constant')
    return op.name && op.dtype === 'f32'
      ? {
          name: op.name,
          key: op.name,
          length: sizeOf(op.shape),
          lend: (use) => lendNumbers(op.data, (numbers) => use(numbers as Float32Array)),
        }
      : undefined;
  if (op.type !== 'dequantize') return undefined;
  const [codes, scales] = inputs.map(({ node }) => node.op) as [OpOf<'constant'>, OpOf<'constant'>];
  const stored = { codes: codes.data as Uint8Array | Int8Array, scales: scales.data as Float32Array };
  const options = { quantization: op.bits === 8 ? ('int8' as const) : ('nf4' as const), blockSize: op.blockSize };
  const length = sizeOf(op.shape);
  return {
    name: codes.name,
    key: `${codes.name} ${options.quantization} ${op.blockSize}`,
    length,
    lend: (use) => use(dequantize(stored, length, options)),
  };
}

/** The frozen weight w of x · w or x · wᵀ, with x of two axes; undefined of any other node. */
export const weightOfProduct = ({ op, inputs }: Node): FrozenWeight | undefined =>
  op.type === 'matmul' && !op.transA && op.alpha === 1 && inputs[0]!.shape.length === 2
    ? frozenWeight(inputs[1]!)
    : undefined;
