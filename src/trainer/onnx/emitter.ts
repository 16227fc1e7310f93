/** The interface through which an emission rule writes its nodes. */
import type { Node } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { DeviceName } from '../protocol.js';
import type { Attribute, OnnxNode } from './onnxNode.js';

/** Writes the nodes and initialisers of one op. */
export interface Emitter {
  device: DeviceName;
  /** Version of the standard operators: ours, or that of a foreign network in the graph (11 or later). */
  opset: number;
  /** Writes nodes unchanged, except for their names in a profile. */
  nodes(nodes: readonly OnnxNode[]): void;
  /** The same nodes with their profile names, for a graph within a node. */
  named(nodes: readonly OnnxNode[]): readonly OnnxNode[];
  node(
    type: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Record<string, Attribute>,
    domain?: string,
  ): void;
  /** Name of an initialiser of int64, e.g. a shape or axes. */
  integers(values: readonly number[]): string;
  /** Name of the target shape of a reshape or expand. */
  shape(node: Node, shape: Shape): string;
  /** Name of an f32 initialiser, written once for each `key`. */
  floats(key: string, shape: Shape, data: () => Float32Array): string;
  /** Name of an initialiser with a single f32. */
  float(value: number): string;
  /** Name of an initialiser with a single byte. */
  byte(value: number): string;
  /** Name of an initialiser of so many zeros. */
  zeros(dtype: 'i8' | 'i32', length: number): string;
  /** An unused name. */
  fresh(): string;
}
