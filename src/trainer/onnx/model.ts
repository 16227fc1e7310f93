/**
 * Encodes ONNX messages (onnx.proto, IR version 9) from plain values. Only this file knows the field numbers of the
 * format.
 */
import type { Attribute, OnnxNode, OnnxTensor, OnnxSignature, OnnxBody } from './onnxNode.js';
import { bytesOf, type ConstantData, type DType, type WeightData } from '../ir/op.js';
import type { OnnxGraph } from './onnxGraph.js';
import { Message } from './protobuf.js';

export interface OnnxInitialiser extends OnnxTensor {
  data: ConstantData | WeightData;
  /** The external file that stores the numbers, instead of the model itself. */
  external?: { file: string; offset: number };
}

export interface OnnxModel extends OnnxBody {
  initialisers: readonly OnnxInitialiser[];
  /** The network from a file whose nodes are part of the model. */
  foreign?: OnnxGraph | undefined;
  /** Metadata texts of the model. */
  metadata?: Readonly<Record<string, string>>;
}

/** TensorProto.DataType. */
const dataTypes: Record<DType, number> = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7, f16: 10 };
export const dataTypeOf = (dtype: DType): number => dataTypes[dtype];

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  if ('graph' in value) return message.message(6, body(value.graph)).int(20, 5);
  return message.ints(8, value).int(20, 7);
}

function node({ type, name, inputs, outputs, attributes = {}, domain = '' }: OnnxNode): Message {
  const message = new Message();
  for (const name of inputs) message.text(1, name);
  for (const name of outputs) message.text(2, name);
  if (name) message.text(3, name);
  message.text(4, type);
  for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
  return domain ? message.text(7, domain) : message;
}

/** StringStringEntryProto. */
const keyValue = (key: string, value: string): Message => new Message().text(1, key).text(2, value);

function initialiser({ name, shape, dtype, data, external }: OnnxInitialiser): Message {
  const message = new Message().ints(1, shape).int(2, dataTypes[dtype]).text(8, name);
  if (!external) return message.bytes(9, bytesOf(data));
  const place = { location: external.file, offset: String(external.offset), length: String(data.byteLength) };
  for (const [key, value] of Object.entries(place)) message.message(13, keyValue(key, value));
  return message.int(14, 1);
}

function valueInfo({ name, shape, dtype }: OnnxSignature): Message {
  const dims = new Message();
  for (const size of shape ?? [])
    dims.message(1, typeof size === 'string' ? new Message().text(2, size) : new Message().int(1, size));
  const tensor = new Message().int(1, dataTypes[dtype]);
  if (shape) tensor.message(2, dims);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

/** A node from a file is written unchanged, with its profile name if it has one. */
const written = (each: OnnxNode): Message => {
  if (!each.written) return node(each);
  return each.name ? new Message().raw(each.written.finish()).text(3, each.name) : each.written;
};

/** GraphProto without its initialisers. */
function body({ nodes, inputs, outputs }: OnnxBody): Message {
  const graph = new Message();
  for (const each of nodes) graph.message(1, written(each));
  graph.text(2, 'vitune');
  for (const each of inputs) graph.message(11, valueInfo(each));
  for (const each of outputs) graph.message(12, valueInfo(each));
  return graph;
}

/** The version of the standard operators that the emission writes. */
export const ownOpset = 20;

/** The bytes of a model that may use ONNX Runtime's own operators in addition to the standard ones. */
export function encodeModel({ initialisers, metadata = {}, foreign, ...rest }: OnnxModel): Uint8Array {
  const graph = body(rest);
  for (const each of initialisers) graph.message(5, initialiser(each));
  const parts = foreign?.parts;
  for (const { message } of parts?.tensors ?? []) graph.message(5, message);
  const domains = new Map([['', parts?.opset ?? ownOpset], ...(parts?.domains ?? []), ['com.microsoft', 1]]);
  const model = new Message()
    .int(1, Math.max(9, parts?.irVersion ?? 0))
    .text(2, 'vitune')
    .message(7, graph);
  for (const [domain, version] of domains) model.message(8, new Message().text(1, domain).int(2, version));
  for (const [key, value] of Object.entries(metadata)) model.message(14, keyValue(key, value));
  for (const each of parts?.functions ?? []) model.bytes(25, each);
  return model.finish();
}
