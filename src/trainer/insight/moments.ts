/** What a linear head needs of images: sums of their features and of the products of these, which can be added up. */

/** Of `width` features and `classes` labels. */
export interface Moments {
  images: number;
  /** [width] */
  sum: Float64Array;
  /** [width, width]: the lower triangle of XᵀX. */
  products: Float64Array;
  /** Images of each class. */
  counts: Float64Array;
  /** [classes, width]: YᵀX. */
  classSums: Float64Array;
}

export const noMoments = (width: number, classes: number): Moments => ({
  images: 0,
  sum: new Float64Array(width),
  products: new Float64Array(width * width),
  counts: new Float64Array(classes),
  classSums: new Float64Array(classes * width),
});

/** Rows whose products are added up at once: they stay in the processor's cache. */
const rowsAtOnce = 32;

/** Adds the images `rows` of `values` [images, width], each with its classes: none, one or several. */
export function addImages(
  m: Moments,
  values: Float32Array,
  width: number,
  classesOf: (row: number) => readonly number[],
  rows: readonly number[],
): void {
  for (const row of rows) {
    for (const label of classesOf(row)) {
      m.counts[label]!++;
      for (let i = 0; i < width; i++) m.classSums[label * width + i]! += values[row * width + i]!;
    }
    for (let i = 0; i < width; i++) m.sum[i]! += values[row * width + i]!;
  }
  m.images += rows.length;
  // Turned, so that both factors of a product are contiguous.
  const turned = new Float32Array(width * rowsAtOnce);
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows.length - start);
    turned.fill(0);
    for (let r = 0; r < count; r++) {
      const from = rows[start + r]! * width;
      for (let i = 0; i < width; i++) turned[i * rowsAtOnce + r] = values[from + i]!;
    }
    addProducts(m.products, turned, width);
  }
}

function addProducts(products: Float64Array, turned: Float32Array, width: number): void {
  for (let i = 0; i < width; i++) {
    const a = i * rowsAtOnce;
    for (let j = 0; j <= i; j++) {
      const b = j * rowsAtOnce;
      let [s, t, u, v] = [0, 0, 0, 0];
      for (let r = 0; r < rowsAtOnce; r += 4) {
        s += turned[a + r]! * turned[b + r]!;
        t += turned[a + r + 1]! * turned[b + r + 1]!;
        u += turned[a + r + 2]! * turned[b + r + 2]!;
        v += turned[a + r + 3]! * turned[b + r + 3]!;
      }
      products[i * width + j]! += s + t + u + v;
    }
  }
}

/** The sum of several; they stay as they are. */
export function sumOf(parts: readonly Moments[], width: number, classes: number): Moments {
  const total = noMoments(width, classes);
  for (const part of parts) {
    total.images += part.images;
    for (const key of ['sum', 'products', 'counts', 'classSums'] as const) {
      const [to, from] = [total[key], part[key]];
      for (let i = 0; i < from.length; i++) to[i]! += from[i]!;
    }
  }
  return total;
}
