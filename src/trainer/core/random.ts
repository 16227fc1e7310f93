/** All randomness of the trainer: independent streams, each named by the run's seed and a list of keys. */

/** Mixes 32-bit words into one (the finaliser of MurmurHash3, Austin Appleby, public domain). */
function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function words(key: number | string): number[] {
  if (typeof key === 'number') return [key >>> 0, Math.floor(key / 2 ** 32) >>> 0];
  return [key.length, ...Array.from(key, (c) => c.codePointAt(0) ?? 0)];
}

/** A stream of random numbers. The same seed and keys give the same stream on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * `keys` name the stream, e.g. `new Random(seed, 'augment', epoch, image)`. A resume needs only the keys, no
   * generator state.
   */
  constructor(seed: number, ...keys: (number | string)[]) {
    let hash = 0x9e3779b9;
    for (const key of [seed, ...keys]) for (const word of words(key)) hash = mix(hash, word);
    this.#a = hash;
    this.#b = mix(hash, 1);
    this.#c = mix(hash, 2);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  /** An integer in [0, 2^32). Chris Doty-Humphrey's sfc32 (PractRand, public domain). */
  uint32(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    return result;
  }

  /** In [0, 1). */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An integer in [0, n). */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** Mean 0, deviation 1. Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /**
   * A sample of Beta(alpha, alpha), in [0, 1]: x / (x + y) for two samples of Gamma(alpha, 1). They are held as
   * logarithms, because a small alpha gives arbitrarily small samples.
   */
  beta(alpha: number): number {
    return 1 / (1 + Math.exp(this.#logGamma(alpha) - this.#logGamma(alpha)));
  }

  /**
   * The logarithm of a sample of Gamma(shape, 1). Marsaglia and Tsang, "A Simple Method for Generating Gamma
   * Variables", 2000.
   */
  #logGamma(shape: number): number {
    // Their section 6: a sample of Gamma(shape + 1), times u^(1/shape).
    if (shape < 1) return this.#logGamma(shape + 1) + Math.log(1 - this.uniform()) / shape;
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v > 0 && Math.log(1 - this.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }

  /** Shuffles its argument in place (Fisher and Yates) and returns it. */
  shuffle<List extends unknown[] | Uint32Array>(list: List): List {
    for (let i = list.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = list[i];
      list[i] = list[j];
      list[j] = kept;
    }
    return list;
  }
}
