/** Files of other programs: they are read correctly, and arbitrary bytes are at most refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOnnx, type OnnxFile } from '../../../src/trainer/onnx/onnxFile.js';
import { graphTo } from '../../../src/trainer/onnx/onnxGraph.js';
import { encodeModel } from '../../../src/trainer/onnx/model.js';
import { Message } from '../../../src/trainer/onnx/protobuf.js';
import { ProtobufError } from '../../../src/trainer/onnx/protobufReader.js';
import { findFeatureOutput } from '../../../src/trainer/onnx/featureOutput.js';
import { Random } from '../../../src/trainer/core/random.js';
import { Session } from '../../../src/trainer/engine/ort/session.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import { emitModel } from '../../../src/trainer/onnx/emit.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { squareFile, squareNetwork } from './squareNetwork.js';

test('a file written by ViTune is read back as written', () => {
  const { irVersion, opset, domains, inputs, outputs, nodes, initialisers } = readOnnx(squareFile());
  assert.deepEqual([irVersion, opset, [...domains]], [9, 20, [['com.microsoft', 1]]]);
  assert.deepEqual(inputs, [{ name: 'x', type: 1, shape: [undefined, 3] }]);
  assert.deepEqual(outputs, ['unread']);
  assert.deepEqual(
    nodes.map(({ type, reads }) => [type, reads]),
    [
      ['Mul', ['x', 'x']],
      ['Add', ['square', 'one']],
      ['Neg', ['y']],
    ],
  );
  assert.equal(initialisers.get('one')!.weights, 1);
});

test('a graph contains exactly what its output needs', () => {
  const { nodes, tensors } = squareNetwork().parts;
  assert.deepEqual(
    nodes.map(({ type }) => type),
    ['Mul', 'Add'],
  );
  assert.equal(tensors.length, 1);
  const file = readOnnx(squareFile());
  assert.deepEqual(graphTo({ ...file, initialisers: new Map() }, file.inputs[0]!, 'y'), { missing: 'one' });
});

test('every truncation of a file, and files with wrong bytes, are either read or refused', () => {
  const whole = squareFile();
  const read = (bytes: Uint8Array): OnnxFile | undefined => {
    try {
      return readOnnx(bytes);
    } catch (error) {
      assert.ok(error instanceof ProtobufError, String(error));
      return undefined;
    }
  };
  for (let length = 0; length < whole.length; length++) read(whole.subarray(0, length));
  const random = new Random(0, 'damage');
  for (let i = 0; i < 3000; i++) {
    const damaged = Uint8Array.from(whole);
    for (let k = 0; k < 1 + (i % 3); k++)
      damaged[Math.floor(random.uniform() * whole.length)] = Math.floor(random.uniform() * 256);
    const file = read(damaged);
    if (file?.inputs[0]) graphTo(file, file.inputs[0], findFeatureOutput(file));
  }
});

test('nested graphs are read to a depth that no model reaches, and no deeper', () => {
  let body = new Message().message(1, new Message().text(1, 'x').text(2, 'y').text(4, 'Neg'));
  for (let depth = 0; depth < 40; depth++) {
    body = new Message().message(
      1,
      new Message()
        .text(2, 'y')
        .text(4, 'If')
        .message(5, new Message().text(1, 'then_branch').message(6, body).int(20, 5)),
    );
  }
  const file = new Message()
    .int(1, 9)
    .message(7, body.message(12, new Message().text(1, 'y')))
    .message(8, new Message().int(2, 17));
  assert.throws(() => readOnnx(file.finish()), ProtobufError);
});

const layer = (type: string, inputs: string[], output: string) => ({ type, inputs, outputs: [output] });
const vector = (name: string) => ({ name, shape: [3, 3], dtype: 'f32' as const, data: new Float32Array(9) });

test('features are an output with a known name, else the input of the classifier, else the output', () => {
  const found = (nodes: ReturnType<typeof layer>[], ...outputs: string[]): string =>
    findFeatureOutput(
      readOnnx(
        encodeModel({
          nodes,
          initialisers: [vector('w'), vector('v')],
          inputs: [{ name: 'x', dtype: 'f32', shape: ['batch', 3] }],
          outputs: outputs.map((name) => ({ name, dtype: 'f32' })),
        }),
      ),
    );
  const body = layer('Relu', ['x'], 'features of x');
  assert.equal(found([body, layer('Gemm', ['features of x', 'w', 'v'], 'y')], 'y'), 'features of x');
  const behind = [
    layer('MatMul', ['features of x', 'w'], 'a'),
    layer('Add', ['v', 'a'], 'b'),
    layer('Softmax', ['b'], 'y'),
  ];
  assert.equal(found([body, ...behind], 'y'), 'features of x');
  // The weight of a quantised file is computed from constants.
  assert.equal(
    found([body, layer('DequantizeLinear', ['w', 'v'], 'made'), layer('Gemm', ['features of x', 'made'], 'y')], 'y'),
    'features of x',
  );
  // A residual sum is not a bias, and a product of two activations is not a classifier.
  assert.equal(
    found([body, layer('MatMul', ['features of x', 'w'], 'a'), layer('Add', ['a', 'features of x'], 'y')], 'y'),
    'y',
  );
  assert.equal(found([body, layer('MatMul', ['features of x', 'features of x'], 'y')], 'y'), 'y');
  assert.equal(found([body, layer('Neg', ['features of x'], 'y')], 'y'), 'y');
  assert.equal(
    found(
      [body, layer('Gemm', ['features of x', 'w', 'v'], 'y'), layer('Neg', ['x'], 'last_hidden_state')],
      'y',
      'last_hidden_state',
    ),
    'last_hidden_state',
  );
});

/** Runs a file's graph up to `output` on 2 rows of 3. */
async function answerOf(bytes: Uint8Array, output: string): Promise<number[]> {
  const file = readOnnx(bytes);
  assert.deepEqual(
    file.inputs.map(({ name }) => name),
    ['x'],
  );
  const graph = graphTo(file, file.inputs[0]!, output);
  assert.ok(!('missing' in graph));
  const b = new Builder();
  b.output('y', b.foreign(graph, b.input('x', [2, 3]), [2, 3]));
  const session = await Session.create(encodeModel(emitModel(b.graph, 'cpu')), { device: 'cpu', threads: 1 });
  const { y } = await session.run({ x: hostTensor('f32', [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5)) });
  const numbers = Array.from(y!.data, Number);
  await session.dispose();
  return numbers;
}

