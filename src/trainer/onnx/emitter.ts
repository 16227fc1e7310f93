/** What a rule of the emission may write. */
import type { Node } from '../ir/value.js';
import type { Shape } from '../ir/op.js';
import type { DeviceName } from '../protocol.js';
import type { Attribute, OnnxNode } from './onnxNode.js';

/** What a rule may write. */
export interface Emitter {
  device: DeviceName;
  /** Version of the standard operators: ours, or that of a foreign network in the graph, from 11 on. */
  opset: number;
  /** Nodes as they are, but for their names in a profile. */
  nodes(nodes: readonly OnnxNode[]): void;
  /** The same nodes with these names, for a graph within a node. */
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
  /** Name of the shape that a reshape or expand makes. */
  shape(node: Node, shape: Shape): string;
  /** Name of an initialiser of f32, made once for each `key`. */
  floats(key: string, shape: Shape, data: () => Float32Array): string;
  /** Name of an initialiser of one f32. */
  float(value: number): string;
  /** A name nobody else uses. */
  fresh(): string;
}
