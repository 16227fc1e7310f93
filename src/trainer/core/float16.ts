/**
 * Converts between fp32 and the two 16-bit formats of stored weights: IEEE half (`F16`) and bfloat16 (`BF16`).
 */

/** The value of every half, indexed by its bits (256 KiB); built at the first use. */
let halfValues: Float32Array | undefined;

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Converts halves, given as bits, into `target`, which must be at least as long. */
export function readHalves(bits: Uint16Array, target: Float32Array): void {
  halfValues ??= Float32Array.from({ length: 65536 }, (_, i) => halfValue(i));
  for (let i = 0; i < bits.length; i++) target[i] = halfValues[bits[i]!]!;
}

/**
 * Converts bfloat16 numbers, given as bits, into `target`, which must be at least as long. Their bits are the upper
 * half of an fp32 number.
 */
export function readBfloats(bits: Uint16Array, target: Float32Array): void {
  const words = new Uint32Array(target.buffer, target.byteOffset, target.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
}

/** Bits of the half nearest to the fp32 number with bits `x`; ties to even (IEEE 754-2019, section 4.3.1). */
function halfBits(x: number): number {
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and above round to infinity
  if (magnitude >= 0x38800000) {
    // A normal half, 2^-14 and above: a carry of the rounding into the exponent gives the right result.
    return sign | ((magnitude + 0xfff + ((magnitude >>> 13) & 1) - 0x38000000) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign; // up to 2^-25, the tie between 0 and the smallest half
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23); // 14 to 24: units of 2^-24
  const floor = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (floor + (rest > tie || (rest === tie && floor & 1) ? 1 : 0));
}

/** Rounds fp32 numbers to halves, to nearest with ties to even. Above 65519.99 the result is infinite. */
export function toHalves(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) halves[i] = halfBits(words[i]!);
  return halves;
}
