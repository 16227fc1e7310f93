/**
 * Training with frozen layers in int8 stays close to training in fp32: to PyTorch's curve and to the derivative of the
 * loss.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { Scratch } from '../../../src/trainer/compile/scratch.js';
import { lendNumbers } from '../../../src/trainer/ir/op.js';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import {
  compileAccumulation,
  compileForward,
  compileStep,
  type ModelSpec,
} from '../../../src/trainer/compile/compile.js';
import { names } from '../../../src/trainer/optim/stateNames.js';
import { int8Products } from '../../../src/trainer/compile/int8Products.js';
import { roundColumns, RoundedWeight } from '../../../src/trainer/compile/roundedWeight.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import type { Graph } from '../../../src/trainer/ir/graph.js';
import type { Value } from '../../../src/trainer/ir/value.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import { Random } from '../../../src/trainer/core/random.js';
import { firstValues } from '../../../src/trainer/peft/init.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { difference, runGraph } from '../onnx/runGraph.js';
import { specOf } from '../models/specOf.js';
import {
  assertFollows,
  golden,
  openGolden,
  images,
  readGolden,
  type Bounds,
  type Curve,
  type Training,
} from './goldenCurves.js';

const plain = readGolden('vit') as {
  labels: string[];
  images: { truth: number[] };
  training: Training;
  curves: Record<string, Curve>;
};
const quantized = readGolden('quantized') as {
  curves: Record<
    string,
    { quantization: string; blockSize: number; steps: Omit<Curve['steps'], 'learningRate'>; finalLogits: number[][] }
  >;
};
const lora = plain.curves['lora']!;
const samples = { truth: plain.images.truth, labels: plain.labels.length };
const options = { rank: 4, alpha: 8 };
const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, maxGradNorm: 1 };

/**
 * The tolerance to PyTorch's curve in fp32: measured were 3 % of losses and norms, and 0.1 of logits that reach 4.4.
 */
const bounds = { loss: 0.05, gradientNorm: 0.05, logits: 0.25 };

const curves: { name: string; method: object; curve: Curve; cached?: boolean; recomputes?: boolean }[] = [
  { name: 'LoRA', method: { type: 'lora', ...options }, curve: lora },
  { name: 'LoRA on features computed once', method: { type: 'lora', ...options }, curve: lora, cached: true },
  { name: 'LoRA with recomputed activations', method: { type: 'lora', ...options }, curve: lora, recomputes: true },
  ...Object.entries(quantized.curves).map(([name, { quantization, blockSize, steps, finalLogits }]) => ({
    name: `QLoRA in ${name}`,
    method: { type: 'qlora', quantization, blockSize, ...options },
    curve: { ...lora, steps: { ...lora.steps, ...steps }, finalLogits },
  })),
];

for (const { name, method, curve, cached, recomputes } of curves) {
  test(`20 steps of ${name} in int8 stay close to PyTorch's in fp32`, async () => {
    const { base, trainable, inputs } = await openGolden('vit', {
      method,
      training: plain.training,
      labels: samples.labels,
      curve,
      cached,
      recomputes,
      frozenPrecision: 'int8',
    });
    const { tensors } = await readSafetensors(join(golden, 'curves', 'vit-lora-initial', 'adapter_model.safetensors'));
    const first = trainable.parameters.map(
      (p) => [p.name, tensors.get(`base_model.model.${p.name}`)?.data ?? base.weight(p.name, p.shape, 0)] as const,
    );
    const follows = (within?: Bounds): Promise<void> => {
      trainable.restore({ parameters: new Map(first) });
      return assertFollows(trainable, curve, plain.training, { ...samples, inputs }, within);
    };
    await follows(bounds);
    await assert.rejects(follows(), /^AssertionError.*loss/, 'rounding must leave a trace');
    await trainable.dispose();
  });
}

