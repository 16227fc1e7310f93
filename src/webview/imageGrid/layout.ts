/** Where the tiles of a grid lie: how many fit side by side, and which rows of them are seen. */

/** CSS pixels. */
export const narrowestTile = 148;
export const gap = 8;
/** Of a tile but its picture: two lines of text and its padding. */
export const wordsHeight = 58;

export interface Layout {
  /** Tiles in a row. */
  columns: number;
  tileWidth: number;
  /** From the top of one row to the top of the next. */
  pitch: number;
  rows: number;
  /** Of all rows together. */
  height: number;
}

/** `width` is that of the place for tiles, without the gaps on its sides. */
export function layoutOf(width: number, images: number): Layout {
  const columns = Math.max(1, Math.floor((width + gap) / (narrowestTile + gap)));
  const tileWidth = Math.max(1, Math.floor((width - gap * (columns - 1)) / columns));
  const rows = Math.ceil(images / columns);
  const pitch = Math.min(tileWidth, 1.6 * narrowestTile) + wordsHeight + gap;
  return { columns, tileWidth, pitch, rows, height: rows * pitch };
}

/** The rows of tiles of which a part is seen, from `first` to before `end`. */
export function rowsAt({ pitch, rows }: Layout, offset: number, viewport: number): { first: number; end: number } {
  const first = Math.max(0, Math.min(rows, Math.floor(offset / pitch)));
  return { first, end: Math.min(rows, Math.ceil((offset + viewport) / pitch)) };
}

/** The offset nearest to `offset` at which a row of tiles is seen whole. */
export function offsetToShow({ pitch }: Layout, row: number, offset: number, viewport: number): number {
  const top = row * pitch;
  if (top < offset) return top;
  return Math.max(offset, Math.min(top, top + pitch - viewport));
}
