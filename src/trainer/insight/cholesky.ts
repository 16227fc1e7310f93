/** The Cholesky factor of a symmetric positive definite matrix, and the solution of linear equations by it. */

/**
 * Overwrites the lower triangle of `a` [n, n] with L, where a = L Lᵀ; false where `a` is not positive definite.
 * Row by row (Golub and Van Loan, "Matrix Computations", 4th edition, 4.2.5), so that every inner loop is contiguous.
 */
export function factorise(a: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      let sum = a[row + j]!;
      for (let k = 0; k < j; k++) sum -= a[row + k]! * a[other + k]!;
      if (j < i) a[row + j] = sum / a[other + j]!;
      else if (sum > 0) a[row + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
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
    // By columns of Lᵀ, which are rows of L.
    for (let i = n - 1; i >= 0; i--) {
      const value = (x[i]! /= factor[i * n + i]!);
      for (let k = 0; k < i; k++) x[k]! -= factor[i * n + k]! * value;
    }
  }
}