test('a model that finds no memory for floats can still be let go', async () => {
  const engine = createEngine('cpu');
  const method = { type: 'lora', ...options };
  const { trainable } = await openGolden('vit', {
    training: plain.training,
    labels: samples.labels,
    curve: lora,
    method,
    frozenPrecision: 'int8',
    engine,
  });
  engine.load = () => Promise.reject(new Error('out of memory'));
  await assert.rejects(trainable.toFloats(), /out of memory/);
  await trainable.dispose();
});

test('logits are rounded while there are steps, and those of the saved model after them; what has no rounded product is not rounded', async () => {
  const opened = { training: plain.training, labels: samples.labels, curve: lora };
  const method = { type: 'lora', ...options };
  const logitsOf = async (
    precision: 'fp32' | 'int8',
    isAfter: boolean,
  ): Promise<{ isRounded: boolean; logits: number[] }> => {
    const { base, trainable } = await openGolden('vit', { ...opened, method, frozenPrecision: precision });
    trainable.restore({
      parameters: firstValues(trainable.parameters, (parameter, shape) => base.weight(parameter, shape, 0), 1),
    });
    if (isAfter) await trainable.toFloats();
    const { isRounded } = trainable;
    const logits = Array.from(await trainable.logits(images));
    await trainable.dispose();
    return { isRounded, logits };
  };
  const exact = await logitsOf('fp32', false);
  assert.equal(exact.isRounded, false);
  assert.deepEqual(await logitsOf('int8', true), exact);
  const rounded = await logitsOf('int8', false);
  assert.equal(rounded.isRounded, true);
  const apart = Math.max(...rounded.logits.map((logit, i) => Math.abs(logit - exact.logits[i]!)));
  assert.ok(apart > 1e-5 && apart < 0.25, String(apart));

  const head = await openGolden('vit', {
    ...opened,
    curve: plain.curves['head']!,
    method: { type: 'head' },
    cached: true,
    frozenPrecision: 'int8',
  });
  assert.equal(head.trainable.isRounded, false);
  await head.trainable.dispose();
});

/** The golden ViT with LoRA on every linear layer, its frozen weights passed through `change`. */
async function modelOf(
  change: Partial<ModelSpec> = {},
  method: object = { type: 'lora', ...options, targetModules: ['all-linear'] },
): Promise<ModelSpec> {
  const base = await openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });
  return { ...specOf(base, method, 5), ...change };
}

