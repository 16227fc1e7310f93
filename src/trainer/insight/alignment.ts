/**
 * Whether two images show the same: their thumbnails are laid over one another, mirrored or not, whole or as a part of
 * each other. A look at coarse ones tells most pairs apart; the detail of those that are left decides.
 */
import { reduced, thumbnailSide } from '../data/imageLook.js';

/** A part of an image: its width as a share of the whole, and where it begins as shares of what is left. */
interface Window {
  size: number;
  x: number;
  y: number;
}

const whole: Window = { size: 1, x: 0, y: 0 };
const steps = [0, 0.5, 1];
const windows: readonly Window[] = [
  whole,
  ...[0.95, 0.9].flatMap((size) => steps.flatMap((y) => steps.map((x) => ({ size, x, y })))),
];
const coarseSide = thumbnailSide / 2;
/** Between the places of coarse windows. */
const halfStep = 0.25;

/** The windows next to one, itself included, within the image. */
function around({ size, x, y }: Window): Window[] {
  if (size === 1) return [whole];
  const near = (place: number): number[] =>
    [place - halfStep, place, place + halfStep].filter((each) => each >= 0 && each <= 1);
  return near(y).flatMap((v) => near(x).map((u) => ({ size, x: u, y: v })));
}

/** Images [views, side, side], each without its mean and of length 1. */
export interface Views {
  side: number;
  values: Float32Array;
}

function viewsOf(
  image: Float32Array,
  side: number,
  wanted: readonly Window[],
  change?: (view: Float32Array) => void,
): Views {
  const area = side * side;
  const values = new Float32Array(wanted.length * area);
  wanted.forEach((window, i) => {
    const view = values.subarray(i * area, (i + 1) * area);
    cut(image, side, window, view);
    change?.(view);
    normalise(view);
  });
  return { side, values };
}

/** Views of a thumbnail made smaller: the whole first, then its parts. */
export const coarseViewsOf = (thumbnail: Uint8Array): Views =>
  viewsOf(reduced(thumbnail, thumbnailSide, thumbnailSide, coarseSide, coarseSide), coarseSide, windows);

/** The edges of the parts of a thumbnail: a wall and its shadow, which are no edges, are alike in many images. */
const detailOf = (thumbnail: Uint8Array, parts: readonly Window[]): Views =>
  viewsOf(Float32Array.from(thumbnail), thumbnailSide, parts, keepDetail);

/**
 * How alike the detail of a whole image and that part of another is which the coarse views say is most alike: -1 to 1.
 * Undefined where no part is as alike as `least`.
 */
export function likeness(
  a: { thumbnail: Uint8Array; coarse: Views },
  b: { thumbnail: Uint8Array; coarse: Views },
  least: number,
): number | undefined {
  const best = correlation(a.coarse, b.coarse);
  if (best.value < least) return undefined;
  return correlation(detailOf(a.thumbnail, around(windows[best.view]!)), detailOf(b.thumbnail, [whole])).value;
}

/** The part `window` of an image [side, side] at its full size, by bilinear interpolation. */
function cut(image: Float32Array, side: number, { size, x, y }: Window, target: Float32Array): void {
  if (size === 1) return target.set(image);
  const [left, top] = [x * (1 - size) * side, y * (1 - size) * side];
  const last = side - 1;
  for (let r = 0; r < side; r++) {
    const v = Math.max(0, (r + 0.5) * size + top - 0.5);
    const v0 = Math.floor(v);
    const [above, below, down] = [v0 * side, Math.min(last, v0 + 1) * side, v - v0];
    for (let c = 0; c < side; c++) {
      const u = Math.max(0, (c + 0.5) * size + left - 0.5);
      const u0 = Math.floor(u);
      const u1 = Math.min(last, u0 + 1);
      const across = u - u0;
      const first = image[above + u0]! * (1 - across) + image[above + u1]! * across;
      const second = image[below + u0]! * (1 - across) + image[below + u1]! * across;
      target[r * side + c] = first * (1 - down) + second * down;
    }
  }
}

/** How far the mean around a pixel reaches that is taken off it. */
const reach = 2;

/** Takes the mean of its surroundings off each pixel of a thumbnail; at the edges the last one goes on. */
function keepDetail(values: Float32Array): void {
  const side = thumbnailSide;
  const rows = new Float32Array(values.length);
  const clamp = (i: number): number => (i < 0 ? 0 : i >= side ? side - 1 : i);
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      let sum = 0;
      for (let d = -reach; d <= reach; d++) sum += values[r * side + clamp(c + d)]!;
      rows[r * side + c] = sum;
    }
  const count = (2 * reach + 1) ** 2;
  for (let r = 0; r < side; r++)
    for (let c = 0; c < side; c++) {
      let sum = 0;
      for (let d = -reach; d <= reach; d++) sum += rows[clamp(r + d) * side + c]!;
      values[r * side + c]! -= sum / count;
    }
}

function normalise(values: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    values[i]! -= mean;
    squares += values[i]! * values[i]!;
  }
  // An image of one colour is like no other.
  const scale = squares > values.length / 16 ? 1 / Math.sqrt(squares) : 0;
  for (let i = 0; i < values.length; i++) values[i]! *= scale;
}

/** The highest correlation of any view with the first of another image, mirrored or not, and which view that is. */
function correlation({ side, values }: Views, { values: other }: Views): { value: number; view: number } {
  const area = side * side;
  let best = { value: -1, view: 0 };
  for (let at = 0; at < values.length; at += area) {
    let [plain, mirrored] = [0, 0];
    for (let row = 0; row < area; row += side) {
      for (let c = 0; c < side; c++) {
        const value = values[at + row + c]!;
        plain += value * other[row + c]!;
        mirrored += value * other[row + side - 1 - c]!;
      }
    }
    const value = Math.max(plain, mirrored);
    if (value > best.value) best = { value, view: at / area };
  }
  return best;
}
