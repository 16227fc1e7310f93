/**
 * Sessions: inputs and outputs by name, refusal of wrong inputs, and tensors that stay on a device without a crash.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Builder } from '../../../../src/trainer/ir/builder.js';
import { emit } from '../../../../src/trainer/onnx/emit.js';
import { Session } from '../../../../src/trainer/engine/ort/session.js';
import { hostTensor, type Tensor } from '../../../../src/trainer/engine/tensor.js';
import { noVulkan, vulkanEnvironment } from '../../onnx/softwareVulkan.js';

/** x [2] and y [2] -> difference, and x itself */
async function difference(): Promise<Session> {
  const b = new Builder();
  const x = b.input('x', [2]);
  b.output('difference', b.sub(x, b.input('y', [2])));
  b.output('same', x);
  return Session.create(emit(b.graph, 'cpu'), { device: 'cpu', threads: 1 });
}

const numbers = (...values: number[]): Tensor => hostTensor('f32', [values.length], Float32Array.from(values));

test('inputs and outputs go by name, run after run', async () => {
  const session = await difference();
  for (const shift of [0, 10]) {
    const outputs = await session.run({ y: numbers(3, 5), x: numbers(1 + shift, 2) });
    assert.deepEqual([...outputs['difference']!.data], [shift - 2, -3]);
    assert.deepEqual([...outputs['same']!.data], [1 + shift, 2]);
    assert.equal(outputs['same']!.isOnDevice, false);
  }
  await session.dispose();
});

test('a missing input and one of the wrong shape or type are refused', async () => {
  const session = await difference();
  await assert.rejects(session.run({ x: numbers(1, 2) }), /'y' is missing/);
  await assert.rejects(session.run({ x: numbers(1, 2), y: numbers(1, 2, 3) }), /invalid dimensions for input: y/);
  await assert.rejects(
    session.run({ x: numbers(1, 2), y: hostTensor('i32', [2], Int32Array.of(1, 2)) }),
    /Unexpected input data type/,
  );
  await session.dispose();
});

test('bytes that are not a model are refused', async () => {
  await assert.rejects(Session.create(Uint8Array.of(1, 2, 3), { device: 'cpu' }));
});

test(
  'a tensor stays on WebGPU between runs, is not read there, and is gone without a crash',
  { skip: noVulkan },
  async () => {
    const program = fileURLToPath(new URL('deviceTensors.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', program], {
      env: vulkanEnvironment(),
    });
    assert.deepEqual(JSON.parse(stdout), {
      wasOnDevice: true,
      refusal: 'a tensor on gpu-buffer cannot be read',
      isCopyOnDevice: false,
      numbers: [-27, 54, -13.5],
    });
  },
);
