/** The trial of a device: whether it computes here, correctly and how fast, and whether it supports fp16. */
import * as l10n from '@vscode/l10n';
import { Builder } from '../ir/builder.js';
import type { Value } from '../ir/value.js';
import { UserError } from '../errors/errors.js';
import type { DeviceName, DeviceReport } from '../protocol.js';
import { createEngine } from './createEngine.js';
import type { Engine } from './engine.js';
import { hostTensor, type Tensor } from './tensor.js';

const size = 512;
const repeats = 8;

/** A matrix of ones and one that leaves it unchanged, so the result is known. */
function feedsOf(width: number): Record<'x' | 'average', Tensor> {
  const tensor = (value: number): Tensor => hostTensor('f32', [width, width], new Float32Array(width ** 2).fill(value));
  return { x: tensor(1), average: tensor(1 / width) };
}

function requireOnes(result: Float32Array): void {
  if (result.some((value) => Math.abs(value - 1) > 1e-2)) throw new Error('the device computes wrong results');
}

/**
 * Runs a chain of matrix products and returns the speed in GFLOP/s. Throws when the device is absent or computes
 * wrongly.
 */
export async function probe(engine: Engine): Promise<number> {
  const b = new Builder();
  const x = b.input('x', [size, size]);
  const average = b.input('average', [size, size]);
  let y = x;
  for (let i = 0; i < repeats; i++) y = b.matmul(y, average);
  b.output('y', y);
  const executable = await engine.load(b.graph);
  const feeds = feedsOf(size);
  let best = Infinity;
  // The first may wait for a compiler; of a slow device two say enough.
  for (let trial = 0; trial < 3 && !(trial === 2 && best > 1000); trial++) {
    const start = performance.now();
    const result = (await executable.run(feeds)).y!.data as Float32Array;
    best = Math.min(best, performance.now() - start);
    requireOnes(result);
  }
  await executable.dispose();
  return (2 * size ** 3 * repeats) / best / 1e6;
}

const halfSize = 64;

/**
 * Reports on `device`; each report replaces the previous one, so a report remains valid if the process crashes later. A
 * failure is a report, too.
 */
export async function* answersOn(device: DeviceName): AsyncGenerator<DeviceReport, void, undefined> {
  const engine = createEngine(device);
  const gigaflops = await probe(engine).catch(asError);
  if (gigaflops instanceof Error) {
    const { message: reason } = gigaflops;
    return void (yield { device, reason, ...(gigaflops instanceof UserError && { error: gigaflops.toInfo() }) });
  }
  // On the CPU both engines accept fp16, but multiply in fp32 and cast before and after.
  const noFp16 = l10n.t('it computes fp16 as fp32');
  if (engine.onCpu) return void (yield { device, gigaflops, noFp16, ...(device !== 'cpu' && { onCpu: true }) });
  yield { device, gigaflops, noFp16: l10n.t('the fp16 trial ended without a result') };
  const failure = await probeHalves(device).then(() => undefined, asError);
  // ONNX Runtime puts the node and its source file before the words that say something.
  yield failure
    ? { device, gigaflops, noFp16: failure.message.replace(/^.*Status Message: (\S+:\d+ \w+ )?/s, '') }
    : { device, gigaflops };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/**
 * Multiplies matrices in fp16 on `device`. Throws if the device lacks it: ONNX Runtime reports this only at the first
 * run.
 */
export async function probeHalves(device: DeviceName): Promise<void> {
  const b = new Builder();
  const [x, average] = ['x', 'average'].map((name) => b.cast(b.input(name, [halfSize, halfSize]), 'f16')) as [
    Value,
    Value,
  ];
  b.output('y', b.cast(b.matmul(x, average, { transB: true }), 'f32'));
  const executable = await createEngine(device).load(b.graph, { mayFail: true });
  try {
    requireOnes((await executable.run(feedsOf(halfSize))).y!.data as Float32Array);
  } finally {
    await executable.dispose();
  }
}
