/**
 * The gradient of every op: a total table from op type to the rule that turns gradients of outputs into gradients of
 * inputs.
 */
import type { Builder } from '../ir/builder.js';
import type { Node, Value } from '../ir/value.js';
import type { OpOf, OpType, Shape } from '../ir/op.js';

export interface RuleContext<T extends OpType> {
  op: OpOf<T>;
  node: Node;
  /** Whether input `i` depends on a parameter; otherwise it needs no gradient. */
  needs: (i: number) => boolean;
}

/** Gradients of the inputs, in their order, from the gradient of the first output; undefined where none is needed. */
export type Rule<T extends OpType> = (b: Builder, grad: Value, context: RuleContext<T>) => (Value | undefined)[];

/** Sums a gradient over the axes along which `shape` was broadcast. */
function unbroadcast(b: Builder, grad: Value, shape: Shape): Value {
  const extra = grad.shape.length - shape.length;
  const axes = grad.shape.flatMap((d, i) => (i < extra || (shape[i - extra] === 1 && d !== 1) ? [i] : []));
  return b.reshape(b.sum(grad, axes), shape);
}

/** The rule of an elementwise op with two inputs, from one function for each input. */
function binary<T extends OpType>(
  left: (b: Builder, grad: Value, node: Node) => Value,
  right: (b: Builder, grad: Value, node: Node) => Value,
): Rule<T> {
  return (b, grad, { node, needs }) =>
    [left, right].map((part, i) => (needs(i) ? unbroadcast(b, part(b, grad, node), node.inputs[i]!.shape) : undefined));
}

/** The rule of an op with one input x and one output y. */
const unary =
  <T extends OpType>(part: (b: Builder, grad: Value, x: Value, y: Value) => Value): Rule<T> =>
  (b, grad, { node }) => [part(b, grad, node.inputs[0]!, node.outputs[0]!)];

