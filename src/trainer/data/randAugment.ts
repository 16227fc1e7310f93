/**
 * RandAugment (Cubuk et al., 2020, arXiv:1909.13719): each image is changed by a few operations drawn at random, all
 * of one magnitude. The 14 operations, their ranges and their arithmetic are those of torchvision's `RandAugment` on
 * Pillow images.
 */
import type { Random } from '../core/random.js';

export interface RandAugmentOptions {
  /** How many operations follow one another. */
  operations: number;
  /** A whole number from 0 to `greatestMagnitude`. */
  magnitude: number;
}

export const greatestMagnitude = 30;
/** What shows where an operation moves the image's edge inwards: the grey of the paper's own code. */
const fill = 128;

/** RGB bytes [height, width, 3], changed in place. They may be a Buffer, whose `slice` does not copy. */
interface Image {
  data: Uint8Array;
  width: number;
  height: number;
}

interface Operation {
  /** The operation's strength at `share` (0 to 1) of the greatest magnitude. */
  strength: (share: number, image: Image) => number;
  /** Whether the strength is taken negative half of the time. */
  signed?: boolean;
  apply: (image: Image, strength: number) => void;
}

const towards = (most: number) => (share: number) => most * share;
const none = () => 0;
/** 150 pixels of the 331 that the paper's images measured. */
const shift = (share: number, side: number) => (150 / 331) * side * share;
const enhance = (reference: (image: Image) => Uint8Array): Operation => ({
  strength: towards(0.9),
  signed: true,
  apply: (image, strength) => blend(reference(image), image.data, 1 + strength),
});

export const operations = {
  identity: { strength: none, apply: () => undefined },
  shearX: { strength: towards(0.3), signed: true, apply: (image, v) => affine(image, [1, v, 0, 0, 1, 0]) },
  shearY: { strength: towards(0.3), signed: true, apply: (image, v) => affine(image, [1, 0, 0, v, 1, 0]) },
  translateX: {
    strength: (share, { width }) => shift(share, width),
    signed: true,
    apply: (image, v) => affine(image, [1, 0, -Math.trunc(v), 0, 1, 0]),
  },
  translateY: {
    strength: (share, { height }) => shift(share, height),
    signed: true,
    apply: (image, v) => affine(image, [1, 0, 0, 0, 1, -Math.trunc(v)]),
  },
  rotate: { strength: towards(30), signed: true, apply: rotate },
  brightness: enhance(({ data }) => new Uint8Array(data.length)),
  color: enhance(greys),
  contrast: enhance(meanGrey),
  sharpness: enhance(smoothed),
  posterize: {
    strength: (share) => 8 - Math.round(4 * share),
    apply: ({ data }, bits) => mapBytes(data, (v) => v & (0xff << (8 - bits))),
  },
  solarize: {
    strength: (share) => 255 * (1 - share),
    apply: ({ data }, threshold) => mapBytes(data, (v) => (v < threshold ? v : 255 - v)),
  },
  autoContrast: { strength: none, apply: ({ data }) => mapChannels(data, stretched) },
  equalize: { strength: none, apply: ({ data }) => mapChannels(data, equalized) },
} satisfies Record<string, Operation>;

const drawn: Operation[] = Object.values(operations);

/** Changes `data` [height, width, 3] by `operations` operations, each drawn evenly from all. */
export function randAugment(
  random: Random,
  data: Uint8Array,
  width: number,
  height: number,
  o: RandAugmentOptions,
): void {
  const image = { data, width, height };
  for (let i = 0; i < o.operations; i++) {
    const { strength, signed, apply } = drawn[random.below(drawn.length)]!;
    const negative = random.uniform() < 0.5;
    const value = strength(o.magnitude / greatestMagnitude, image);
    apply(image, signed && negative ? -value : value);
  }
}

/**
 * Each pixel comes from (a x + b y + c, d x + e y + f), coordinates of pixel centres; bilinear. Pixels from outside are
 * `fill`.
 */
