/** A small ONNX file, y = x² + 1, as another program could have written it. */
import { encodeModel } from '../../../src/trainer/onnx/model.js';
import type { OnnxNode } from '../../../src/trainer/onnx/onnxNode.js';
import { readOnnx } from '../../../src/trainer/onnx/onnxFile.js';
import type { OnnxGraph } from '../../../src/trainer/onnx/onnxGraph.js';
import { graphTo } from '../../../src/trainer/onnx/onnxGraph.js';

const nodes: OnnxNode[] = [
  { type: 'Mul', inputs: ['x', 'x'], outputs: ['square'] },
  { type: 'Add', inputs: ['square', 'one'], outputs: ['y'] },
  { type: 'Neg', inputs: ['y'], outputs: ['unread'] },
];

/** The bytes of the file. */
export const squareFile = (): Uint8Array =>
  encodeModel({
    nodes,
    initialisers: [{ name: 'one', shape: [1], dtype: 'f32', data: Float32Array.of(1) }],
    inputs: [{ name: 'x', shape: ['rows', 3], dtype: 'f32' }],
    outputs: [{ name: 'unread', shape: ['rows', 3], dtype: 'f32' }],
  });

/** Its graph up to `y`. */
export function squareNetwork(): OnnxGraph {
  const file = readOnnx(squareFile());
  const graph = graphTo(file, file.inputs[0]!, 'y');
  if ('missing' in graph) throw new Error(`${graph.missing} is missing`);
  return graph;
}
