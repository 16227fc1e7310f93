/**
 * The owner of a model's frozen weights: reads them where they are stored, lends them for a scope, and keeps what was
 * quantised or rounded of them for all graphs of the model.
 */
import type { QuantizationOptions } from '../config/methodConfig.js';
import type { FilePlace } from '../core/filePlace.js';
import type { Shape, WeightData } from '../ir/op.js';
import { sizeOf } from '../ir/shape.js';
import { quantize, type QuantizedWeight } from '../peft/quantize.js';
import { RoundedWeight, type Loan } from './roundedWeight.js';
import { Scratch } from './scratch.js';

/** Where weights come from. */
export interface WeightSource {
  /**
   * The numbers of a weight. They may be written to the beginning of `scratch`, which the caller owns, instead of a new
   * array. Throws a `UserError` where there is no such weight.
   */
  read(name: string, shape: Shape, scratch?: Float32Array): Float32Array;
  /** Where the same numbers lie in a file, unchanged, if they do. */
  place?(name: string, shape: Shape): FilePlace | undefined;
}

export class WeightStore implements WeightSource {
  readonly #shared = new Map<string, WeakRef<Float32Array>>();
  readonly #quantized = new Map<string, QuantizedWeight>();
  readonly #rounded = new Map<string, RoundedWeight>();
  readonly #numbers = new Scratch((length) => new Float32Array(length));
  readonly #codes = new Scratch((length) => new Int8Array(length));

  constructor(private readonly source: WeightSource) {}

  /**
   * The numbers in one array for everyone who holds it at the time, which nobody may change. The store itself does not
   * keep it: what is quantised or trained from a weight need not hold it.
   */
  share(name: string, shape: Shape): Float32Array {
    return this.read(name, shape);
  }

  /** Lends the numbers to `use`, which must not keep their array: a later loan writes to it. */
  lend<T>(name: string, shape: Shape, use: (numbers: Float32Array) => T): T {
    const known = this.#known(name, shape);
    if (known) return use(known);
    return this.#numbers.borrow(sizeOf(shape), (scratch) => use(this.source.read(name, shape, scratch)));
  }

  /** For a store that has this one as its source. */
  read(name: string, shape: Shape, scratch?: Float32Array): Float32Array {
    const known = this.#known(name, shape);
    if (known) return known;
    const numbers = this.source.read(name, shape, scratch);
    if (!scratch) this.#shared.set(keyOf(name, shape), new WeakRef(numbers));
    return numbers;
  }

  #known(name: string, shape: Shape): Float32Array | undefined {
    return this.#shared.get(keyOf(name, shape))?.deref();
  }

  place(name: string, shape: Shape): FilePlace | undefined {
    return this.source.place?.(name, shape);
  }

  /** The weight as a constant of a graph, read when the graph is loaded. */
  constant(name: string, shape: Shape): WeightData {
    const length = sizeOf(shape);
    return {
      length,
      byteLength: 4 * length,
      read: () => this.share(name, shape),
      lend: (use) => this.lend(name, shape, use),
      place: this.place(name, shape),
    };
  }

  /** The weight in fewer bits, quantised once. */
  quantized(name: string, shape: Shape, options: QuantizationOptions): QuantizedWeight {
    const key = `${keyOf(name, shape)} ${options.quantization} ${options.blockSize}`;
    const known = this.#quantized.get(key);
    if (known) return known;
    const { codes, scales } = this.lend(name, shape, (numbers) => quantize(numbers, options));
    this.#quantized.set(key, { codes, scales });
    return { codes, scales };
  }

  /** The matrix [k, n] that `key` names, for products in int8: the same for every graph that asks for it. */
  rounded(key: string, numbers: Loan, shape: readonly [k: number, n: number], isTransposed: boolean): RoundedWeight {
    const known = this.#rounded.get(key) ?? new RoundedWeight(numbers, shape, isTransposed, this.#codes);
    this.#rounded.set(key, known);
    return known;
  }
}

const keyOf = (name: string, shape: Shape): string => `${name} ${shape.join()}`;
