/** Zoom levels of an image: 1 is one image pixel on one CSS pixel. */

export const smallest = 1 / 16;
export const largest = 32;

/**
 * The zoom at which an image fits its place with `margin` CSS pixels on each side; a small image is not enlarged.
 */
export function fitZoom(
  image: { width: number; height: number },
  place: { width: number; height: number },
  margin: number,
): number {
  const across = (place.width - 2 * margin) / image.width;
  const down = (place.height - 2 * margin) / image.height;
  return Math.max(0.001, Math.min(1, across, down));
}

/**
 * The next level up (`direction` 1) or down (-1): powers of the square root of 2, so that 50 %, 100 % and 200 % are
 * among them.
 */
export function nextZoom(zoom: number, direction: 1 | -1): number {
  const level = Math.log2(zoom) * 2;
  const next = direction > 0 ? Math.floor(level + 1e-6) + 1 : Math.ceil(level - 1e-6) - 1;
  return Math.min(largest, Math.max(smallest, 2 ** (next / 2)));
}
