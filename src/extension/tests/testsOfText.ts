/** The tests in the text of a test file or config, each with its place; the text may be half typed. */
import { findNodeAtLocation, getNodeValue, parseTree, type Node } from 'jsonc-parser';
import { testsIn } from '../../shared/testNames.js';

export interface PlacedTest {
  name: string;
  /** Where its key begins and its value ends. */
  start: Position;
  end: Position;
}

/** Counted from 0, as the editor does. */
interface Position {
  line: number;
  character: number;
}

function positionAt(text: string, offset: number): Position {
  const lines = text.slice(0, offset).split(/\r\n|\n|\r/);
  return { line: lines.length - 1, character: lines.at(-1)!.length };
}

/** Empty: the text asks for no tests. */
export function testsOfText(text: string): PlacedTest[] {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const tests = root && findNodeAtLocation(root, ['tests']);
  if (!tests) return [];
  return testsIn(getNodeValue(tests)).flatMap(({ name, path }) => {
    // The property, which is the parent of its value.
    const node: Node | undefined = findNodeAtLocation(tests, path)?.parent;
    if (!node) return [];
    const { offset, length } = node;
    return [{ name, start: positionAt(text, offset), end: positionAt(text, offset + length) }];
  });
}
