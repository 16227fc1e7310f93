/**
 * Whether two images show the same: their thumbnails are laid over one another, mirrored or not, whole or as a part of
 * each other.
 */
import { thumbnailSide as side } from '../data/imageLook.js';

/** A part of an image: its width as a share of the whole, and where it begins as shares of what is left. */
interface Window {
  size: number;
  x: number;
  y: number;
}

const steps = [0, 0.25, 0.5, 0.75, 1];
const windows: readonly Window[] = [
  { size: 1, x: 0, y: 0 },
  ...[0.95, 0.9].flatMap((size) => steps.flatMap((y) => steps.map((x) => ({ size, x, y })))),
];
const area = side * side;

/** The views of a thumbnail [windows, side, side], each without its mean and of length 1. */
export type Views = Float32Array;

/** The part `window` of a thumbnail at its full size, by bilinear interpolation. */
function cut(thumbnail: Uint8Array, { size, x, y }: Window, target: Float32Array): void {
  const [left, top] = [x * (1 - size) * side, y * (1 - size) * side];
  const columns = Array.from({ length: side }, (_, c) => Math.max(0, (c + 0.5) * size + left - 0.5));
  for (let r = 0; r < side; r++) {
    const v = Math.max(0, (r + 0.5) * size + top - 0.5);
    const v0 = Math.floor(v);
    const v1 = Math.min(side - 1, v0 + 1);
    for (let c = 0; c < side; c++) {
      const u = columns[c]!;
      const u0 = Math.floor(u);
      const u1 = Math.min(side - 1, u0 + 1);
      const above = thumbnail[v0 * side + u0]! * (1 - u + u0) + thumbnail[v0 * side + u1]! * (u - u0);
      const below = thumbnail[v1 * side + u0]! * (1 - u + u0) + thumbnail[v1 * side + u1]! * (u - u0);
      target[r * side + c] = above * (1 - v + v0) + below * (v - v0);
    }
  }
}

function normalise(values: Float32Array): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    values[i]! -= mean;
    squares += values[i]! ** 2;
  }
  // An image of one colour is like no other.
  const scale = squares > values.length / 4 ? 1 / Math.sqrt(squares) : 0;
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
}

export function viewsOf(thumbnail: Uint8Array): Views {
  const views = new Float32Array(windows.length * area);
  windows.forEach((window, i) => {
    const view = views.subarray(i * area, (i + 1) * area);
    cut(thumbnail, window, view);
    normalise(view);
  });
  return views;
}

/** The whole thumbnail, as views are. */
export function wholeOf(thumbnail: Uint8Array): Views {
  const whole = Float32Array.from(thumbnail);
  normalise(whole);
  return whole;
}

/** The highest correlation of a whole image, mirrored or not, with any view of another, -1 to 1. */
export function correlation(views: Views, whole: Float32Array): number {
  let best = -1;
  for (let at = 0; at < views.length; at += area) {
    let [plain, mirrored] = [0, 0];
    for (let row = 0; row < area; row += side) {
      for (let c = 0; c < side; c++) {
        const value = views[at + row + c]!;
        plain += value * whole[row + c]!;
        mirrored += value * whole[row + side - 1 - c]!;
      }
    }
    best = Math.max(best, plain, mirrored);
  }
  return best;
}
