/** Changes of a config's text as edits of a document, which the user sees and can undo; comments and the rest stay. */
import { findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import type { ConfigEdit } from '../../trainer/protocol.js';

/** Replaces `length` characters from `offset` on. */
export interface TextChange {
  offset: number;
  length: number;
  content: string;
}

const formattingOptions = { tabSize: 2, insertSpaces: true };

/** The changes of one edit, in the order in which they are to be made; none where its place is gone. */
export function changesOf(text: string, { path, name, value }: ConfigEdit): TextChange[] {
  if (name === undefined) return modify(text, [...path], value, { formattingOptions });
  const root = parseTree(text, [], { allowTrailingComma: true });
  const key = root && findNodeAtLocation(root, [...path])?.parent?.children?.[0];
  return key ? [{ offset: key.offset, length: key.length, content: JSON.stringify(name) }] : [];
}

/** The text after all edits, each made on what the one before has left. */
export function edited(text: string, edits: readonly ConfigEdit[]): string {
  return edits.reduce((old, edit) => {
    const changes = [...changesOf(old, edit)].sort((a, b) => b.offset - a.offset);
    return changes.reduce(
      (result, { offset, length, content }) => result.slice(0, offset) + content + result.slice(offset + length),
      old,
    );
  }, text);
}

/** What differs between two texts, as one change: the same at both ends is left out. */
export function differenceOf(before: string, after: string): TextChange {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start++;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { offset: start, length: before.length - start - end, content: after.slice(start, after.length - end) };
}

/** What an estimate proposes, `batchSize=8 gradientAccumulationSteps=2`, as edits. */
export const editsOf = (setting: string): ConfigEdit[] =>
  setting.split(' ').map((each) => {
    const [key, text] = each.split('=') as [string, string];
    const value: unknown = /^(\d|true$|false$)/.test(text) ? JSON.parse(text) : text;
    return { path: key.split('.'), value };
  });
