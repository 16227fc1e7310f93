/** The part of an ONNX file between the images and one tensor, ready to be written into our model. */
import type { ForeignGraph } from '../ir/foreignGraph.js';
import type { Shape } from '../ir/op.js';
import type { OnnxNode } from './onnxNode.js';
import { inside, type FileInput, type FileTensor, type OnnxFile } from './onnxFile.js';

interface OnnxParts extends Pick<OnnxFile, 'opset' | 'domains' | 'irVersion' | 'functions'> {
  key: string;
  nodes: readonly OnnxNode[];
  tensors: readonly FileTensor[];
  /** Names in our model, and the input's TensorProto.DataType. */
  input: { name: string; type: number };
  output: string;
  /** Shapes without the batch, if the network takes only one image at a time. */
  single?: { input: Shape; output: Shape };
}

export class OnnxGraph implements ForeignGraph {
  constructor(readonly parts: OnnxParts) {}

  get key(): string {
    return this.parts.single ? `${this.parts.key} one by one` : this.parts.key;
  }

  get weights(): number {
    return this.parts.tensors.reduce((sum, { weights }) => sum + weights, 0);
  }

  with(changes: Partial<OnnxParts>): OnnxGraph {
    return new OnnxGraph({ ...this.parts, ...changes });
  }

  toJSON(): string {
    return this.key;
  }

  toString(): string {
    return this.key;
  }
}

/** Everything in the file that `output` needs, or the name of a needed tensor that is missing. */
export function graphTo(file: OnnxFile, { name, type }: FileInput, output: string): OnnxGraph | { missing: string } {
  const producers = new Map(file.nodes.flatMap((node) => node.outputs.map((made) => [made, node] as const)));
  const needed = new Set(['']);
  const pending = [output];
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    if (needed.has(each)) continue;
    needed.add(each);
    pending.push(...(producers.get(each)?.reads ?? []));
  }
  const kept = file.nodes.filter(({ outputs }) => outputs.some((made) => made && needed.has(made)));
  // A tensor that a subgraph reads may be computed there: ONNX Runtime checks that.
  const read = [output, ...kept.flatMap(({ inputs }) => inputs)];
  const missing = read.find((each) => each && each !== name && !producers.has(each) && !file.initialisers.has(each));
  if (missing !== undefined) return { missing };
  const nodes = kept.map(({ type, inputs, outputs, message }) => ({
    type,
    inputs: inputs.map(inside),
    outputs: outputs.map(inside),
    written: message,
  }));
  const tensors = [...file.initialisers].flatMap(([each, tensor]) => (needed.has(each) ? [tensor] : []));
  const { opset, domains, irVersion, functions } = file;
  return new OnnxGraph({
    key: output,
    opset,
    domains,
    irVersion,
    functions,
    nodes,
    tensors,
    input: { name: inside(name), type },
    output: inside(output),
  });
}
