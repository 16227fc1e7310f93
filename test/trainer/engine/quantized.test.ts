/** QLoRA trains like PyTorch and PEFT with a base that was quantised and dequantised (test/golden/quantized.json). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { compileStep } from '../../../src/trainer/compile/compile.js';
import { emitModel } from '../../../src/trainer/onnx/emit.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { specOf } from '../models/specOf.js';
import { assertFollows, golden, openGolden, readGolden, type Curve, type Training } from './goldenCurves.js';

const { curves } = readGolden('quantized') as {
  curves: Record<
    string,
    Pick<Curve, 'finalLogits'> & {
      quantization: string;
      blockSize: number;
      steps: Omit<Curve['steps'], 'learningRate'>;
      largestDifference: number;
    }
  >;
};
const plain = readGolden('vit') as {
  labels: string[];
  images: { truth: number[] };
  training: Training;
  curves: Record<string, Curve>;
};
const lora = plain.curves['lora']!;
const samples = { truth: plain.images.truth, labels: plain.labels.length };
const method = { type: 'qlora', rank: 4, alpha: 8 };
/** How far a loss may be from that of the same step without quantisation; test/golden/README.md has the figures. */
const bounds: Record<string, number> = { nf4: 0.2, int8: 0.01 };

for (const [name, { quantization, blockSize, steps, finalLogits, largestDifference }] of Object.entries(curves)) {
  for (const cached of [false, true]) {
    test(`20 steps of QLoRA in ${name} follow PyTorch's${cached ? ', the frozen part computed once' : ''}`, async () => {
      const curve: Curve = { ...lora, steps: { ...lora.steps, ...steps }, finalLogits };
      const options = {
        method: { ...method, quantization, blockSize },
        training: plain.training,
        labels: samples.labels,
        curve,
        cached,
      };
      const { base, trainable, inputs } = await openGolden('vit', options);
      const { tensors } = await readSafetensors(
        join(golden, 'curves', 'vit-lora-initial', 'adapter_model.safetensors'),
      );
      const first = trainable.parameters.map(
        (p) => [p.name, tensors.get(`base_model.model.${p.name}`)?.data ?? base.weight(p.name, p.shape, 0)] as const,
      );
      trainable.restore({ parameters: new Map(first) });
      await assertFollows(trainable, curve, plain.training, { ...samples, inputs });
      await trainable.dispose();
    });
  }

  test(`the curve of QLoRA in ${name} is as near to LoRA's as stated`, () => {
    assert.ok(largestDifference <= bounds[quantization]!, `${largestDifference}`);
    assert.ok(largestDifference > 1e-4, 'quantisation must leave a trace');
  });
}

test('a training step holds no frozen linear weight in full, and recomputes each for the backward pass', async () => {
  const base = await openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });
  const { step } = compileStep(
    specOf(base, { ...method, targetModules: ['all-linear'] }, 5),
    { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1 },
    4,
  );
  const inFull = step.nodes.flatMap(({ op }) =>
    op.type === 'constant' && op.dtype === 'f32' && op.shape.length === 2 ? [op.name] : [],
  );
  assert.deepEqual(inFull, []);
  const made = step.nodes.flatMap(({ op }) => (op.type === 'dequantize' ? [op.remade] : []));
  // Six linear layers in each of three blocks. Nothing before the first block trains, so that its query, key and value
  // pass no gradient on.
  assert.equal(made.filter((remade) => !remade).length, 18);
  assert.equal(made.filter((remade) => remade).length, 15);
  // Dequantisation comes first in the model, or ONNX Runtime would do all of it before all else; the two times differ
  // in a way that it sees.
  const { nodes } = emitModel(step, 'cpu');
  const last = nodes.findLastIndex(({ type }) => type === 'DequantizeLinear');
  assert.ok(
    nodes
      .slice(0, last)
      .every(({ type }) => ['DequantizeLinear', 'ReduceSum', 'Cast', 'Gather', 'Reshape', 'Mul'].includes(type)),
  );
  const axes = nodes.flatMap(({ type, attributes }) => (type === 'DequantizeLinear' ? [attributes!['axis']] : []));
  assert.deepEqual([axes.filter((axis) => axis === 0).length, axes.filter((axis) => axis === -2).length], [18, 15]);
});
