/**
 * Parses an ONNX file (onnx.proto): names, types and nodes are decoded, weights stay bytes. Defects of a file are a
 * `ProtobufError`.
 */
import * as l10n from '@vscode/l10n';
import { Message } from './protobuf.js';
import { fieldsOf, messageOf, numberOf, numbersOf, ProtobufError, textOf, type Field } from './protobufReader.js';

/** The external place of a tensor's numbers. */
export interface External {
  location: string;
  offset: number;
  /** To the end of the file where undefined. */
  length: number | undefined;
}

export interface FileTensor {
  /** The TensorProto under its name `inside`, without externally stored numbers. */
  message: Message;
  external: External | undefined;
  /** The number of its weights; 0 if it holds something else, e.g. a shape. */
  weights: number;
}

export interface FileNode {
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  /** Everything that it reads: its inputs, and the outer tensors that its subgraphs may read. */
  reads: readonly string[];
  /** The NodeProto with every tensor renamed by `inside`. */
  message: Message;
}

export interface FileInput {
  name: string;
  /** TensorProto.DataType. */
  type: number;
  /** Sizes, undefined for an open one; undefined as a whole for an unknown rank. */
  shape: readonly (number | undefined)[] | undefined;
}

export interface OnnxFile {
  irVersion: number;
  /** Version of the standard operators. */
  opset: number;
  /** Versions of the others, by domain. */
  domains: ReadonlyMap<string, number>;
  /** FunctionProtos. */
  functions: readonly Uint8Array[];
  /** Without inputs that an initialiser fills. */
  inputs: readonly FileInput[];
  outputs: readonly string[];
  nodes: readonly FileNode[];
  initialisers: ReadonlyMap<string, FileTensor>;
}

const deepest = 16;

export const insidePrefix = 'backbone/';
/** The name of a file's tensor in our model; an omitted optional input stays omitted. */
export const inside = (name: string): string => name && insidePrefix + name;

/** The fields of a message, with its text field `number` renamed by `inside` and without the fields `dropped`. */
function renamed(bytes: Uint8Array, number: number, dropped: readonly number[] = []): Message {
  const message = new Message();
  for (const field of fieldsOf(bytes)) {
    if (field.number === number) message.text(number, inside(textOf(field)));
    else if (!dropped.includes(field.number)) message.raw(field.raw);
  }
  return message;
}

/** Element types of weights: floating-point numbers of every width, and bytes of quantised ones. */
const weightTypes: ReadonlySet<number> = new Set([1, 2, 3, 10, 11, 16]);

function externalOf(entries: ReadonlyMap<string, string>): External {
  const number = (key: string): number | undefined => {
    const text = entries.get(key);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 0) throw new ProtobufError(l10n.t('{0} of a weight is {1}', key, text));
    return value;
  };
  const location = entries.get('location');
  if (!location) throw new ProtobufError(l10n.t('{0} of a weight is {1}', 'location', '""'));
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

function readTensor(bytes: Uint8Array): { name: string; tensor: FileTensor } {
  let [name, size, type, isExternal] = ['', 1, 0, false];
  const entries = new Map<string, string>();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) for (const length of numbersOf(field)) size *= length;
    if (field.number === 2) type = numberOf(field);
    if (field.number === 8) name = textOf(field);
    if (field.number === 13) {
      const [key, value] = [...fieldsOf(messageOf(field))].map(textOf);
      entries.set(key ?? '', value ?? '');
    }
    if (field.number === 14) isExternal = numberOf(field) === 1;
  }
  if (!Number.isSafeInteger(size) || size < 0)
    throw new ProtobufError(l10n.t('the weight {0} has an impossible shape', name));
  const tensor: FileTensor = {
    message: renamed(bytes, 8, isExternal ? [9, 12, 13, 14] : [12]),
    external: isExternal ? externalOf(entries) : undefined,
    weights: weightTypes.has(type) ? size : 0,
  };
  return { name, tensor };
}

function readAttribute(bytes: Uint8Array, reads: string[], depth: number): Message {
  const message = new Message();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 6 || field.number === 11)
      message.message(field.number, readNestedGraph(messageOf(field), reads, depth + 1));
    else message.raw(field.raw);
  }
  return message;
}

