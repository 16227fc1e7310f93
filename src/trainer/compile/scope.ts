/**
 * The scope in which a family's graph is built for a method: what trains becomes an input, what is frozen a constant.
 */
import type { Builder } from '../ir/builder.js';
import type { Graph } from '../ir/graph.js';
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { LoraOptions, QuantizationOptions } from '../config/methodConfig.js';
import { activations } from '../nn/layers.js';
import type { Scope } from '../nn/scope.js';
import { bottleneckOf, loraScaling, type Method } from '../peft/method.js';
import { bitsOf } from '../peft/quantize.js';
import type { WeightStore } from './weightStore.js';

export interface ParameterSpec {
  name: string;
  shape: Shape;
}

/**
 * What is random in a step and must be fed, bytes of 0 or 1. Of dropout or drop path: a one with probability 1 -
 * `rate`. Of PatchDropout, [batch, kept, tokens]: in each row a single one, at the place of a token that is kept; the
 * first `special` tokens always are.
 */
export type MaskSpec = ParameterSpec & ({ rate: number } | { special: number });

/** The frozen weights that a finished graph reads. */
export function frozenOf(graph: Graph): ParameterSpec[] {
  return graph.nodes.flatMap(({ op, inputs }) => {
    if (op.type === 'dequantize') return op.remade ? [] : [{ name: nameOfConstant(inputs[0]!), shape: op.shape }];
    return op.type === 'constant' && op.name && op.dtype === 'f32' && !/^pixel\.|\.absmax$/.test(op.name)
      ? [{ name: op.name, shape: op.shape }]
      : [];
  });
}

const nameOfConstant = ({ node: { op } }: Value): string => (op.type === 'constant' ? op.name : '');

export class GraphScope implements Scope {
  /** What trains, in the order in which the graph reads it. */
  readonly parameters = new Map<string, Value>();
  readonly masks: MaskSpec[] = [];
  /** Every linear layer met, whether adapted or not. */
  readonly layers: string[] = [];
  readonly #weights = new Map<string, Value>();
  #keptTokens?: Value;

  constructor(
    readonly b: Builder,
    private readonly frozen: WeightStore,
    private readonly method: Method,
    /** Where dropout is active: the rates of drop path by block, and the share of the patches that is left out. */
    private readonly training?: { dropPath: ReadonlyMap<string, number>; patchDropout: number },
  ) {}

  weight = (name: string, shape: Shape): Value => {
    const known = this.#weights.get(name);
    if (known) return known;
    const trains = this.method.trains(name);
    const value = trains ? this.b.input(name, shape) : this.b.constant(name, shape, this.frozen.constant(name, shape));
    if (trains) this.parameters.set(name, value);
    this.#weights.set(name, value);
    return value;
  };

  linear = (name: string, x: Value, out: number, bias = true): Value => {
    const { b } = this;
    const width = x.shape[1]!;
    this.layers.push(name);
    const weight = this.#matrix(name, [out, width]);
    const shift = bias ? this.weight(`${name}.bias`, [out]) : undefined;
    const y = b.matmul(x, weight, { transB: true, bias: shift });
    const lora = this.method.lora?.(name);
    return lora ? this.#adapted(name, lora, { x, y, weight, bias: shift }) : y;
  };

