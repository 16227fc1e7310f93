/** The paths that a config names and that lead nowhere: its dataset, and its model where that is a path. */
import { stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { findNodeAtLocation, parseTree, type Node } from 'jsonc-parser';

export interface MissingPath {
  kind: 'dataset' | 'model';
  /** Absolute. */
  path: string;
  /** The value's place in the text, quotes included. */
  offset: number;
  length: number;
}

const datasetKeys = [
  ['dataset'],
  ['dataset', 'train'],
  ['dataset', 'validation'],
  ['dataset', 'test'],
  ['dataset', 'folder'],
];

/** Whether the trainer takes a model's name for a path; what looks like `owner/name` may also be a folder. */
const looksLikePath = (model: string): boolean =>
  isAbsolute(model) ||
  /^\.{0,2}[\\/]|\\/.test(model) ||
  (/\.onnx$/i.test(model) && !/^[^:/\\]+\/[^:/\\]+:/.test(model));

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The missing paths of a config's text, even of one with errors; `folder` is that of its file. */
export async function missingPaths(text: string, folder: string): Promise<MissingPath[]> {
  const root = parseTree(text, [], { allowTrailingComma: true });
  if (!root) return [];
  const found: MissingPath[] = [];
  const check = async (kind: MissingPath['kind'], node: Node | undefined, isPath: (value: string) => boolean) => {
    const value: unknown = node?.value;
    if (!node || typeof value !== 'string' || value === '' || !isPath(value)) return;
    const path = resolve(folder, value);
    if (!(await exists(path))) found.push({ kind, path, offset: node.offset, length: node.length });
  };
  for (const key of datasetKeys)
    await check('dataset', findNodeAtLocation(root, key), (value) => !value.startsWith('hub:'));
  await check('model', findNodeAtLocation(root, ['model']), looksLikePath);
  return found;
}
