/** The gradient of every op equals finite differences, with respect to every input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backward } from '../../../src/trainer/autodiff/backward.js';
import { rules } from '../../../src/trainer/autodiff/rules.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Node, Value } from '../../../src/trainer/ir/value.js';
import { numbersOf, type OpType } from '../../../src/trainer/ir/op.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { Random } from '../../../src/trainer/core/random.js';
import { append, opCases, title, values, type OpCase } from '../ir/opCases.js';
import { interpret } from '../ir/interpreter.js';
import { assertGradients, type Model } from './finiteDifferences.js';

/** The case with a weighted sum of its first output as loss, so that every output element has its own gradient. */
function model(b: Builder, opCase: OpCase): Model & { feeds: Record<string, number[]> } {
  const { inputs, outputs, feeds } = append(b.graph, opCase);
  const output = outputs[0]!;
  b.graph.outputs.clear();
  const weights = Float32Array.from({ length: sizeOf(output.shape) }, (_, i) => Math.cos(1 + 2 * i));
  const loss = b.total(b.mul(output, b.constant('weights', output.shape, weights)));
  const leaves = inputs.length ? Object.fromEntries(inputs.map((value, i) => [`x${i}`, value])) : { leaf: output };
  if (opCase.op.type === 'constant') feeds['leaf'] = Array.from(numbersOf(opCase.op.data), Number);
  return { loss, parameters: leaves, feeds };
}

/** Nodes among `nodes` on which none of `results` depends. */
function idle(nodes: readonly Node[], results: readonly Value[]): string[] {
  const used = new Set(results.map((value) => value.node));
  for (const node of [...nodes].reverse()) if (used.has(node)) for (const input of node.inputs) used.add(input.node);
  return nodes.filter((node) => !used.has(node)).map((node) => node.op.type);
}

for (const type of Object.keys(opCases) as OpType[]) {
  const cases = (opCases[type] as readonly OpCase[]).filter((opCase) => !opCase.forwardOnly);
  if (rules[type] === 'constant') {
    test(`${type} gives no gradient, and nothing is computed for one`, () => {
      const b = new Builder();
      const { inputs, outputs } = append(b.graph, cases[0]!);
      const [x, held] = [inputs[0]!, outputs[0]!];
      assert.throws(() => backward(b, b.total(held), [x]), { message: 'the loss does not depend on a parameter' });
      const loss = b.total(b.mul(x, held));
      const before = b.graph.nodes.length;
      const gradients = backward(b, loss, [x]);
      assert.deepEqual(idle(b.graph.nodes.slice(before), gradients), []);
    });
    continue;
  }
  if (rules[type] === 'not differentiable') {
    test(`${type} is refused by name`, () => {
      const b = new Builder();
      // The case of a cast may have an integer output, which a loss cannot use: cast it back.
      const { inputs, outputs } = append(b.graph, cases[0]!);
      assert.throws(() => backward(b, b.total(b.cast(outputs[0]!, 'f32')), inputs), {
        message: `${type} is not differentiable, but a parameter lies before it`,
      });
    });
    continue;
  }
  test(`the gradient of ${type} equals finite differences`, async () => {
    let moved = 0;
    for (const opCase of cases) {
      const { feeds } = model(new Builder(), opCase);
      const moves = await assertGradients((b) => model(b, opCase), feeds).catch((error: unknown) => {
        throw new Error(title(opCase), { cause: error });
      });
      moved += Number(moves);
    }
    // A softmax of one element or a relu of a negative one has slope 0, but hardly all cases can.
    assert.ok(moved > cases.length / 2);
  });
  test(`the gradient of ${type} computes only what is needed, whichever input trains`, () => {
    for (const opCase of cases) {
      for (const name of Object.keys(model(new Builder(), opCase).parameters)) {
        const b = new Builder();
        const { loss, parameters } = model(b, opCase);
        const before = b.graph.nodes.length;
        const gradients = backward(b, loss, [parameters[name]!]);
        assert.deepEqual(idle(b.graph.nodes.slice(before), gradients), [], `${title(opCase)}, ${name}`);
      }
    }
  });
}

test('a relu far from its kink has slope 1 and 0, for numbers of any size', async () => {
  await assertGradients(
    (b) => {
      const x = b.input('x', [5]);
      return { loss: b.total(b.relu(x)), parameters: { x } };
    },
    { x: [1e-3, -1e-3, 1e6, -1e6, 1e-2] },
  );
});

test('a factor that is held constant enters the gradient only by its value', async () => {
  // d (x · c) / dx with c = exp(x) held constant: the same as when c is fed.
  const build = (isHeld: boolean) => {
    const b = new Builder();
    const x = b.input('x', [3]);
    const factor = isHeld ? b.stopGradient(b.exp(x)) : b.input('c', [3]);
    b.output('gradient', backward(b, b.total(b.mul(b.mul(x, factor), x)), [x])[0]!);
    return b.graph;
  };
  const x = [0.5, -1, 2];
  const held = interpret(build(true), { x })['gradient']!;
  const fed = interpret(build(false), { x, c: x.map(Math.exp) })['gradient']!;
  assert.deepEqual(held, fed);
});

test('a gradient flows through values that are used more than once', async () => {
  await assertGradients(
    (b) => {
      const x = b.input('x', [2, 3]);
      const y = b.mul(x, x);
      const z = b.add(b.mul(y, x), b.exp(b.neg(y)));
      return { loss: b.total(b.concat(0, z, y, y)), parameters: { x } };
    },
    { x: values({ shape: [2, 3] }, new Random(7)) },
  );
});
