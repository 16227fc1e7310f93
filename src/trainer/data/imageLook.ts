/**
 * What a look at an image says without any network: a thumbnail to compare it with others, and how bright, sharp and
 * bordered it is.
 */
import type { Capture } from './exif.js';

/** `data` is `[height, width, 3]`, RGB. */
interface Seen {
  width: number;
  height: number;
  data: Uint8Array;
}

export interface ImageLook extends Capture {
  /** [side, side] luma, the whole image whatever its shape. */
  thumbnail: Uint8Array;
  /** Mean luma, 0 to 1. */
  brightness: number;
  /** Standard deviation of the luma, 0 to 0.5. */
  contrast: number;
  /** Variance of the Laplacian as a share of the image's own variance: a blurred image has next to none. */
  sharpness: number;
  /** Share of the image's width and height that rows and columns of one colour at its edges take. */
  border: number;
}

export const thumbnailSide = 24;

/** Rows of one colour differ by no more than this standard deviation, of 255. */
const flat = 3;

/** `pixels` are the whole image, made smaller. */
export function lookAt({ data, width, height }: Seen, capture: Capture): ImageLook {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++)
    luma[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!;
  const { mean, variance } = momentsOf(luma);
  return {
    ...capture,
    thumbnail: Uint8Array.from(reduced(luma, width, height, thumbnailSide, thumbnailSide), Math.round),
    brightness: mean / 255,
    contrast: Math.sqrt(variance) / 255,
    sharpness: variance < 1 ? 0 : laplacianVariance(luma, width, height) / variance,
    border: borderOf(luma, width, height),
  };
}

/** A plane [height, width] as the means of [rows, columns] cells. */
export function reduced(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  columns: number,
  rows: number,
): Float32Array {
  const result = new Float32Array(columns * rows);
  const edge = (i: number, cells: number, length: number): [number, number] => {
    const start = Math.min(length - 1, Math.floor((i * length) / cells));
    return [start, Math.max(start + 1, Math.floor(((i + 1) * length) / cells))];
  };
  for (let r = 0; r < rows; r++) {
    const [top, bottom] = edge(r, rows, height);
    for (let c = 0; c < columns; c++) {
      const [left, right] = edge(c, columns, width);
      let sum = 0;
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) sum += plane[y * width + x]!;
      result[r * columns + c] = sum / ((bottom - top) * (right - left));
    }
  }
  return result;
}

function momentsOf(values: Float32Array): { mean: number; variance: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! * values[i]!;
  }
  return momentsFrom(sum, squares, values.length);
}

function momentsFrom(sum: number, squares: number, count: number): { mean: number; variance: number } {
  const mean = sum / count;
  return { mean, variance: Math.max(0, squares / count - mean * mean) };
}

/** Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000: the variance of the Laplacian. */
function laplacianVariance(luma: Float32Array, width: number, height: number): number {
  if (width < 3 || height < 3) return 0;
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y++)
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const value = luma[at - 1]! + luma[at + 1]! + luma[at - width]! + luma[at + width]! - 4 * luma[at]!;
      sum += value;
      squares += value * value;
    }
  return momentsFrom(sum, squares, (width - 2) * (height - 2)).variance;
}

/** The larger of the shares that flat rows above and below, and flat columns at the sides, take together. */
function borderOf(luma: Float32Array, width: number, height: number): number {
  const isFlat = (line: Float32Array): boolean => momentsOf(line).variance < flat * flat;
  const share = (length: number, lineAt: (i: number) => Float32Array): number => {
    let [start, end] = [0, length];
    while (start < end && isFlat(lineAt(start))) start++;
    while (end > start && isFlat(lineAt(end - 1))) end--;
    return (start + length - end) / length;
  };
  const rows = share(height, (y) => luma.subarray(y * width, (y + 1) * width));
  const columns = share(width, (x) => Float32Array.from({ length: height }, (_, y) => luma[y * width + x]!));
  return Math.max(rows, columns);
}
