/** The trial of a device: whether it computes here, that its answer is right, and how fast it multiplies. */
import { Builder } from '../ir/builder.js';
import { DeviceTensor } from '../onnx/session.js';
import type { DeviceName } from '../protocol.js';
import { OrtEngine } from './ort.js';

const size = 512;
const repeats = 8;

/** Runs a chain of matrix products on `device` and returns its speed in GFLOP/s. Throws when the device is absent or computes wrongly. */
export async function probe(device: DeviceName): Promise<number> {
  const b = new Builder();
  const x = b.input('x', [size, size]);
  // 1/size everywhere keeps a matrix of ones as it is, so that the answer is known.
  const average = b.input('average', [size, size]);
  let y = x;
  for (let i = 0; i < repeats; i++) y = b.matmul(y, average);
  b.output('y', y);
  const executable = await new OrtEngine(device).load(b.graph);
  const tensor = (value: number): DeviceTensor => DeviceTensor.from('f32', [size, size], new Float32Array(size * size).fill(value));
  const feeds = { x: tensor(1), average: tensor(1 / size) };
  let best = Infinity;
  for (let trial = 0; trial < 3; trial++) {
    const start = performance.now();
    const result = (await executable.run(feeds)).y!.data as Float32Array;
    best = Math.min(best, performance.now() - start);
    if (result.some((value) => Math.abs(value - 1) > 1e-2)) throw new Error('the device computes wrong results');
  }
  await executable.dispose();
  return (2 * size ** 3 * repeats) / best / 1e6;
}