test('the gradient in int8 is the slope, by finite differences, of the loss with rounded weights within 2 %', async () => {
  const batch = 8;
  const model = await modelOf();
  // In the backward pass weights are rounded by their other axis, and values on the way are rounded as well: hence a
  // bound, and not equality.
  const read = (name: string, shape: readonly number[]): Float32Array => {
    const data = model.weights.share(name, shape);
    if (!/layer.*\.weight$/.test(name) || shape.length !== 2) return data;
    const [n, k] = shape as [number, number];
    const { codes, scales } = roundColumns(data, k, n, true);
    return Float32Array.from(
      { length: n * k },
      (_, i) => codes[(i % k) * n + Math.floor(i / k)]! * scales[Math.floor(i / k)]!,
    );
  };
  const engine = createEngine('cpu');
  const { accumulate, parameters } = compileAccumulation({ ...model, frozenPrecision: 'int8' }, optimizer, batch);
  const exact = compileAccumulation({ ...model, weights: new WeightStore({ read }) }, optimizer, batch).accumulate;
  const random = new Random(1, 'int8');
  const zeros = (length: number): Float32Array => new Float32Array(length);
  const sizes = new Map(parameters.map(({ name, shape }) => [name, shape.reduce((a, b) => a * b, 1)]));
  const values = new Map([...sizes].map(([name, size]) => [name, zeros(size).map(() => 0.1 * random.normal())]));
  const feeds = (along?: ReadonlyMap<string, Float32Array>, by = 0) => ({
    images: hostTensor('u8', [batch, 32, 32, 3], images.subarray(0, batch * 32 * 32 * 3)),
    targets: hostTensor(
      'f32',
      [batch, 5],
      zeros(batch * 5).map((_, i) => Number(samples.truth[Math.floor(i / 5)] === i % 5)),
    ),
    weights: hostTensor('f32', [batch], zeros(batch).fill(1 / batch)),
    ...Object.fromEntries(
      parameters.flatMap(({ name, shape }) => [
        [
          name,
          hostTensor(
            'f32',
            shape,
            values.get(name)!.map((value, i) => value + by * (along?.get(name)![i] ?? 0)),
          ),
        ],
        [names.gradient(name), hostTensor('f32', shape, zeros(sizes.get(name)!))],
      ]),
    ),
  });
  const inInt8 = await engine.load(accumulate);
  const found = await inInt8.run(feeds());
  const gradient = new Map(
    parameters.map(({ name }) => [name, found[names.next(names.gradient(name))]!.data as Float32Array]),
  );
  const inFloats = await engine.load(exact);
  const lossAt = async (along: ReadonlyMap<string, Float32Array>, by: number): Promise<number> =>
    (await inFloats.run(feeds(along, by)))['loss']!.data[0]!;
  // Along the gradient as a whole, and along that of each kind of matrix.
  for (const kind of [/./, /lora_A/, /lora_B/, /layer\.0\./, /classifier/]) {
    const along = new Map([...gradient].map(([name, data]) => [name, kind.test(name) ? data : zeros(data.length)]));
    const squared = [...along.values()].reduce((sum, data) => data.reduce((s, value) => s + value * value, sum), 0);
    const by = 1e-2 / Math.sqrt(squared);
    const slope = ((await lossAt(along, by)) - (await lossAt(along, -by))) / (2 * by);
    assert.ok(Math.abs(slope - squared) <= 0.02 * squared, `${kind}: ${slope} instead of ${squared}`);
  }
  await inInt8.dispose();
  await inFloats.dispose();
});

/** Products with a frozen weight: in int8, and in fp32. */
const products = ({ nodes }: Graph) => ({
  int8: nodes.filter(({ op }) => op.type === 'matmulInt8').length,
  floats: nodes.filter(({ op, inputs }) => op.type === 'matmul' && inputs[1]!.node.op.type === 'constant').length,
});

test('a training step multiplies frozen layers in fp32 only for a few rows; a forward graph multiplies all in fp32', async () => {
  const model = await modelOf({ frozenPrecision: 'int8' });
  // Six layers in each of three blocks forward, without the four of the last block whose one row an image is too
  // little, and as many back but for the three that read the first block's input. What comes back from queries, keys
  // and values is one product, but of the last block's one query an image.
  assert.deepEqual(products(compileStep(model, optimizer, 8).step), { int8: 14 + 11 - 2 - 1, floats: 4 + 4 });
  assert.deepEqual(products(compileForward(model, 8).graph), { int8: 0, floats: 18 });
  assert.equal(products(compileStep(model, optimizer, 2).step).int8, 0);
  const full = compileStep(await modelOf({ frozenPrecision: 'int8' }, { type: 'full' }), optimizer, 8).step;
  assert.equal(products(full).int8, 0);
});

