/**
 * Runs a graph of the IR in an engine with plain numbers as inputs and outputs, and compares them with the
 * interpreter.
 */
import { emit } from '../../../src/trainer/onnx/emit.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Session } from '../../../src/trainer/engine/ort/session.js';
import { hostTensor, type TensorData } from '../../../src/trainer/engine/tensor.js';
import { readHalves, toHalves } from '../../../src/trainer/core/float16.js';
import { check } from '../../../src/trainer/ir/check.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { DType } from '../../../src/trainer/ir/op.js';
import type { DeviceName } from '../../../src/trainer/protocol.js';

const arrays: Record<Exclude<DType, 'i64'>, (values: readonly number[]) => TensorData> = {
  f32: (values) => Float32Array.from(values),
  f16: (values) => toHalves(Float32Array.from(values)),
  i32: (values) => Int32Array.from(values),
  u8: (values) => Uint8Array.from(values),
  i8: (values) => Int8Array.from(values),
};

/** fp16 numbers are given as their bits where JavaScript has no type for them. */
function numbersOf(data: TensorData): number[] {
  if (!(data instanceof Uint16Array)) return Array.from(data, Number);
  const numbers = new Float32Array(data.length);
  readHalves(data, numbers);
  return [...numbers];
}

/** The outputs of the checked graph, by name. */
export async function runGraph(
  graph: Graph,
  device: DeviceName,
  feeds: Record<string, readonly number[]>,
): Promise<Record<string, number[]>> {
  check(graph);
  const session =
    device === 'tensorflow'
      ? await createEngine(device).load(graph)
      : await Session.create(emit(graph, device), { device, threads: 1 });
  try {
    const tensors = graph.inputs.map(({ name, shape, dtype }) => {
      if (dtype === 'i64') throw new Error('no test feeds an i64');
      return [name, hostTensor(dtype, shape, arrays[dtype](feeds[name]!))] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, numbersOf(tensor.data)]));
  } finally {
    await session.dispose();
  }
}

/**
 * Describes the first place where the numbers differ by more than `tolerance` (relative above 1, absolute below);
 * undefined if they agree.
 */
export function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} numbers instead of ${expected.length}`;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (!Object.is(a, e) && !(Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e))))
      return `at ${i}: ${a} instead of ${e}`;
  }
  return undefined;
}
