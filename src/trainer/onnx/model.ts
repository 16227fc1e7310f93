/** ONNX messages (onnx.proto, IR version 9) from plain values: the field numbers of the format live here and nowhere else. */
import type { ConstantData, DType, Shape } from '../ir/op.js';
import { Message } from './protobuf.js';

export type Attribute = number | { float: number } | readonly number[];

export interface OnnxNode {
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, Attribute>;
  /** Empty for the standard operators. */
  domain?: string;
}

export interface OnnxTensor {
  name: string;
  shape: Shape;
  dtype: DType;
}

/** TensorProto.DataType. */
const dataTypes: Record<DType, number> = { f32: 1, u8: 2, i32: 6, i64: 7 };
export const dataTypeOf = (dtype: DType): number => dataTypes[dtype];

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  return message.ints(8, value).int(20, 7);
}

function node({ type, inputs, outputs, attributes = {}, domain = '' }: OnnxNode): Message {
  const message = new Message();
  for (const name of inputs) message.text(1, name);
  for (const name of outputs) message.text(2, name);
  message.text(4, type);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
  return domain ? message.text(7, domain) : message;
}

function initialiser({ name, shape, dtype }: OnnxTensor, data: ConstantData): Message {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return new Message().ints(1, shape).int(2, dataTypes[dtype]).text(8, name).bytes(9, raw);
}

function valueInfo({ name, shape, dtype }: OnnxTensor): Message {
  const dims = new Message();
  for (const size of shape) dims.message(1, new Message().int(1, size));
  const tensor = new Message().int(1, dataTypes[dtype]).message(2, dims);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** The bytes of a model with operator set 20 and ONNX Runtime's own operators. */
export function encodeModel(model: {
  nodes: readonly OnnxNode[];
  initialisers: readonly (OnnxTensor & { data: ConstantData })[];
  inputs: readonly OnnxTensor[];
  outputs: readonly OnnxTensor[];
}): Uint8Array {
  const graph = new Message();
  for (const each of model.nodes) graph.message(1, node(each));
  graph.text(2, 'vitune');
  for (const each of model.initialisers) graph.message(5, initialiser(each, each.data));
  for (const each of model.inputs) graph.message(11, valueInfo(each));
  for (const each of model.outputs) graph.message(12, valueInfo(each));
  const opset = (domain: string, version: number): Message => new Message().text(1, domain).int(2, version);
  return new Message().int(1, 9).text(2, 'vitune').message(7, graph).message(8, opset('', 20)).message(8, opset('com.microsoft', 1)).finish();
}
