/** The Cholesky factor of a symmetric positive definite matrix, and the solution of linear equations by it. */

/** Rows that are factorised at once: they stay in the processor's cache while the rows before them pass by. */
const rowsAtOnce = 32;

/**
 * Overwrites the lower triangle of `a` [n, n] with L, where a = L Lᵀ; false where `a` is not positive definite.
 * Row by row (Golub and Van Loan, "Matrix Computations", 4th edition, 4.2.5), so that every inner loop is contiguous.
 */
export function factorise(a: Float64Array, n: number): boolean {
  for (let first = 0; first < n; first += rowsAtOnce) {
    const end = Math.min(n, first + rowsAtOnce);
    for (let j = 0; j < end; j++) {
      for (let i = Math.max(first, j); i < end; i++) {
        const rest = a[i * n + j]! - inner(a, i * n, j * n, j);
        if (j < i) a[i * n + j] = rest / a[j * n + j]!;
        else if (rest > 0) a[i * n + i] = Math.sqrt(rest);
        else return false;
      }
    }
  }
  return true;
}

/** The inner product of `count` numbers from each of two places: in four sums, none of which waits for another. */
function inner(a: Float64Array, one: number, other: number, count: number): number {
  let s = 0;
  let t = 0;
  let u = 0;
  let v = 0;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    s += a[one + k]! * a[other + k]!;
    t += a[one + k + 1]! * a[other + k + 1]!;
    u += a[one + k + 2]! * a[other + k + 2]!;
    v += a[one + k + 3]! * a[other + k + 3]!;
  }
  for (; k < count; k++) s += a[one + k]! * a[other + k]!;
  return s + t + u + v;
}

/** Overwrites each row of `b` [rows, n] with the solution x of L Lᵀ x = b. */
export function solve(factor: Float64Array, n: number, b: Float64Array): void {
  for (let start = 0; start < b.length; start += n) {
    const x = b.subarray(start, start + n);
    for (let i = 0; i < n; i++) {
      let sum = x[i]!;
      for (let k = 0; k < i; k++) sum -= factor[i * n + k]! * x[k]!;
      x[i] = sum / factor[i * n + i]!;
    }
  }
  solveTransposed(factor, n, b);
}

/** The same of Lᵀ x = b. */
export function solveTransposed(factor: Float64Array, n: number, b: Float64Array): void {
  for (let start = 0; start < b.length; start += n) {
    const x = b.subarray(start, start + n);
    // By columns of Lᵀ, which are rows of L.
    for (let i = n - 1; i >= 0; i--) {
      const value = (x[i]! /= factor[i * n + i]!);
      for (let k = 0; k < i; k++) x[k]! -= factor[i * n + k]! * value;
    }
  }
}
