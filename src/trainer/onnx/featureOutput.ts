/** Where in an ONNX file its features are: what its names say, else what its classifier reads, else its output. */
import type { FileNode, OnnxFile } from './onnxFile.js';

/** Outputs that exporters of vision models call so, the best first. */
const knownNames = [
  'pooler_output',
  'image_embeds',
  'image_features',
  'features',
  'embeddings',
  'embedding',
  'last_hidden_state',
];

/** What may stand between a classifier and the output: it changes the logits' form, or makes probabilities of them. */
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

/** The tensors made by nodes or held by the file whose numbers do not depend on the images. */
function constantsOf({ nodes, initialisers }: OnnxFile): Set<string> {
  const constants = new Set(initialisers.keys());
  for (const { type, reads, outputs } of nodes) {
    if (type === 'Constant' || (reads.length && reads.every((name) => !name || constants.has(name))))
      outputs.forEach((name) => constants.add(name));
  }
  return constants;
}

/** The features that the linear layer reads from which the output follows; undefined where that is none. */
function beforeClassifier(file: OnnxFile, output: string): string | undefined {
  const producers = new Map(file.nodes.flatMap((node) => node.outputs.map((made): [string, FileNode] => [made, node])));
  const constants = constantsOf(file);
  const seen = new Set<string>();
  for (let name: string | undefined = output; name && !seen.has(name);) {
    seen.add(name);
    const node = producers.get(name);
    if (!node) return undefined;
    const [data, ...others]: string[] = node.inputs.filter((each) => each && !constants.has(each));
    if (data === undefined || others.length) return undefined;
    if ((node.type === 'Gemm' || node.type === 'MatMul') && node.inputs[0] === data) return data;
    // An addition of a constant is the bias.
    if (!afterClassifier.has(node.type) && node.type !== 'Add') return undefined;
    name = data;
  }
  return undefined;
}

/** The name of the tensor to take for features. */
export function findFeatureOutput(file: OnnxFile): string {
  const known = knownNames.find((name) => file.outputs.includes(name));
  return known ?? beforeClassifier(file, file.outputs[0]!) ?? file.outputs[0]!;
}

/** Tensors that somebody may want to name: the outputs, and what the last nodes make, from the end. */
export function featureCandidates({ nodes, outputs }: OnnxFile): string[] {
  const last = nodes.slice(-6).reverse();
  return [...new Set([...outputs, ...last.flatMap((node) => node.outputs.filter(Boolean))])].slice(0, 6);
}

export const isTensorOf = ({ nodes }: OnnxFile, name: string): boolean =>
  nodes.some(({ outputs }) => outputs.includes(name));
