/**
 * Resizes a part of an RGB image, separably and with the kernel widened for reduction: to the bit what Pillow's resize
 * gives, which also rounds to bytes between its two passes (`Resample.c`).
 * Written here for the training thread's sake: at 64 x 64 a call of sharp costs five to ten times as much CPU as the
 * arithmetic.
 */
import type { Kernel, Region } from './transform.js';

/** For each output position: the first input position and `count` weights that sum to `one`. */
interface Taps {
  starts: Int32Array;
  weights: Int32Array;
  count: number;
}

/** Weights are whole numbers of so many bits after the point, as Pillow's are; a sum of bytes by them fits 32 bits. */
const bits = 22;
const one = 1 << bits;
const half = 1 << (bits - 1);

const shapes: Record<Exclude<Kernel, 'nearest'>, { support: number; weight: (x: number) => number }> = {
  linear: { support: 1, weight: (x) => 1 - x },
  // Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.5, as Pillow and libvips
  // have it.
  cubic: { support: 2, weight: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2) },
  lanczos3: {
    support: 3,
    weight: (x) => (x === 0 ? 1 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2),
  },
};

function tapsOf(from: number, to: number, kernel: Kernel, mirrored: boolean): Taps {
  const scale = from / to;
  const starts = new Int32Array(to);
  const place = (i: number) => (mirrored ? to - 1 - i : i);
  if (kernel === 'nearest') {
    // Added up as in Pillow (`ImagingScaleAffine`): a rounding error decides which of two pixels it is.
    for (let i = 0, at = 0.5 * scale; i < to; i++, at += scale) starts[place(i)] = Math.min(from - 1, Math.floor(at));
    return { starts, weights: new Int32Array(to).fill(one), count: 1 };
  }
  const { support, weight } = shapes[kernel];
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  // So many pixel centres lie within the open interval of length 2 * reach.
  const count = Math.min(from, Math.ceil(2 * reach));
  const weights = new Int32Array(to * count);
  const exact = new Float64Array(count);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const begin = Math.max(0, Math.min(from - count, Math.ceil(centre - reach - 0.5)));
    const at = place(i) * count;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      // In Pillow's order of operations: a last bit can decide about a rounding.
      const distance = Math.abs((k + begin - centre + 0.5) * (1 / stretch));
      const w = distance < support ? weight(distance) : 0;
      exact[k] = w;
      sum += w;
    }
    for (let k = 0; k < count; k++) {
      const w = exact[k]! / sum;
      weights[at + k] = Math.trunc(w * one + (w < 0 ? -0.5 : 0.5));
    }
    starts[place(i)] = begin;
  }
  return { starts, weights, count };
}

/** Rows of bytes within a larger array: the first begins at `offset`, the next `stride` later. */
interface Rows {
  data: Uint8Array;
  offset: number;
  stride: number;
}

/** One thread's resampler; it keeps its scratch memory from call to call. */
export class Resampler {
  #between = new Uint8Array(0);
  #line = new Int32Array(0);

  /**
   * Resizes `region` of `source` (`[any height, sourceWidth, 3]`) to `target` (`[height, width, 3]`); pixels outside
   * the region have no part in it. `mirrored` flips left and right.
   */
  resize(
    source: Uint8Array,
    sourceWidth: number,
    region: Region,
    target: Uint8Array,
    width: number,
    height: number,
    kernel: Kernel,
    mirrored: boolean,
  ): void {
    const across = tapsOf(region.width, width, kernel, mirrored);
    const down = tapsOf(region.height, height, kernel, false);
    const from = { data: source, offset: (region.top * sourceWidth + region.left) * 3, stride: sourceWidth * 3 };
    const less = region.height - height;
    // Pillow's order of the passes; what lies between them is rounded to bytes.
    const isDownFirst = less > 0 && less > 2 * (region.width - width);
    const [rows, stride] = isDownFirst ? [height, region.width * 3] : [region.height, width * 3];
    if (this.#between.length < rows * stride) this.#between = new Uint8Array(rows * stride);
    const between = { data: this.#between, offset: 0, stride };
    if (isDownFirst) {
      this.#down(from, down, stride, height, between.data);
      resizeAcross(between, across, width, height, target);
    } else {
      resizeAcross(from, across, width, region.height, between.data);
      this.#down(between, down, stride, height, target);
    }
  }

  /** Resizes columns: `height` rows of `length` bytes. */
  #down({ data, offset, stride }: Rows, taps: Taps, length: number, height: number, target: Uint8Array): void {
    if (this.#line.length < length) this.#line = new Int32Array(length);
    const line = this.#line;
    for (let y = 0, w = 0; y < height; y++) {
      line.fill(half, 0, length);
      let at = offset + taps.starts[y]! * stride;
      for (let k = 0; k < taps.count; k++, w++, at += stride) {
        const weight = taps.weights[w]!;
        if (weight !== 0) for (let x = 0; x < length; x++) line[x] = (line[x]! + Math.imul(weight, data[at + x]!)) | 0;
      }
      for (let x = 0, to = y * length; x < length; x++, to++) target[to] = byteOf(line[x]!);
    }
  }
}

/** Resizes rows: `height` of them to `width` pixels. */
function resizeAcross(
  { data, offset, stride }: Rows,
  taps: Taps,
  width: number,
  height: number,
  target: Uint8Array,
): void {
  for (let y = 0, to = 0; y < height; y++) {
    const from = offset + y * stride;
    for (let x = 0, w = 0; x < width; x++, to += 3) {
      let at = from + taps.starts[x]! * 3;
      // Half is in already, so cutting off rounds.
      let [r, g, b] = [half, half, half];
      for (const end = w + taps.count; w < end; w++, at += 3) {
        const weight = taps.weights[w]!;
        r = (r + Math.imul(weight, data[at]!)) | 0;
        g = (g + Math.imul(weight, data[at + 1]!)) | 0;
        b = (b + Math.imul(weight, data[at + 2]!)) | 0;
      }
      target[to] = byteOf(r);
      target[to + 1] = byteOf(g);
      target[to + 2] = byteOf(b);
    }
  }
}

/** Kernels with negative lobes may leave the range. */
function byteOf(sum: number): number {
  const value = sum >> bits;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
