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

/** An input or output of the model; a size that is left open has a name. */
export interface OnnxSignature extends Omit<OnnxTensor, 'shape'> {
  shape: readonly (number | string)[];
}

export interface OnnxInitialiser extends OnnxTensor {
  data: ConstantData;
  /** Where the numbers lie in a file beside the model, instead of in it. */
  external?: { file: string; offset: number };
}

export interface OnnxModel {
  nodes: readonly OnnxNode[];
  initialisers: readonly OnnxInitialiser[];
  inputs: readonly OnnxSignature[];
  outputs: readonly OnnxSignature[];
  /** Texts for whoever reads the model. */
  metadata?: Readonly<Record<string, string>>;
}

/** TensorProto.DataType. */
const dataTypes: Record<DType, number> = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7 };
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

/** StringStringEntryProto. */
const entry = (key: string, value: string): Message => new Message().text(1, key).text(2, value);

function initialiser({ name, shape, dtype, data, external }: OnnxInitialiser): Message {
  const message = new Message().ints(1, shape).int(2, dataTypes[dtype]).text(8, name);
  if (!external) return message.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const place = { location: external.file, offset: String(external.offset), length: String(data.byteLength) };
  for (const [key, value] of Object.entries(place)) message.message(13, entry(key, value));
  return message.int(14, 1);
}

function valueInfo({ name, shape, dtype }: OnnxSignature): Message {
  const dims = new Message();
  for (const size of shape) dims.message(1, typeof size === 'string' ? new Message().text(2, size) : new Message().int(1, size));
  const tensor = new Message().int(1, dataTypes[dtype]).message(2, dims);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** The bytes of a model with operator set 20 and ONNX Runtime's own operators. */
export function encodeModel({ nodes, initialisers, inputs, outputs, metadata = {} }: OnnxModel): Uint8Array {
  const graph = new Message();
  for (const each of nodes) graph.message(1, node(each));
  graph.text(2, 'vitune');
  for (const each of initialisers) graph.message(5, initialiser(each));
  for (const each of inputs) graph.message(11, valueInfo(each));
  for (const each of outputs) graph.message(12, valueInfo(each));
  const opset = (domain: string, version: number): Message => new Message().text(1, domain).int(2, version);
  const model = new Message().int(1, 9).text(2, 'vitune').message(7, graph).message(8, opset('', 20)).message(8, opset('com.microsoft', 1));
  for (const [key, value] of Object.entries(metadata)) model.message(14, entry(key, value));
  return model.finish();
}
