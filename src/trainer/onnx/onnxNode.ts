/** The nodes and signatures of an ONNX graph as plain values. */
import { type DType, type Shape } from '../ir/op.js';
import type { Message } from './protobuf.js';

export type Attribute = number | { float: number } | { graph: OnnxBody } | readonly number[];

export interface OnnxNode {
  type: string;
  /** Shown in profiles. */
  name?: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes?: Record<string, Attribute>;
  /** Empty for the standard operators. */
  domain?: string;
  /** For a node from a file: the NodeProto itself, without its name. */
  written?: Message;
}

export interface OnnxTensor {
  name: string;
  shape: Shape;
  dtype: DType;
}

/** An input or output of a graph; an open size has a name, and no shape means any shape. */
export interface OnnxSignature extends Omit<OnnxTensor, 'shape'> {
  shape?: readonly (number | string)[] | undefined;
}

/** A graph without its initialisers, e.g. a subgraph of a node. */
export interface OnnxBody {
  nodes: readonly OnnxNode[];
  inputs: readonly OnnxSignature[];
  outputs: readonly OnnxSignature[];
}
