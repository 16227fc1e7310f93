/** The base weight that is left when PEFT initialises an adapter from it, which it does each time it loads one. */
import { leadingVectors } from './singularValues.js';

/** How an adapter's first values took a part out of the base. */
export type Decomposition = 'pissa' | 'olora';

/** x [rows, width] less its share along the orthonormal `units` of length `width`, times `factor`. */
function without(x: Float32Array, units: readonly Float64Array[], factor: number): Float32Array {
  const width = units[0]!.length;
  const result = new Float32Array(x.length);
  const row = new Float64Array(width);
  for (let start = 0; start < x.length; start += width) {
    for (let j = 0; j < width; j++) row[j] = x[start + j]!;
    for (const unit of units) {
      let share = 0;
      for (let j = 0; j < width; j++) share += x[start + j]! * unit[j]!;
      for (let j = 0; j < width; j++) row[j]! -= factor * share * unit[j]!;
    }
    result.set(row, start);
  }
  return result;
}

function transposed(x: Float32Array, width: number): Float32Array {
  const height = x.length / width;
  const result = new Float32Array(x.length);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) result[j * height + i] = x[i * width + j]!;
  return result;
}

/**
 * PiSSA (Meng et al., 2024, arXiv:2404.02948): W [out, width] less its `rank` largest singular components, whatever the
 * adapter's scaling.
 */
function pissa(weight: Float32Array, width: number, rank: number): Float32Array {
  const out = weight.length / width;
  if (out >= width) return without(weight, leadingVectors(weight, width, rank), 1);
  const turned = transposed(weight, width);
  return transposed(without(turned, leadingVectors(turned, out, rank), 1), out);
}

/**
 * OLoRA (Büyükakyüz, 2024, arXiv:2406.01775): W [out, width] less scaling · Q R, with the first `rank` columns of Q and
 * rows of R of its QR decomposition. Those of Q span the first columns of W, so this is a share of W along these.
 */
function olora(weight: Float32Array, width: number, rank: number, scaling: number): Float32Array {
  const out = weight.length / width;
  const columns = transposed(weight, width);
  const units: Float64Array[] = [];
  for (let i = 0; i < rank; i++) {
    const column = Float64Array.from(columns.subarray(i * out, (i + 1) * out));
    for (let pass = 0; pass < 2; pass++)
      for (const unit of units) {
        const share = column.reduce((sum, value, k) => sum + value * unit[k]!, 0);
        unit.forEach((value, k) => (column[k]! -= share * value));
      }
    const length = Math.sqrt(column.reduce((sum, value) => sum + value * value, 0));
    units.push(column.map((value) => value / length));
  }
  return transposed(without(columns, units, scaling), out);
}

/** What is left of W [out, width]; `scaling` is the adapter's. */
export function residual(
  weight: Float32Array,
  width: number,
  { init, rank, scaling }: { init: Decomposition; rank: number; scaling: number },
): Float32Array {
  return init === 'pissa' ? pissa(weight, width, rank) : olora(weight, width, rank, scaling);
}