function affine(
  { data, width, height }: Image,
  matrix: readonly [number, number, number, number, number, number],
): void {
  const [a, b, c, d, e, f] = matrix;
  const source = new Uint8Array(data);
  // Plain variables and no closures: this is the inner loop of the worker, and five of the fourteen operations come
  // here.
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const fromX = a * (x + 0.5) + b * (y + 0.5) + c;
      const fromY = d * (x + 0.5) + e * (y + 0.5) + f;
      if (fromX < 0 || fromX >= width || fromY < 0 || fromY >= height) {
        data[to] = data[to + 1] = data[to + 2] = fill;
        continue;
      }
      const left = Math.floor(fromX - 0.5);
      const top = Math.floor(fromY - 0.5);
      const dx = fromX - 0.5 - left;
      const dy = fromY - 0.5 - top;
      const upper = (top < 0 ? 0 : top) * width;
      const lower = (top + 1 < height ? top + 1 : top) * width;
      const near = left < 0 ? 0 : left;
      const far = left + 1 < width ? left + 1 : left;
      for (let channel = 0; channel < 3; channel++) {
        const nearUpper = source[(upper + near) * 3 + channel]!;
        const nearLower = source[(lower + near) * 3 + channel]!;
        const above = nearUpper + (source[(upper + far) * 3 + channel]! - nearUpper) * dx;
        const below = nearLower + (source[(lower + far) * 3 + channel]! - nearLower) * dx;
        data[to + channel] = above + (below - above) * dy + 0.5;
      }
    }
  }
}

/** Rotates the image about its centre, counter-clockwise for positive degrees. */
function rotate(image: Image, degrees: number): void {
  const [cos, sin] = [Math.cos((-degrees * Math.PI) / 180), Math.sin((-degrees * Math.PI) / 180)];
  const [x, y] = [image.width / 2, image.height / 2];
  affine(image, [cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y]);
}

/**
 * data = reference + factor · (data - reference), cut off to a byte as Pillow's ImageEnhance does; a factor above 1
 * moves away from the reference.
 */
function blend(reference: Uint8Array, data: Uint8Array, factor: number): void {
  // Pillow computes in single precision, which matters where the exact result is an integer.
  const alpha = Math.fround(factor);
  for (let i = 0; i < data.length; i++) {
    const value = Math.fround(reference[i]! + Math.fround(alpha * (data[i]! - reference[i]!)));
    data[i] = value < 0 ? 0 : value > 255 ? 255 : value;
  }
}

/** Luma of ITU-R 601-2, in Pillow's fixed point. */
const luma = (data: Uint8Array, at: number): number =>
  (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;

function greys({ data }: Image): Uint8Array {
  const grey = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) grey[at] = grey[at + 1] = grey[at + 2] = luma(data, at);
  return grey;
}

function meanGrey({ data }: Image): Uint8Array {
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) sum += luma(data, at);
  return new Uint8Array(data.length).fill(Math.floor(sum / (data.length / 3) + 0.5));
}

/** Pillow's SMOOTH filter: 3 x 3, the centre has weight 5, all others 1; the outermost pixels are unchanged. */
function smoothed({ data, width, height }: Image): Uint8Array {
  const result = new Uint8Array(data);
  const row = width * 3;
  for (let y = 1; y < height - 1; y++)
    for (let at = y * row + 3; at < (y + 1) * row - 3; at++) {
      let sum = 4 * data[at]!;
      for (let from = at - row; from <= at + row; from += row) sum += data[from - 3]! + data[from]! + data[from + 3]!;
      result[at] = sum / 13 + 0.5;
    }
  return result;
}

function mapBytes(data: Uint8Array, change: (value: number) => number): void {
  for (let i = 0; i < data.length; i++) data[i] = change(data[i]!);
}

/**
 * Replaces the bytes of each channel by the table that `tableOf` makes of the channel's histogram; undefined changes
 * nothing.
 */
function mapChannels(data: Uint8Array, tableOf: (histogram: Uint32Array) => Uint8Array | undefined): void {
  for (let channel = 0; channel < 3; channel++) {
    const histogram = new Uint32Array(256);
    for (let at = channel; at < data.length; at += 3) histogram[data[at]!]!++;
    const table = tableOf(histogram);
    if (table) for (let at = channel; at < data.length; at += 3) data[at] = table[data[at]!]!;
  }
}

/** The table that stretches a channel's range to all of 0 to 255. */
function stretched(histogram: Uint32Array): Uint8Array | undefined {
  const low = histogram.findIndex((count) => count > 0);
  const high = histogram.findLastIndex((count) => count > 0);
  if (high <= low) return undefined;
  const scale = 255 / (high - low);
  // The product first, as Pillow has it: `(v - low) * scale` would cut off differently.
  return Uint8Array.from({ length: 256 }, (_, v) => Math.min(255, Math.max(0, Math.trunc(v * scale + -low * scale))));
}

/** The table after which all values of a channel are about equally frequent. */
function equalized(histogram: Uint32Array): Uint8Array | undefined {
  const total = histogram.reduce((sum, count) => sum + count);
  const last = histogram.findLast((count) => count > 0)!;
  const step = Math.floor((total - last) / 255);
  if (step === 0) return undefined;
  let below = Math.floor(step / 2);
  return histogram.reduce((table, count, v) => {
    table[v] = Math.min(255, Math.floor(below / step));
    below += count;
    return table;
  }, new Uint8Array(256));
}
