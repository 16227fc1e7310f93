/**
 * A program: loads, runs and frees graphs on TensorFlow, and prints after each stage how many tensors it holds, as
 * JSON.
 */
import { Builder } from '../../../../src/trainer/ir/builder.js';
import { createEngine } from '../../../../src/trainer/engine/createEngine.js';
import { hostTensor, type Tensor } from '../../../../src/trainer/engine/tensor.js';
import { loadBinding } from '../../../../src/trainer/engine/tfjs/package.js';

/** Twice `x`, plus a frozen weight; x itself, which no kernel computes; and the weight's numbers in another shape. */
function graph() {
  const b = new Builder();
  const x = b.input('x', [2, 3]);
  b.output('next:x', b.add(b.mul(x, b.scalar(2)), b.constant('weight', [3], weight)));
  b.output('same', x);
  b.output('sum', b.sum(x, [0, 1]));
  b.output('column', b.mul(b.constant('column', [3, 1], weight), b.scalar(2)));
  return b.graph;
}

const weight = Float32Array.of(1, 2, 3);
const binding = loadBinding();
const counts: Record<string, number> = {};
const count = (stage: string): void => void (counts[stage] = binding.getNumOfTensors());

count('before');
const engine = createEngine('tensorflow');
const first = await engine.load(graph(), { keep: ['next:x'] });
const held = binding.getNumOfTensors();
const second = await engine.load(graph(), { keep: ['next:x'] });
/** How many more a second graph with the same weight takes: its scalar. */
counts.forSecondGraph = binding.getNumOfTensors() - held;
await second.dispose();

let x: Tensor = hostTensor('f32', [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));
await first.run({ x }).then((outputs) => outputs['next:x']!.dispose());
count('afterOneRun');
const seen: { onDevice: boolean; same: number[]; sum: number; column: number[] }[] = [];
for (let step = 0; step < 3; step++) {
  const { 'next:x': next, same, sum, column } = await first.run({ x });
  seen.push({ onDevice: x.isOnDevice, same: Array.from(same!.data), sum: sum!.data[0]!, column: [...column!.shape] });
  x.dispose();
  x = next!;
}
x.dispose();
count('afterMoreRuns');
const refusal = await first.run({}).then(String, String);
const misfit = await first.run({ x: hostTensor('f32', [1, 3], new Float32Array(3)) }).then(String, String);
count('afterFailures');
await first.dispose();
count('afterDisposal');
console.log(JSON.stringify({ counts, seen, refusal, misfit }));
