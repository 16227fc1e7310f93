/** AdamW and clipping as pieces of graph, against numbers worked out by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { adamw, type AdamWOptions } from '../../../src/trainer/optim/adamw.js';
import { clipByGlobalNorm } from '../../../src/trainer/optim/clip.js';
import { interpret } from '../ir/interpreter.js';

type Numbers = Record<string, number[]>;

/** The update number `t`, counted from 1, of one parameter. */
function update(
  { parameter, m, v, grad }: { parameter: number[]; m: number[]; v: number[]; grad: number[] },
  t: number,
  learningRate: number,
  o: AdamWOptions,
): Numbers {
  const b = new Builder();
  const input = (name: string) => b.input(name, [parameter.length]);
  const scalars = {
    learningRate: b.input('learningRate', []),
    correction1: b.input('correction1', []),
    correction2: b.input('correction2', []),
  };
  const next = adamw(b, { parameter: input('parameter'), m: input('m'), v: input('v') }, input('grad'), scalars, o);
  for (const [name, value] of Object.entries(next)) b.output(name, value);
  const corrections = {
    learningRate: [learningRate],
    correction1: [1 - o.beta1 ** t],
    correction2: [Math.sqrt(1 - o.beta2 ** t)],
  };
  return Object.fromEntries(
    Object.entries(interpret(b.graph, { parameter, m, v, grad, ...corrections })).map(([name, { data }]) => [
      name,
      Array.from(data, Number),
    ]),
  );
}

function assertClose(actual: readonly number[], expected: readonly number[]): void {
  actual.forEach((value, i) =>
    assert.ok(
      Math.abs(value - expected[i]!) < 1e-6 * Math.max(1, Math.abs(expected[i]!)),
      `${i}: ${value} instead of ${expected[i]}`,
    ),
  );
}

const plain = { beta1: 0.9, beta2: 0.999, epsilon: 0, weightDecay: 0 };

test('the first step moves each parameter by the learning rate against its gradient, whatever its size', () => {
  const next = update({ parameter: [1, 1, 1], m: [0, 0, 0], v: [0, 0, 0], grad: [3, -0.01, 100] }, 1, 0.1, plain);
  assertClose(next.parameter!, [0.9, 1.1, 0.9]);
  assertClose(next.m!, [0.3, -0.001, 10]);
  assertClose(next.v!, [0.009, 1e-7, 10]);
});

test('a later step: bias-corrected means of gradient and square', () => {
  // m = 0.5·2 + 0.5·4 = 3, v = 0.75·8 + 0.25·16 = 10; corrected by 1 - 0.5² and 1 - 0.75²: 4 and 22.857…
  const next = update({ parameter: [1], m: [2], v: [8], grad: [4] }, 2, 0.1, {
    beta1: 0.5,
    beta2: 0.75,
    epsilon: 1,
    weightDecay: 0,
  });
  assertClose([next.m![0]!, next.v![0]!], [3, 10]);
  assertClose(next.parameter!, [1 - (0.1 * 4) / (Math.sqrt(10 / 0.4375) + 1)]);
});

test('weight decay is decoupled: it shrinks the parameter and stays out of the moments', () => {
  const state = { parameter: [10], m: [0], v: [0], grad: [2] };
  const decayed = update(state, 1, 0.1, { ...plain, weightDecay: 0.5 });
  assertClose(decayed.parameter!, [10 * (1 - 0.1 * 0.5) - 0.1]);
  assertClose([decayed.m![0]!, decayed.v![0]!], [0.2, 0.004]);
});

test('a gradient of zero moves nothing and divides by nothing', () => {
  assertClose(
    update({ parameter: [1], m: [0], v: [0], grad: [0] }, 1, 0.1, { ...plain, epsilon: 1e-8 }).parameter!,
    [1],
  );
});

function clipped(maxNorm: number): { norm: number; grads: number[] } {
  const b = new Builder();
  const { norm, grads } = clipByGlobalNorm(b, [b.input('a', [2]), b.input('b', [1, 1])], maxNorm);
  b.output('norm', norm);
  grads.forEach((grad, i) => b.output(`grad${i}`, grad));
  const result = interpret(b.graph, { a: [2, 3], b: [6] });
  return {
    norm: Number(result.norm!.data[0]),
    grads: [...Array.from(result.grad0!.data, Number), Number(result.grad1!.data[0])],
  };
}

test('clipping goes by the norm over all gradients together: 2, 3 and 6 have 7', () => {
  const half = clipped(3.5);
  assertClose([half.norm], [7]);
  assertClose(half.grads, [1, 1.5, 3]);
  assertClose(clipped(7.1).grads, [2, 3, 6]);
  const off = clipped(0);
  assertClose([off.norm, ...off.grads], [7, 2, 3, 6]);
});
