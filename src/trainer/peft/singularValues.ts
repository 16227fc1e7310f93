/** The leading part of a matrix's singular value decomposition. */
import { Random } from '../core/random.js';

/** Of the residual of a singular vector, as a share of the largest singular value. */
const tolerance = 1e-10;
/** Steps between two looks at whether the vectors have converged. */
const stride = 24;

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Takes from x, twice for the sake of rounding, what lies along the unit vectors `basis`; returns the length left. */
function orthogonalise(x: Float64Array, basis: readonly Float64Array[]): number {
  for (let pass = 0; pass < 2; pass++)
    for (const unit of basis) {
      const share = dot(x, unit);
      for (let i = 0; i < x.length; i++) x[i]! -= share * unit[i]!;
    }
  return Math.sqrt(dot(x, x));
}

/** x brought to length 1; where nothing of it is left, a random vector across `basis`. */
function unitOf(x: Float64Array, length: number, basis: readonly Float64Array[], random: Random): Float64Array {
  if (length > 0) return x.map((value) => value / length);
  for (;;) {
    const drawn = x.map(() => random.normal());
    const left = orthogonalise(drawn, basis);
    if (left > 1e-8) return drawn.map((value) => value / left);
  }
}

/**
 * The right singular vectors [rank, columns] of the `rank` largest singular values of a matrix [rows, columns] that has
 * no more columns than rows, by Golub and Kahan's bidiagonalisation with all vectors kept orthogonal (Golub and Kahan,
 * 1965, SIAM J. Numer. Anal. 2(2)).
 */
export function leadingVectors(matrix: Float32Array, columns: number, rank: number): Float64Array[] {
  const rows = matrix.length / columns;
  const random = new Random(0, 'singular');
  const [lefts, rights]: Float64Array[][] = [[], []] as [Float64Array[], Float64Array[]];
  // The bidiagonal matrix: `alphas` on the diagonal, `betas` above it.
  const [alphas, betas]: number[][] = [[], []] as [number[], number[]];
  let right = unitOf(new Float64Array(columns), 0, [], random);
  let beta = 0;
  let scale = 0;
  for (let step = 1; ; step++) {
    rights!.push(right);
    const left = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) sum += matrix[i * columns + j]! * right[j]!;
      left[i] = sum - (step > 1 ? beta * lefts!.at(-1)![i]! : 0);
    }
    const cut = (length: number) => (length > 1e-14 * scale ? length : 0);
    const alpha = cut(orthogonalise(left, lefts!));
    scale = Math.max(scale, alpha);
    const leftUnit = unitOf(left, alpha, lefts!, random);
    lefts!.push(leftUnit);
    alphas!.push(alpha);
    const next = new Float64Array(columns);
    for (let i = 0; i < rows; i++) {
      const factor = leftUnit[i]!;
      for (let j = 0; j < columns; j++) next[j]! += matrix[i * columns + j]! * factor;
    }
    for (let j = 0; j < columns; j++) next[j]! -= alpha * right[j]!;
    beta = cut(orthogonalise(next, rights!));
    scale = Math.max(scale, beta);
    const isWhole = step === columns;
    if (isWhole || (step >= rank && step % stride === 0)) {
      const { vectors, largest } = leadingOfBidiagonal(alphas!, betas!, rank);
      // |beta · last part| bounds how far each singular vector is from one of the matrix.
      const isConverged = vectors.every((v) => Math.abs(beta * v.at(-1)!) <= tolerance * largest);
      // A gap in the space, where beta is 0, can hide vectors of the same singular value.
      if (isWhole || (isConverged && beta > 0)) return vectors.map((v) => combined(v, rights!, columns));
    }
    betas!.push(beta);
    right = unitOf(next, beta, rights!, random);
  }
}

const combined = (shares: Float64Array, basis: readonly Float64Array[], length: number): Float64Array => {
  const sum = new Float64Array(length);
  shares.forEach((share, k) => {
    for (let i = 0; i < length; i++) sum[i]! += share * basis[k]![i]!;
  });
  return sum;
};

/** Right singular vectors of an upper bidiagonal matrix B: eigenvectors of the tridiagonal BᵀB. */
function leadingOfBidiagonal(alphas: readonly number[], betas: readonly number[], rank: number) {
  const n = alphas.length;
  const diagonal = Float64Array.from({ length: n }, (_, i) => alphas[i]! ** 2 + (i ? betas[i - 1]! ** 2 : 0));
  const subdiagonal = Float64Array.from({ length: n }, (_, i) => (i < n - 1 ? alphas[i]! * betas[i]! : 0));
  const vectors = eigenvectors(diagonal, subdiagonal);
  const order = Array.from(diagonal.keys()).sort((a, b) => diagonal[b]! - diagonal[a]!);
  const largest = Math.sqrt(Math.max(0, diagonal[order[0]!]!));
  return { vectors: order.slice(0, rank).map((i) => vectors[i]!), largest };
}

/**
 * Eigenvectors, as rows, of a symmetric tridiagonal matrix by implicit QL steps (Bowdler et al., 1968, Numer. Math. 11:
 * `tql2`); `diagonal` becomes the eigenvalues, `subdiagonal` is used up.
 */
function eigenvectors(diagonal: Float64Array, subdiagonal: Float64Array): Float64Array[] {
  const n = diagonal.length;
  const vectors = Array.from({ length: n }, (_, i) => Float64Array.from({ length: n }, (_1, j) => Number(i === j)));
  for (let l = 0; l < n; l++) {
    for (let round = 0; ; round++) {
      let m = l;
      while (m < n - 1) {
        const size = Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!);
        if (Math.abs(subdiagonal[m]!) <= Number.EPSILON * size) break;
        m++;
      }
      if (m === l) break;
      if (round === 60) throw new Error('the eigenvalues of a tridiagonal matrix do not converge');
      let g = (diagonal[l + 1]! - diagonal[l]!) / (2 * subdiagonal[l]!);
      let r = Math.hypot(g, 1);
      g = diagonal[m]! - diagonal[l]! + subdiagonal[l]! / (g + (g >= 0 ? r : -r));
      let [s, c, p] = [1, 1, 0];
      let i = m - 1;
      for (; i >= l; i--) {
        const f = s * subdiagonal[i]!;
        const h = c * subdiagonal[i]!;
        r = Math.hypot(f, g);
        subdiagonal[i + 1] = r;
        if (r === 0) {
          diagonal[i + 1]! -= p;
          subdiagonal[m] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = diagonal[i + 1]! - p;
        r = (diagonal[i]! - g) * s + 2 * c * h;
        p = s * r;
        diagonal[i + 1] = g + p;
        g = c * r - h;
        const [lower, upper] = [vectors[i]!, vectors[i + 1]!];
        for (let k = 0; k < n; k++) {
          const value = upper[k]!;
          upper[k] = s * lower[k]! + c * value;
          lower[k] = c * lower[k]! - s * value;
        }
      }
      if (r === 0 && i >= l) continue;
      diagonal[l]! -= p;
      subdiagonal[l] = g;
      subdiagonal[m] = 0;
    }
  }
  return vectors;
}