export const rules: { [T in OpType]: Rule<T> | 'not differentiable' | 'constant' } = {
  input: () => [],
  constant: () => [],
  minimum: 'not differentiable',
  maximum: 'not differentiable',
  cast: 'not differentiable',
  // Quantised weights are frozen: rounding has no useful derivative.
  dequantize: 'not differentiable',
  foreign: 'not differentiable',
  stopGradient: 'constant',
  add: binary(
    (_b, g) => g,
    (_b, g) => g,
  ),
  sub: binary(
    (_b, g) => g,
    (b, g) => b.neg(g),
  ),
  mul: binary(
    (b, g, { inputs: [, y] }) => b.mul(g, y!),
    (b, g, { inputs: [x] }) => b.mul(g, x!),
  ),
  div: binary(
    (b, g, { inputs: [, y] }) => b.div(g, y!),
    (b, g, { inputs: [, y], outputs: [q] }) => b.neg(b.div(b.mul(g, q!), y!)),
  ),
  neg: unary((b, g) => b.neg(g)),
  exp: unary((b, g, _x, y) => b.mul(g, y)),
  log: unary((b, g, x) => b.div(g, x)),
  sqrt: unary((b, g, _x, y) => b.scale(b.div(g, y), 0.5)),
  erf: unary((b, g, x) => b.mul(g, b.scale(b.exp(b.neg(b.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  tanh: unary((b, g, _x, y) => b.mul(g, b.sub(b.scalar(1), b.mul(y, y)))),
  sigmoid: unary((b, g, _x, y) => b.mul(g, b.mul(y, b.sub(b.scalar(1), y)))),
  softplus: unary((b, g, x) => b.mul(g, b.sigmoid(x))),
  // y / (y + tiny) is 1 where y > 0 and 0 where it is 0.
  relu: unary((b, g, _x, y) => b.mul(g, b.div(y, b.add(y, b.scalar(1e-30))))),
  gelu: unary((b, g, x) => b.mul(g, b.geluSlope(x))),
  geluSlope: 'not differentiable',
  matmul: (b, grad, { op, node, needs }) => {
    const [a, w, bias] = node.inputs as [Value, Value, Value?];
    const { transA, transB, alpha } = op;
    // With C = op(a) op(w): d op(a) = G op(w)ᵀ and d op(w) = op(a)ᵀ G; a transposed operand takes the transposed
    // gradient.
    const da = () =>
      transA
        ? b.matmul(b.remade(w), grad, { transA: transB, transB: true, alpha })
        : b.matmul(grad, b.remade(w), { transB: !transB, alpha });
    const dw = () =>
      transB
        ? b.matmul(grad, a, { transA: true, transB: transA, alpha })
        : b.matmul(a, grad, { transA: !transA, alpha });
    return [
      needs(0) ? da() : undefined,
      needs(1) ? dw() : undefined,
      bias && needs(2) ? unbroadcast(b, grad, bias.shape) : undefined,
    ];
  },
  // It replaces a product that already has its gradient (`compile/int8Products.ts`).
  matmulInt8: 'not differentiable',
  // Only exports hold them (`compile/narrowGraph.ts`).
  matmulQdq: 'not differentiable',
  matmulInt4: 'not differentiable',
  transpose: (b, grad, { op }) => {
    const inverse: number[] = [];
    op.perm.forEach((axis, i) => (inverse[axis] = i));
    return [b.transpose(grad, inverse)];
  },
  reshape: (b, grad, { node }) => [b.reshape(grad, node.inputs[0]!.shape)],
  slice: (b, grad, { op, node }) => {
    const { shape } = node.inputs[0]!;
    const zeros = (length: number): Value[] =>
      length
        ? [
            b.expand(
              b.scalar(0),
              shape.map((d, i) => (i === op.axis ? length : d)),
            ),
          ]
        : [];
    return [b.concat(op.axis, ...zeros(op.start), grad, ...zeros(shape[op.axis]! - op.end))];
  },
  concat: (b, grad, { op, node, needs }) => {
    let start = 0;
    return node.inputs.map((input, i) => {
      const end = start + input.shape[op.axis]!;
      const part = needs(i) ? b.slice(grad, op.axis, start, end) : undefined;
      start = end;
      return part;
    });
  },
  expand: (b, grad, { node }) => [unbroadcast(b, grad, node.inputs[0]!.shape)],
  sum: (b, grad, { node }) => [b.expand(grad, node.inputs[0]!.shape)],
  softmax: unary((b, g, _x, y) => {
    const weighted = b.mul(g, y);
    return b.sub(weighted, b.mul(y, b.sum(weighted, [y.shape.length - 1])));
  }),
  logSoftmax: unary((b, g, _x, y) => b.sub(g, b.mul(b.exp(y), b.sum(g, [y.shape.length - 1])))),
  keepLargest: 'not differentiable',
  layerNorm: (b, grad, { node, needs }) => {
    const [x, gamma, beta] = node.inputs as [Value, Value, Value];
    const [, mean, inverse] = node.outputs as [Value, Value, Value];
    // ((g - mean g) - n · mean (g n)) · inverse with g = grad · gamma and n = (x - mean) · inverse, grouped by the
    // terms that vary along the axis: g and x.
    const dx = (): Value => {
      const g = b.mul(grad, gamma);
      const along = b.meanOverLast(g);
      const cube = b.mul(inverse, b.mul(inverse, inverse));
      const ofX = b.mul(b.sub(b.mul(along, mean), b.meanOverLast(b.mul(g, x))), cube);
      const rest = b.add(b.mul(ofX, mean), b.mul(along, inverse));
      return b.add(b.mul(g, inverse), b.sub(b.mul(x, ofX), rest));
    };
    return [
      needs(0) ? dx() : undefined,
      needs(1) ? unbroadcast(b, b.mul(grad, b.mul(b.sub(x, mean), inverse)), gamma.shape) : undefined,
      needs(2) ? unbroadcast(b, grad, beta.shape) : undefined,
    ];
  },
};
