/** The scope in which a family's graph is built for a method: what trains becomes an input, what is frozen a constant. */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/graph.js';
import type { Shape } from '../ir/op.js';
import type { Scope } from '../nn/scope.js';
import type { Method } from '../peft/method.js';

export interface ParameterSpec {
  name: string;
  shape: Shape;
}

/** A mask of dropout or drop path that must be fed: bytes of 0 or 1, a one with probability 1 - rate. */
export interface MaskSpec extends ParameterSpec {
  rate: number;
}

/** The frozen weight of that name. */
export type FrozenWeights = (name: string, shape: Shape) => Float32Array;

export class GraphScope implements Scope {
  /** What trains, in the order in which the graph reads it. */
  readonly parameters = new Map<string, Value>();
  readonly masks: MaskSpec[] = [];
  /** Every linear layer met, whether adapted or not. */
  readonly layers: string[] = [];
  readonly #weights = new Map<string, Value>();

  constructor(
    readonly b: Builder,
    private readonly frozen: FrozenWeights,
    private readonly method: Method,
    /** Where dropout and drop path are active: the rates of drop path by block. */
    private readonly training?: { dropPath: ReadonlyMap<string, number> },
  ) {}

  weight = (name: string, shape: Shape): Value => {
    const known = this.#weights.get(name);
    if (known) return known;
    const trains = this.method.trains(name);
    const value = trains ? this.b.input(name, shape) : this.b.constant(name, shape, this.frozen(name, shape));
    if (trains) this.parameters.set(name, value);
    this.#weights.set(name, value);
    return value;
  };

  linear = (name: string, x: Value, out: number, bias = true): Value => {
    const { b } = this;
    const width = x.shape[1]!;
    this.layers.push(name);
    const y = b.matmul(x, this.weight(`${name}.weight`, [out, width]), { transB: true, bias: bias ? this.weight(`${name}.bias`, [out]) : undefined });
    const lora = this.method.lora?.(name);
    if (!lora) return y;
    // LoRA: W x + (alpha / rank) · B A x (Hu et al., 2021, arXiv:2106.09685), named as PEFT names it.
    const down = b.matmul(this.dropout(x, lora.dropout), this.weight(`${name}.lora_A.weight`, [lora.rank, width]), { transB: true });
    const up = b.matmul(down, this.weight(`${name}.lora_B.weight`, [out, lora.rank]), { transB: true, alpha: lora.alpha / lora.rank });
    return b.add(y, up);
  };

  dropout = (x: Value, rate: number): Value => (this.training && rate ? this.b.mul(x, this.#mask(x.shape, rate)) : x);

  dropPath = (x: Value, batch: number, block: string): Value => {
    if (!this.training) return x;
    const rate = this.training.dropPath.get(block);
    if (rate === undefined) throw new Error(`${block} is not among the blocks that its family lists`);
    if (!rate) return x;
    const [rows, width] = x.shape as [number, number];
    const pictures = this.b.reshape(x, [batch, rows / batch, width]);
    return this.b.reshape(this.b.mul(pictures, this.#mask([batch, 1, 1], rate)), x.shape);
  };

  /** A new mask: 0, or 1 / (1 - rate), so that the expectation stays. */
  #mask(shape: Shape, rate: number): Value {
    const name = `mask:${this.masks.length}`;
    this.masks.push({ name, shape, rate });
    return this.b.scale(this.b.cast(this.b.input(name, shape, 'u8'), 'f32'), 1 / (1 - rate));
  }
}
