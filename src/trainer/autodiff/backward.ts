/** Reverse-mode automatic differentiation: one walk back over the graph, guided by the table of rules. */
import type { Builder } from '../ir/builder.js';
import type { Node, Value } from '../ir/value.js';
import type { OpType } from '../ir/op.js';
import { cheapNodes, Recomputation } from './recompute.js';
import { rules, type Rule } from './rules.js';

/** Values on a way from any of `sources` that nothing holds constant: only these carry a gradient. */
function dependants(nodes: readonly Node[], sources: readonly Value[]): Set<Value> {
  const found = new Set(sources);
  for (const node of nodes) {
    if (rules[node.op.type] !== 'constant' && node.inputs.some((v) => found.has(v)))
      for (const output of node.outputs) found.add(output);
  }
  return found;
}

export interface BackwardOptions {
  recomputes?: ReadonlySet<string>;
  cheapShare?: number;
}

/**
 * Appends the gradient of the scalar `loss` (shape []) to the builder's graph. Returns d loss / d parameter for each of
 * `parameters`, of the parameter's shape. `recomputes` names the parts of the network whose forward values are made
 * anew rather than held, `cheapShare` what is made anew in the others (`cheapNodes`); nothing is without it. Throws
 * when the loss does not depend on a parameter or a way to it goes through an op without a gradient.
 */
export function backward(
  b: Builder,
  loss: Value,
  parameters: readonly Value[],
  { recomputes, cheapShare }: BackwardOptions = {},
): Value[] {
  if (loss.shape.length) throw new Error(`the loss must be a scalar, not [${loss.shape.join(',')}]`);
  const forward = [...b.graph.nodes];
  const carries = dependants(forward, parameters);
  const grads = new Map<Value, Value>([[loss, b.scalar(1)]]);
  // What does not depend on a trained parameter is not computed twice.
  const isOfPart = (part: string) => (node: Node) => node.region.part === part && carries.has(node.outputs[0]!);
  let anew: Recomputation | undefined;
  const awaited = new Set<Value>();
  const cheap = cheapShare === undefined ? new Map<Node, readonly Node[]>() : cheapNodes(forward, carries, cheapShare);
  const cheapCopies = new Map<readonly Node[], Recomputation>();
  /** What the rule of `node` should read where only the cheap is made anew. */
  const light = (node: Node, grad: Value): Node => {
    // Of a normalisation its own gradient reads what is held, and of its outputs only small ones.
    if (node.op.type === 'layerNorm') return node;
    const group = cheap.get(node) ?? node.inputs.map((input) => cheap.get(input.node)).find((each) => each);
    if (!group) return node;
    const known =
      cheapCopies.get(group) ?? new Recomputation(b, node.region.part, (each) => group.includes(each), [grad]);
    cheapCopies.set(group, known);
    return known.of(node);
  };
  for (const node of forward.reverse()) {
    const [output, ...others] = node.outputs as [Value, ...Value[]];
    const grad = grads.get(output);
    if (others.some((v) => grads.has(v))) throw new Error(`${node.op.type}: only the first output has a gradient`);
    if (!grad || !node.inputs.some((v) => carries.has(v))) continue;
    const rule = rules[node.op.type] as Rule<OpType> | 'not differentiable' | 'constant';
    if (rule === 'constant') continue;
    if (rule === 'not differentiable')
      throw new Error(`${node.op.type} is not differentiable, but a parameter lies before it`);
    const { part } = node.region;
    // What belongs to the part before this one is done by then: its values need not be there together with those made
    // anew.
    if (anew?.part !== part) {
      const before = [grad, ...parameters.flatMap((each) => grads.get(each) ?? [])].filter(
        (each) => !awaited.has(each),
      );
      anew = recomputes?.has(part) ? new Recomputation(b, part, isOfPart(part), before) : undefined;
      if (anew) before.forEach((each) => awaited.add(each));
    }
    const read = anew?.of(node) ?? light(node, grad);
    const needs = (i: number): boolean => carries.has(node.inputs[i]!);
    const region = { pass: 'backward', part } as const;
    const parts = b.within(region, () => rule(b, grad, { op: node.op, node: read, needs }));
    node.inputs.forEach((input, i) => {
      const grad = parts[i];
      if (!grad || !carries.has(input)) return;
      const sum = grads.get(input);
      grads.set(input, sum ? b.within(region, () => b.add(sum, grad)) : grad);
    });
  }
  return parameters.map((parameter) => {
    const grad = grads.get(parameter);
    if (!grad) throw new Error('the loss does not depend on a parameter');
    return grad;
  });
}
