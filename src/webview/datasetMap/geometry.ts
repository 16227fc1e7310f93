/** Where points lie on the screen: what is seen at first, which is under the pointer, and which are in an outline. */
import type { Camera } from './points.js';

export interface Size {
  width: number;
  height: number;
}
export type Spot = [x: number, y: number];

/** Pixels around all points. */
const margin = 24;

/** The camera that sees all points. `places` are [points, 2]. */
export function cameraOf(places: Float32Array, { width, height }: Size): Camera {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let at = 0; at < places.length; at += 2) {
    left = Math.min(left, places[at]!);
    right = Math.max(right, places[at]!);
    bottom = Math.min(bottom, places[at + 1]!);
    top = Math.max(top, places[at + 1]!);
  }
  if (!(right >= left)) return { x: 0, y: 0, scale: 1 };
  const across = Math.max(1, width - 2 * margin) / Math.max(1e-3, right - left);
  const up = Math.max(1, height - 2 * margin) / Math.max(1e-3, top - bottom);
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale: Math.min(across, up) };
}

export const toPlane = ({ x, y, scale }: Camera, { width, height }: Size, [right, down]: Spot): Spot => [
  x + (right - width / 2) / scale,
  y - (down - height / 2) / scale,
];

/** The camera after a zoom by which the place under `spot` stays. */
export function zoomed(camera: Camera, size: Size, spot: Spot, factor: number): Camera {
  const scale = Math.min(1e5, Math.max(1e-2, camera.scale * factor));
  const [x, y] = toPlane(camera, size, spot);
  const share = camera.scale / scale;
  return { x: x + (camera.x - x) * share, y: y + (camera.y - y) * share, scale };
}

/** The point nearest to a place of the plane, at most `reach` from it, of those that are seen; −1: none. */
export function nearestPoint(
  places: Float32Array,
  isSeen: (point: number) => boolean,
  [x, y]: Spot,
  reach: number,
): number {
  let [found, least] = [-1, reach ** 2];
  for (let point = 0; 2 * point < places.length; point++) {
    const distance = (places[2 * point]! - x) ** 2 + (places[2 * point + 1]! - y) ** 2;
    if (distance <= least && isSeen(point)) [found, least] = [point, distance];
  }
  return found;
}

/** The points within a closed outline in the plane (even-odd rule), of those that are seen. */
export function pointsWithin(
  places: Float32Array,
  isSeen: (point: number) => boolean,
  outline: readonly Spot[],
): number[] {
  const [left, right] = [Math.min(...outline.map(([x]) => x)), Math.max(...outline.map(([x]) => x))];
  const found: number[] = [];
  for (let point = 0; 2 * point < places.length; point++) {
    const x = places[2 * point]!;
    if (x >= left && x <= right && isSeen(point) && isWithin([x, places[2 * point + 1]!], outline)) found.push(point);
  }
  return found;
}

function isWithin([x, y]: Spot, outline: readonly Spot[]): boolean {
  let isInside = false;
  let [x0, y0] = outline.at(-1)!;
  for (const [x1, y1] of outline) {
    if (y0 > y !== y1 > y && x < x0 + ((x1 - x0) * (y - y0)) / (y1 - y0)) isInside = !isInside;
    [x0, y0] = [x1, y1];
  }
  return isInside;
}
