/** The pre-norm transformer block that all families share, with what some of them add to it. */
import type { Value } from '../ir/value.js';
import { attention, firstTokens, layerNorm, type AttentionOptions } from './layers.js';
import type { Scope } from './scope.js';

/** How a family's blocks differ: names of modules below the block's own, and options. */
export interface BlockSpec extends Omit<AttentionOptions, 'batch' | 'dropout'> {
  names: { norm1: string; query: string; key: string; value: string; output: string; norm2: string };
  /** The norm before the attention's output projection, in families that have one. */
  attentionNorm?: string;
  /** Which of the attention's linear layers have a bias; all where it is not said. */
  bias?: { query?: boolean; key?: boolean; value?: boolean; output?: boolean };
  /** Names of the weights [width] that scale the two branches (Touvron et al., 2021, arXiv:2103.17239). */
  layerScale?: readonly [string, string];
  /** The MLP on x [rows, width]; `name` is the block's. */
  mlp(s: Scope, name: string, x: Value): Value;
  layerNormEpsilon: number;
  hiddenDropout: number;
  attentionDropout: number;
}

/**
 * The block called `name` on x [batch·tokens, width]; only the first `read` tokens come out where it is given. Its
 * nodes are of the part `name`.
 */
export function block(s: Scope, spec: BlockSpec, name: string, x: Value, batch: number, read?: number): Value {
  return s.b.within({ part: name }, () => layers(s, spec, name, x, batch, read));
}

function layers(s: Scope, spec: BlockSpec, name: string, x: Value, batch: number, read?: number): Value {
  const { b } = s;
  const d = x.shape[1]!;
  const { names, attentionNorm, bias, layerScale, hiddenDropout, layerNormEpsilon } = spec;
  const first = (v: Value): Value => (read === undefined ? v : firstTokens(s, v, batch, read));
  const branch = (v: Value, i: 0 | 1): Value => {
    const dropped = s.dropout(
      s.adapter(`${name}.${(['attention_adapter', 'output_adapter'] as const)[i]}`, v),
      hiddenDropout,
    );
    const scaled = layerScale ? b.mul(dropped, s.weight(`${name}.${layerScale[i]}`, [d])) : dropped;
    return s.dropPath(scaled, batch, name);
  };
  const normal = layerNorm(s, `${name}.${names.norm1}`, x, layerNormEpsilon);
  const project = (part: 'query' | 'key' | 'value', of: Value): Value =>
    s.linear(`${name}.${names[part]}`, of, d, bias?.[part]);
  const mixed = attention(s, project('query', first(normal)), project('key', normal), project('value', normal), {
    ...spec,
    batch,
    dropout: spec.attentionDropout,
  });
  const normed = attentionNorm ? layerNorm(s, `${name}.${attentionNorm}`, mixed, layerNormEpsilon) : mixed;
  const attended = b.add(branch(s.linear(`${name}.${names.output}`, normed, d, bias?.output), 0), first(x));
  return b.add(
    attended,
    branch(spec.mlp(s, name, layerNorm(s, `${name}.${names.norm2}`, attended, layerNormEpsilon)), 1),
  );
}
