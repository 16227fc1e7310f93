/**
 * The interface that a model family builds on: weights by name, linear layers, dropout. The method decides what trains.
 */
import type { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';
import type { Shape } from '../ir/op.js';

export interface Scope {
  readonly b: Builder;
  /** The weight of that Hugging Face name: an input when it trains, else a constant. */
  weight(name: string, shape: Shape): Value;
  /**
   * x [n, in] -> [n, out] by `name.weight` [out, in] and, where `bias`, `name.bias` [out]; adapters of the method come
   * on top.
   */
  linear(name: string, x: Value, out: number, bias?: boolean): Value;
  /**
   * What a sublayer gives, x [n, width], through the bottleneck adapter that the method has at that place, if any. A
   * block calls it before dropout, scale and residual: after the attention's output projection as
   * `BLOCK.attention_adapter`, after the MLP as `BLOCK.output_adapter`.
   */
  adapter(place: string, x: Value): Value;
  /** Zeroes a share `rate` of x and scales the rest up while training; the identity otherwise. */
  dropout(x: Value, rate: number): Value;
  /**
   * Drops the residual branch x [batch·tokens, width] of the block of that name for some images while training, and
   * scales it up for the others; the identity otherwise. Stochastic depth (Huang et al., 2016, arXiv:1603.09382).
   */
  dropPath(x: Value, batch: number, block: string): Value;
  /**
   * Which tokens of each image training keeps, ones in zeros [batch, kept, tokens]: the first `special` and some of the
   * patches, drawn anew at each step; undefined where all are kept. PatchDropout (Liu et al., 2022, arXiv:2208.07220).
   */
  keptTokens(batch: number, special: number, tokens: number): Value | undefined;
}
