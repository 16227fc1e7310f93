/** Finds the features in an ONNX file: by their name, else as the input of the classifier, else as the first output. */
import type { FileNode, OnnxFile } from './onnxFile.js';

/** Usual names of feature outputs in exported vision models, the best first. */
const knownNames = [
  'pooler_output',
  'image_embeds',
  'image_features',
  'features',
  'embeddings',
  'embedding',
  'last_hidden_state',
];

/** Ops allowed between the classifier and the output: they reshape the logits or turn them into probabilities. */
const afterClassifier = new Set([
  'Softmax',
  'LogSoftmax',
  'Sigmoid',
  'Identity',
  'Cast',
  'Reshape',
  'Flatten',
  'Squeeze',
]);

/** The tensors, computed or stored, that do not depend on the images. */
function constantsOf({ nodes, initialisers }: OnnxFile): Set<string> {
  const constants = new Set(initialisers.keys());
  for (const { type, reads, outputs } of nodes) {
    if (type === 'Constant' || (reads.length && reads.every((name) => !name || constants.has(name))))
      outputs.forEach((name) => constants.add(name));
  }
  return constants;
}

/** The input of the linear layer that gives the output; undefined if there is no such layer. */
function beforeClassifier(file: OnnxFile, output: string): string | undefined {
  const producers = new Map(file.nodes.flatMap((node) => node.outputs.map((name): [string, FileNode] => [name, node])));
  const constants = constantsOf(file);
  const seen = new Set<string>();
  for (let name: string | undefined = output; name && !seen.has(name);) {
    seen.add(name);
    const node = producers.get(name);
    if (!node) return undefined;
    const [data, ...others]: string[] = node.inputs.filter((each) => each && !constants.has(each));
    if (data === undefined || others.length) return undefined;
    if ((node.type === 'Gemm' || node.type === 'MatMul') && node.inputs[0] === data) return data;
    // Adding a constant is the bias; multiplying by one, or dividing by it, is a temperature of the logits.
    const isScale = node.type === 'Mul' || (node.type === 'Div' && node.inputs[0] === data);
    if (!afterClassifier.has(node.type) && node.type !== 'Add' && !isScale) return undefined;
    name = data;
  }
  return undefined;
}

/** The name of the tensor to use as features. */
export function findFeatureOutput(file: OnnxFile): string {
  const known = knownNames.find((name) => file.outputs.includes(name));
  return known ?? beforeClassifier(file, file.outputs[0]!) ?? file.outputs[0]!;
}

/** Tensors to offer as features: the outputs, and the results of the last nodes, last first. */
export function featureCandidates({ nodes, outputs }: OnnxFile): string[] {
  const last = nodes.slice(-6).reverse();
  return [...new Set([...outputs, ...last.flatMap((node) => node.outputs.filter(Boolean))])].slice(0, 6);
}

export const isTensorOf = ({ nodes }: OnnxFile, name: string): boolean =>
  nodes.some(({ outputs }) => outputs.includes(name));