test('where the layer after a GELU multiplies in int8, its slope is made before that layer, from two of its values, and differs little', async () => {
  const slopesOf = ({ nodes }: Graph): Value[] =>
    nodes.filter(({ op }) => op.type === 'geluSlope').map(({ outputs }) => outputs[0]!);
  const model = await modelOf({ frozenPrecision: 'int8' });
  // Three blocks, of which the last has one row an image.
  assert.equal(slopesOf(compileStep({ ...model, frozenPrecision: 'fp32' }, optimizer, 64).step).length, 3);
  assert.equal(slopesOf(compileStep(model, optimizer, 8).step).length, 1);

  const [rows, width] = [64, 8];
  const b = new Builder();
  const z = b.input('z', [rows, width]);
  const weight = b.constant(
    'w',
    [width, width],
    Float32Array.from({ length: width ** 2 }, (_, i) => Math.cos(i)),
  );
  b.output('y', b.matmul(b.gelu(z), weight, { transB: true }));
  b.output('slope', b.geluSlope(z));
  const changed = int8Products(b.graph, new WeightStore({ read: () => assert.fail('no weight is read') }));
  assert.equal(slopesOf(changed).length, 0);
  const feeds = { z: Array.from({ length: rows * width }, (_, i) => (i - 256) / 16) };
  const exact = await runGraph(b.graph, 'cpu', feeds);
  const { y, slope } = await runGraph(changed, 'cpu', feeds);
  assert.equal(difference(slope!, exact['slope']!, 0.0025), undefined);
  assert.equal(difference(y!, exact['y']!, 1), undefined);
});

test('with a weight in 4 bits, a step holds neither fp32 values nor those bits, but only the rounded numbers', async () => {
  const { step } = compileStep(
    await modelOf({ frozenPrecision: 'int8' }, { type: 'qlora', ...options }),
    optimizer,
    64,
  );
  assert.equal(step.nodes.filter(({ op }) => op.type === 'dequantize').length, 0);
  assert.ok(products(step).int8 > 25);
});

test('each column is rounded by half a step of its own at most, whichever way the matrix lies', () => {
  const [k, n] = [5, 3];
  const random = new Random(1, 'columns');
  const data = Float32Array.from({ length: k * n }, (_, i) => (i % n === 1 ? 0 : random.normal() * 10 ** (i % n)));
  const { codes, scales } = roundColumns(data, k, n, false);
  for (let j = 0; j < n; j++) {
    const column = Array.from({ length: k }, (_, i) => data[i * n + j]!);
    assert.ok(Math.abs(scales[j]! - Math.max(...column.map(Math.abs)) / 63) <= 1e-6 * scales[j]!);
    column.forEach((value, i) => assert.ok(Math.abs(codes[i * n + j]! * scales[j]! - value) <= 0.5001 * scales[j]!));
  }
  const turned = Float32Array.from(data, (_, i) => data[(i % k) * n + Math.floor(i / k)]!);
  assert.deepEqual(roundColumns(turned, k, n, true), { codes, scales });
});

test('a matrix is rounded when its numbers are first requested, once for its codes and its scales', () => {
  const [k, n] = [40, 70];
  const random = new Random(1, 'rounded');
  const data = Float32Array.from({ length: k * n }, () => random.normal());
  let times = 0;
  const lend = <T>(use: (numbers: Float32Array) => T): T => {
    times++;
    return use(data);
  };
  const scratch = new Scratch((length) => new Int8Array(length));
  for (const isTransposed of [false, true]) {
    times = 0;
    const weight = new RoundedWeight(lend, [k, n], isTransposed, scratch);
    assert.deepEqual(
      [weight.codes.length, weight.codes.byteLength, weight.scales.length, weight.scales.byteLength, times],
      [k * n, k * n, n, 4 * n, 0],
    );
    assert.deepEqual(
      { codes: weight.codes.read(), scales: weight.scales.read() },
      roundColumns(data, k, n, isTransposed),
    );
    assert.equal(times, 1);
    assert.deepEqual(
      lendNumbers(weight.codes, (codes) => codes.slice()),
      roundColumns(data, k, n, isTransposed).codes,
    );
  }
});

test('building a step reads no weight that it multiplies in int8', async () => {
  const model = await modelOf({ frozenPrecision: 'int8' });
  const read: string[] = [];
  const weights = new WeightStore({
    read(name, shape, scratch) {
      read.push(name);
      return model.weights.read(name, shape, scratch);
    },
  });
  assert.ok(products(compileStep({ ...model, weights }, optimizer, 8).step).int8 > 0);
  assert.deepEqual(
    read.filter((name) => /layer.*\.weight$/.test(name)),
    [],
  );
});
