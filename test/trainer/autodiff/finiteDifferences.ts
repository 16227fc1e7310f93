/** Compares the gradients of the emitted graph with central differences of the interpreter in float64. */
import assert from 'node:assert/strict';
import { backward } from '../../../src/trainer/autodiff/backward.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import { interpret } from '../ir/interpreter.js';
import { runGraph } from '../onnx/runGraph.js';

type Feeds = Record<string, readonly number[]>;

/** (L(p + h) - L(p - h)) / 2h for each element p of the leaf called `name`. */
function centralDifferences(loss: (feeds: Feeds) => number, feeds: Feeds, name: string): number[] {
  return feeds[name]!.map((value, i, all) => {
    const h = 1e-5 * Math.max(1, Math.abs(value));
    const at = (moved: number): number => loss({ ...feeds, [name]: all.map((old, j) => (j === i ? moved : old)) });
    return (at(value + h) - at(value - h)) / (2 * h);
  });
}

/** The arguments of `backward`: a scalar and named leaves. */
export interface Model {
  loss: Value;
  parameters: Record<string, Value>;
}

/**
 * Asserts that d loss / d parameter is right to 1e-4 for every element of every parameter; an element that almost
 * cancels must be right to 1e-6 of the largest one in its parameter. `feeds` holds the values of all inputs and
 * parameters. Returns whether the loss changed at all: if it never does, nothing was tested.
 */
export async function assertGradients(build: (b: Builder) => Model, feeds: Feeds): Promise<boolean> {
  const forward = new Builder();
  forward.output('loss', build(forward).loss);
  const b = new Builder();
  const { loss, parameters } = build(b);
  const names = Object.keys(parameters);
  backward(b, loss, Object.values(parameters)).forEach((gradient, i) => {
    assert.deepEqual(gradient.shape, parameters[names[i]!]!.shape);
    b.output(`d ${names[i]!}`, gradient);
  });
  let moves = false;
  const actual = await runGraph(b.graph, 'cpu', feeds);
  for (const name of names) {
    const expected = centralDifferences((given) => interpret(forward.graph, given)['loss']!.data[0]!, feeds, name);
    const largest = Math.max(...expected.map(Math.abs));
    moves ||= largest > 0;
    expected.forEach((e, i) => {
      const a = actual[`d ${name}`]![i]!;
      assert.ok(
        Math.abs(a - e) <= 1e-4 * Math.abs(e) + 1e-6 * largest,
        `d loss / d ${name}[${i}] is ${a}, by differences ${e}`,
      );
    });
  }
  return moves;
}
