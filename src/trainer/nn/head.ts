/** The classification head, which turns features into logits. */
import type { Value } from '../ir/value.js';
import type { NetworkConfig } from './networkConfig.js';
import type { Scope } from './scope.js';

export interface HeadOptions {
  labels: number;
  /** Width of a hidden layer; 0 for a linear head. */
  hidden: number;
  /** Dropout before the last layer. */
  dropout: number;
}

/**
 * Logits [batch, labels] of features [batch, width]: a head for each, averaged where there are several (DeiT with a
 * teacher).
 */
export function classificationHead(
  s: Scope,
  { classifiers }: Pick<NetworkConfig, 'classifiers'>,
  features: readonly Value[],
  o: HeadOptions,
): Value {
  const { b } = s;
  const logits = features.map((feature, i) => head(s, classifiers[i]!, feature, o));
  return b.scale(logits.reduce(b.add), 1 / logits.length);
}

/** Linear, or torch's Sequential(Linear, GELU, Dropout, Linear), whose layers are called 0 and 3. */
function head(s: Scope, name: string, x: Value, { labels, hidden, dropout }: HeadOptions): Value {
  if (!hidden) return s.linear(name, s.dropout(x, dropout), labels);
  return s.linear(`${name}.3`, s.dropout(s.b.gelu(s.linear(`${name}.0`, x, hidden)), dropout), labels);
}
