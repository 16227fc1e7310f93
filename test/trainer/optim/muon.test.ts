/** Muon as a piece of graph, against what orthogonality and the numbers worked out by hand say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { muon } from '../../../src/trainer/optim/muon.js';
import { interpret } from '../ir/interpreter.js';

/** One update of a matrix with learning rate 1. */
function update(
  shape: [number, number],
  parameter: number[],
  m: number[],
  grad: number[],
  o: { momentum: number; weightDecay: number },
) {
  const b = new Builder();
  const input = (name: string) => b.input(name, shape);
  const next = muon(b, { parameter: input('parameter'), m: input('m') }, input('grad'), b.input('rate', []), o);
  for (const [name, value] of Object.entries(next)) b.output(name, value);
  const values = interpret(b.graph, { parameter, m, grad, rate: [1] });
  return { parameter: Array.from(values.parameter!.data, Number), m: Array.from(values.m!.data, Number) };
}

for (const shape of [
  [2, 3],
  [3, 2],
] as [number, number][]) {
  test(`the step of a matrix of ${shape.join(' x ')} has singular values near one, however large the gradient`, () => {
    const grad = [300, -40, 10, 20, 5, 900];
    const zeros = grad.map(() => 0);
    const step = update(shape, zeros, zeros, grad, { momentum: 0.95, weightDecay: 0 }).parameter.map(
      (x) => -x / (0.2 * Math.sqrt(3)),
    );
    // The Gram matrix of the two short vectors: squared singular values on its diagonal for orthogonal ones.
    const vector = (i: number): number[] =>
      shape[0] === 2 ? step.slice(3 * i, 3 * i + 3) : [step[i]!, step[2 + i]!, step[4 + i]!];
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    const [p, q, r] = [dot(vector(0), vector(0)), dot(vector(0), vector(1)), dot(vector(1), vector(1))];
    const middle = (p + r) / 2;
    const spread = Math.sqrt(((p - r) / 2) ** 2 + q ** 2);
    for (const squared of [middle - spread, middle + spread]) assert.ok(squared > 0.45 && squared < 1.6, `${squared}`);
    assert.ok(dot(step, grad) > 0, 'it goes against the gradient');
  });
}

test('momentum is a running mean, and decay shrinks the matrix apart from it', () => {
  const zero = [0, 0, 0, 0];
  const next = update([2, 2], [2, 2, 2, 2], [4, 0, 0, 0], zero, { momentum: 0.5, weightDecay: 0.25 });
  assert.deepEqual(next.m, [2, 0, 0, 0]);
  assert.deepEqual(next.parameter.slice(1), [1.5, 1.5, 1.5], 'only decayed: the momentum has nothing there');
});

test('a gradient of zero moves nothing and divides by nothing', () => {
  const zero = [0, 0, 0, 0];
  assert.deepEqual(
    update([2, 2], [1, 2, 3, 4], zero, zero, { momentum: 0.95, weightDecay: 0 }).parameter,
    [1, 2, 3, 4],
  );
});
