/** Where in a config a position is: the path of its key, and the text value around it. */
import { findNodeAtLocation, findNodeAtOffset, getLocation, getNodeValue, parseTree, type Node } from 'jsonc-parser';

export interface ConfigPlace {
  /** From the root to the key, or to the place in a list. */
  path: (string | number)[];
  isKey: boolean;
  /** What a completion there replaces: a text with its quotes, or what is typed of it. */
  replaced: { offset: number; length: number };
}

/** What may be typed of a value without quotes. */
const bare = /[^\s,:[\]{}"]*$/;

export function placeAt(text: string, offset: number): ConfigPlace {
  const { path, isAtPropertyKey, previousNode } = getLocation(text, offset);
  const isInside =
    (previousNode?.type === 'string' || previousNode?.type === 'property') &&
    previousNode.offset < offset &&
    offset <= previousNode.offset + previousNode.length;
  if (isInside) return { path, isKey: isAtPropertyKey, replaced: withoutNextLine(text, previousNode) };
  const typed = bare.exec(text.slice(0, offset))![0];
  return { path, isKey: isAtPropertyKey, replaced: { offset: offset - typed.length, length: typed.length } };
}

/** A text whose quote is still open ends with its line. */
function withoutNextLine(text: string, { offset, length }: Node): { offset: number; length: number } {
  const [line] = text.slice(offset, offset + length).split(/\r|\n/);
  return { offset, length: line!.length };
}

/** The value at a path of a config that may be half typed; undefined where there is none. */
export function valueAt(text: string, path: readonly (string | number)[]): unknown {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const node = root && findNodeAtLocation(root, [...path]);
  return node && (getNodeValue(node) as unknown);
}

/** The key or value under a position, for hovers: its path, and where it is; undefined outside of both. */
export function keyUnder(
  text: string,
  offset: number,
): { path: (string | number)[]; offset: number; length: number } | undefined {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const node = root && findNodeAtOffset(root, offset);
  if (!node || node.type === 'object' || node.type === 'array') return undefined;
  return { path: getLocation(text, node.offset + 1).path, offset: node.offset, length: node.length };
}