function readNode(bytes: Uint8Array, depth: number): FileNode {
  const message = new Message();
  const [inputs, outputs, reads]: string[][] = [[], [], []];
  let type = '';
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1 || field.number === 2) {
      const name = textOf(field);
      (field.number === 1 ? inputs : outputs)!.push(name);
      message.text(field.number, inside(name));
    } else if (field.number === 5) message.message(5, readAttribute(messageOf(field), reads!, depth));
    else if (field.number === 4 || field.number === 7 || field.number === 8) message.raw(field.raw);
    if (field.number === 4) type = textOf(field);
  }
  return { type, inputs: inputs!, outputs: outputs!, reads: [...inputs!, ...reads!], message };
}

/** The body of a loop or branch; adds the tensors that its nodes read to `reads`. */
function readNestedGraph(bytes: Uint8Array, reads: string[], depth: number): Message {
  if (depth > deepest) throw new ProtobufError(l10n.t('its graphs are nested more than {0} deep', deepest));
  const message = new Message();
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) {
      const node = readNode(messageOf(field), depth);
      reads.push(...node.reads);
      message.message(1, node.message);
    } else if (field.number === 2) message.raw(field.raw);
    else if (field.number === 5) message.message(5, readTensor(messageOf(field)).tensor.message);
    else if (field.number >= 11 && field.number <= 13) message.message(field.number, renamed(messageOf(field), 1));
    else if (field.number === 12)
      reads.push(textOf([...fieldsOf(messageOf(field))].find(({ number }) => number === 1)!));
    else if (field.number === 15) throw new ProtobufError(l10n.t('it has sparse weights'));
  }
  return message;
}

/** The single field with that number. */
const fieldIn = (bytes: Uint8Array, number: number): Field | undefined =>
  [...fieldsOf(bytes)].find((field) => field.number === number);
/** The message nested within messages, by the numbers of their fields. */
const within = (bytes: Uint8Array | undefined, ...numbers: number[]): Uint8Array | undefined =>
  numbers.reduce((found, number) => {
    const field = found && fieldIn(found, number);
    return field && messageOf(field);
  }, bytes);

/** ValueInfoProto: name, type.tensor_type.elem_type, type.tensor_type.shape.dim.dim_value. */
function readInput(bytes: Uint8Array): FileInput {
  const name = fieldIn(bytes, 1);
  if (!name) throw new ProtobufError(l10n.t('an input has no name'));
  const tensor = within(bytes, 2, 1);
  const type = tensor && fieldIn(tensor, 1);
  const shape = within(tensor, 2);
  const sizeOf = (dimension: Uint8Array): number | undefined => {
    const size = fieldIn(dimension, 1);
    const length = size ? numberOf(size) : 0;
    return length > 0 ? length : undefined;
  };
  return {
    name: textOf(name),
    type: type ? numberOf(type) : 0,
    shape: shape && [...fieldsOf(shape)].map((field) => sizeOf(messageOf(field))),
  };
}

/** Parses the bytes of a file. Throws `ProtobufError` if they are not an ONNX model. */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  let [irVersion, opset, graph]: [number, number, Uint8Array | undefined] = [0, 0, undefined];
  const domains = new Map<string, number>();
  const functions: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) irVersion = numberOf(field);
    if (field.number === 7) graph = messageOf(field);
    if (field.number === 25) functions.push(messageOf(field));
    if (field.number !== 8) continue;
    const [domain, version] = [fieldIn(messageOf(field), 1), fieldIn(messageOf(field), 2)];
    const name = domain ? textOf(domain) : '';
    if (name === '' || name === 'ai.onnx') opset = version ? numberOf(version) : 0;
    else domains.set(name, version ? numberOf(version) : 1);
  }
  if (!graph) throw new ProtobufError(l10n.t('it has no graph'));
  if (!irVersion || !opset) throw new ProtobufError(l10n.t('it does not say which version of ONNX it is'));
  const [inputs, outputs, nodes]: [FileInput[], string[], FileNode[]] = [[], [], []];
  const initialisers = new Map<string, FileTensor>();
  for (const field of fieldsOf(graph)) {
    if (field.number === 1) nodes.push(readNode(messageOf(field), 0));
    if (field.number === 5) {
      const { name, tensor } = readTensor(messageOf(field));
      initialisers.set(name, tensor);
    }
    if (field.number === 11) inputs.push(readInput(messageOf(field)));
    if (field.number === 12) outputs.push(readInput(messageOf(field)).name);
    if (field.number === 15) throw new ProtobufError(l10n.t('it has sparse weights'));
  }
  if (!nodes.length || !outputs.length) throw new ProtobufError(l10n.t('its graph computes nothing'));
  return {
    irVersion,
    opset,
    domains,
    functions,
    inputs: inputs.filter(({ name }) => !initialisers.has(name)),
    outputs,
    nodes,
    initialisers,
  };
}