  /** The weight of the linear layer of that name, dequantised where the method stores it in fewer bits. */
  #matrix(layer: string, shape: Shape): Value {
    const name = `${layer}.weight`;
    const options = this.method.trains(name) ? undefined : this.method.quantization?.(layer);
    return options ? this.#dequantized(name, shape, options) : this.weight(name, shape);
  }

  #dequantized(name: string, shape: Shape, options: QuantizationOptions): Value {
    const known = this.#weights.get(name);
    if (known) return known;
    const { codes, scales } = this.frozen.quantized(name, shape, options);
    const bits = bitsOf(options);
    const blocks = scales.length;
    const packed = this.b.constant(name, bits === 8 ? [blocks, options.blockSize] : [2, codes.length / 2], codes);
    const value = this.b.dequantize(packed, this.b.constant(`${name}.absmax`, [blocks], scales), {
      bits,
      blockSize: options.blockSize,
      shape,
    });
    this.#weights.set(name, value);
    return value;
  }

  /** LoRA in addition to y = W x + b: y + s · B A x (Hu et al., 2021, arXiv:2106.09685), named as PEFT names it. */
  #adapted(
    name: string,
    lora: LoraOptions,
    { x, y, weight, bias }: { x: Value; y: Value; weight: Value; bias?: Value | undefined },
  ): Value {
    const { b } = this;
    const [out, width] = weight.shape as [number, number];
    const alpha = loraScaling(lora);
    const dropped = this.dropout(x, lora.dropout);
    const lowerA = this.weight(`${name}.lora_A.weight`, [lora.rank, width]);
    const upperB = this.weight(`${name}.lora_B.weight`, [out, lora.rank]);
    const update = b.matmul(b.matmul(dropped, lowerA, { transB: true }), upperB, { transB: true, alpha });
    if (!lora.useDora) return b.add(y, update);
    // DoRA: m ⊙ (W + s · B A) / ‖W + s · B A‖ by row (Liu et al., 2024, arXiv:2402.09353), the norm held constant as in
    // their section 4.3. Dropout reaches the change alone, as in PEFT: y + (f - 1) ⊙ W x' + f ⊙ s · B A x', where f is
    // the magnitude over the norm.
    const merged = b.add(weight, b.matmul(upperB, lowerA, { alpha }));
    const norm = b.reshape(b.sqrt(b.sum(b.mul(merged, merged), [1])), [out]);
    const factor = b.div(this.weight(`${name}.lora_magnitude_vector`, [out]), b.stopGradient(norm));
    const product = dropped !== x ? b.matmul(dropped, weight, { transB: true }) : bias ? b.sub(y, bias) : y;
    return b.add(y, b.add(b.mul(product, b.sub(factor, b.scalar(1))), b.mul(update, factor)));
  }

  /** x + W₂ f(W₁ x) (Houlsby et al., 2019, arXiv:1902.00751); the words are AdapterHub's. */
  adapter = (place: string, x: Value): Value => {
    const options = this.method.adapter?.(place);
    if (!options) return x;
    const { b } = this;
    const width = x.shape[1]!;
    const size = bottleneckOf(options, width);
    const layer = (part: string, of: Value, outSize: number): Value =>
      b.matmul(of, this.weight(`${place}.${part}.weight`, [outSize, of.shape[1]!]), {
        transB: true,
        bias: this.weight(`${place}.${part}.bias`, [outSize]),
      });
    const inner = activations[options.activation]!(this, layer('adapter_down', x, size));
    return b.add(x, layer('adapter_up', this.dropout(inner, options.dropout), width));
  };

  dropout = (x: Value, rate: number): Value => (this.training && rate ? this.b.mul(x, this.#mask(x.shape, rate)) : x);

  dropPath = (x: Value, batch: number, block: string): Value => {
    if (!this.training) return x;
    const rate = this.training.dropPath.get(block);
    if (rate === undefined) throw new Error(`${block} is not among the blocks that its family lists`);
    if (!rate) return x;
    const [rows, width] = x.shape as [number, number];
    const images = this.b.reshape(x, [batch, rows / batch, width]);
    return this.b.reshape(this.b.mul(images, this.#mask([batch, 1, 1], rate)), x.shape);
  };

  keptTokens = (batch: number, special: number, tokens: number): Value | undefined => {
    const kept = special + Math.max(1, Math.round((tokens - special) * (1 - (this.training?.patchDropout ?? 0))));
    if (kept === tokens) return undefined;
    // The tables of rotary positions are chosen from as the tokens are.
    return (this.#keptTokens ??= this.#random({ shape: [batch, kept, tokens], special }));
  };

  /** A new mask: 0, or 1 / (1 - rate), so that the expectation stays. */
  #mask(shape: Shape, rate: number): Value {
    return this.b.scale(this.#random({ shape, rate }), 1 / (1 - rate));
  }

  /** A new input of zeros and ones. */
  #random(spec: { shape: Shape } & ({ rate: number } | { special: number })): Value {
    const name = `mask:${this.masks.length}`;
    this.masks.push({ name, ...spec });
    return this.b.cast(this.b.input(name, spec.shape, 'u8'), 'f32');
  }
}
