/** The classification head: what turns features into logits. */
import type { Value } from '../ir/graph.js';
import type { NetworkConfig } from './networkConfig.js';
import type { Scope } from './scope.js';

/** Logits [batch, labels] of features [batch, width]: a linear layer for each, averaged where there are several (DeiT with a teacher). */
export function linearHead(
  s: Scope,
  { classifiers }: Pick<NetworkConfig, 'classifiers'>,
  features: readonly Value[],
  o: { labels: number; dropout: number },
): Value {
  const { b } = s;
  const logits = features.map((feature, i) => s.linear(classifiers[i]!, s.dropout(feature, o.dropout), o.labels));
  return b.scale(logits.reduce(b.add), 1 / logits.length);
}