const x = { name: 'x', dtype: 'f32', shape: ['batch', 3] } as const;
const y = { name: 'y', dtype: 'f32' } as const;
const two = { name: 'two', shape: [1], dtype: 'f32', data: Float32Array.of(2) } as const;

test('an initialiser that old exporters list among the inputs is not an input', async () => {
  const file = {
    nodes: [layer('Mul', ['x', 'two'], 'y')],
    initialisers: [two],
    inputs: [x, { ...two, shape: [1] }],
    outputs: [y],
  };
  assert.deepEqual(await answerOf(encodeModel(file), 'y'), [0, 2, 4, 6, 8, 10]);
});

test('subgraphs keep the tensors that they read from outside and compute inside', async () => {
  const branch = (type: string) => ({
    graph: {
      nodes: [layer(type, ['x', 'two'], 'inner'), layer('Neg', ['inner'], 'out')],
      inputs: [],
      outputs: [{ name: 'out', dtype: 'f32' as const }],
    },
  });
  const file = {
    nodes: [
      layer('ReduceMax', ['x'], 'most'),
      layer('Greater', ['most', 'two'], 'isLarge'),
      { ...layer('If', ['isLarge'], 'y'), attributes: { then_branch: branch('Add'), else_branch: branch('Sub') } },
    ],
    initialisers: [two],
    inputs: [x],
    outputs: [y],
  };
  assert.deepEqual(await answerOf(encodeModel(file), 'y'), [-2, -3, -4, -5, -6, -7]);
});

test('functions of the file are kept', async () => {
  const opset = new Message().int(2, 20);
  const neg = new Message().text(1, 'a').text(2, 'b').text(4, 'Neg');
  const negative = new Message()
    .text(1, 'Negative')
    .text(4, 'a')
    .text(5, 'b')
    .message(7, neg)
    .message(9, opset)
    .text(10, 'mine');
  const file = encodeModel({
    nodes: [{ ...layer('Negative', ['x'], 'y'), domain: 'mine' }],
    initialisers: [],
    inputs: [x],
    outputs: [y],
  });
  const whole = new Message()
    .raw(file)
    .message(8, new Message().text(1, 'mine').int(2, 1))
    .message(25, negative)
    .finish();
  assert.deepEqual(await answerOf(whole, 'y'), [-0, -1, -2, -3, -4, -5]);
});

test('a network for a single image runs a batch one by one, in any operator set', async () => {
  const values = Float32Array.of(0, 1, 2, -3, 0.5, 10);
  for (const opset of [11, 13, 17, 20]) {
    const network = squareNetwork().with({ opset, single: { input: [3], output: [3] } });
    const build = (batch: number) => {
      const b = new Builder();
      b.output('y', b.gelu(b.sum(b.foreign(network, b.input('x', [batch, 3]), [batch, 3]), [1])));
      return b.graph;
    };
    const session = await Session.create(encodeModel(emitModel(build(2), 'cpu', { twin: build(4) })), {
      device: 'cpu',
      threads: 1,
    });
    const { y } = await session.run({ x: hostTensor('f32', [2, 3], values) });
    assert.deepEqual(y!.shape, [2, 1]);
    // GELU returns such large numbers unchanged.
    assert.ok(Math.abs(y!.data[0]! - 8) < 1e-5 && Math.abs(y!.data[1]! - 112.25) < 1e-4, String(y!.data));
    await session.dispose();
  }
});
