/**
 * A program: keeps a tensor on WebGPU from run to run, reads it back, disposes of it, and prints the values as JSON.
 */
import { Builder } from '../../../../src/trainer/ir/builder.js';
import { emit } from '../../../../src/trainer/onnx/emit.js';
import { Session } from '../../../../src/trainer/engine/ort/session.js';
import { hostTensor, type Tensor } from '../../../../src/trainer/engine/tensor.js';

/** w -> next = w · factor */
function scaled(factor: number): Uint8Array {
  const b = new Builder();
  b.output('next', b.scale(b.input('w', [3]), factor));
  return emit(b.graph, 'webgpu');
}

const step = await Session.create(scaled(-3), { device: 'webgpu', keep: ['next'] });
const reader = await Session.create(scaled(1), { device: 'webgpu' });
let w: Tensor = hostTensor('f32', [3], Float32Array.of(1, -2, 0.5));
for (let i = 0; i < 3; i++) {
  const { next } = await step.run({ w });
  w.dispose();
  w = next!;
}
let refusal = '';
try {
  void w.data;
} catch (error) {
  refusal = (error as Error).message;
}
const { next: copy } = await reader.run({ w });
console.log(
  JSON.stringify({ wasOnDevice: w.isOnDevice, refusal, isCopyOnDevice: copy!.isOnDevice, numbers: [...copy!.data] }),
);
w.dispose();
await step.dispose();
await reader.dispose();
