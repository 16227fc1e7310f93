/** The nearest neighbours of every image among all others by the cosine of their features: exact, in tiles. */
import { Builder } from '../ir/builder.js';
import { createEngine } from '../engine/createEngine.js';
import { hostTensor } from '../engine/tensor.js';
import type { Features } from './features.js';

export interface Neighbours {
  /** Neighbours of each image; fewer where there are fewer images. */
  count: number;
  /** [images, count]: the others, nearest first. */
  indices: Int32Array;
  /** [images, count]: their cosine similarity. */
  similarities: Float32Array;
}

/** Images of a tile: its similarities (4 MB) are a few times a core's cache. */
const tile = 1024;

/**
 * `features` are unit or all of one length. Every pair is looked at once. `onProgress` gives the share that is done.
 */
export async function nearestNeighbours(
  { values, width }: Features,
  wanted: number,
  signal?: AbortSignal,
  onProgress?: (share: number) => void,
): Promise<Neighbours> {
  const images = values.length / width;
  const count = Math.min(wanted, Math.max(0, images - 1));
  const found = new Lists(images, count);
  if (count === 0) return found;
  const unit = unitTiles(values, width, images);
  const b = new Builder();
  b.output('similarity', b.matmul(b.input('a', [tile, width]), b.input('b', [tile, width]), { transB: true }));
  const product = await createEngine('cpu').load(b.graph);
  const tiles = unit.length;
  try {
    for (let i = 0, done = 0; i < tiles; i++) {
      for (let j = i; j < tiles; j++, done++) {
        signal?.throwIfAborted();
        const { similarity } = await product.run({
          a: hostTensor('f32', [tile, width], unit[i]!),
          b: hostTensor('f32', [tile, width], unit[j]!),
        });
        take(found, similarity!.data as Float32Array, i * tile, j * tile, images);
        onProgress?.((done + 1) / ((tiles * (tiles + 1)) / 2));
        // A run blocks this thread; a cancellation is heard between two.
        if (done % 8 === 7) await new Promise(setImmediate);
      }
    }
  } finally {
    await product.dispose();
  }
  return found;
}

/** Unit features in tiles, the last of them filled up with zeros. */
function unitTiles(values: Float32Array, width: number, images: number): Float32Array[] {
  const tiles: Float32Array[] = [];
  for (let start = 0; start < images; start += tile) {
    const own = new Float32Array(tile * width);
    own.set(values.subarray(start * width, Math.min(images, start + tile) * width));
    for (let row = 0; row < own.length; row += width) {
      let squares = 0;
      for (let i = row; i < row + width; i++) squares += own[i]! * own[i]!;
      const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
      for (let i = row; i < row + width; i++) own[i]! *= scale;
    }
    tiles.push(own);
  }
  return tiles;
}

/** Offers each pair of a tile to both of its images. */
function take(found: Lists, similarity: Float32Array, top: number, left: number, images: number): void {
  const rows = Math.min(tile, images - top);
  const columns = Math.min(tile, images - left);
  const leastOfColumns = found.least.subarray(left, left + columns);
  for (let r = 0; r < rows; r++) {
    const a = top + r;
    const row = similarity.subarray(r * tile, r * tile + columns);
    // Most pairs enter neither list: this loop reads numbers alone.
    let leastOfRow = found.least[a]!;
    for (let c = top === left ? r + 1 : 0; c < columns; c++) {
      const value = row[c]!;
      if (value <= leastOfRow && value <= leastOfColumns[c]!) continue;
      if (value > leastOfRow) leastOfRow = found.add(a, left + c, value);
      if (value > leastOfColumns[c]!) found.add(left + c, a, value);
    }
  }
}

/** A sorted list for each image. */
class Lists implements Neighbours {
  readonly indices: Int32Array;
  readonly similarities: Float32Array;
  /** What a neighbour must exceed to enter an image's list. */
  readonly least: Float32Array;

  constructor(
    images: number,
    readonly count: number,
  ) {
    this.indices = new Int32Array(images * count).fill(-1);
    this.similarities = new Float32Array(images * count).fill(-Infinity);
    this.least = new Float32Array(images).fill(-Infinity);
  }

  /** Returns what a neighbour must exceed from now on. */
  add(image: number, other: number, similarity: number): number {
    const start = image * this.count;
    let at = start + this.count - 1;
    for (; at > start && this.similarities[at - 1]! < similarity; at--) {
      this.similarities[at] = this.similarities[at - 1]!;
      this.indices[at] = this.indices[at - 1]!;
    }
    this.similarities[at] = similarity;
    this.indices[at] = other;
    return (this.least[image] = this.similarities[start + this.count - 1]!);
  }
}
