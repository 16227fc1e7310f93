/**
 * The text of a config file as a value whose every key knows its place: JSON with comments, trailing commas and a
 * byte-order mark.
 */
import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser';
import * as l10n from '@vscode/l10n';
import { errors, type Place, type UserError } from '../errors/errors.js';

/** Keys from the root, e.g. `['method', 'rank']`; a place in a list is its index. */
export type KeyPath = readonly (string | number)[];

export interface ConfigText {
  value: Record<string, unknown>;
  /** Where the value of a key lies; if it is absent, where the object does that should hold it. */
  placeOfValue(path: KeyPath): Place;
  /** Where the name of a key lies. */
  placeOfKey(path: KeyPath): Place;
}

/** Words for each of jsonc-parser's codes, as `printParseErrorCode` names them. */
function syntaxWords(error: ParseError): string {
  switch (printParseErrorCode(error.error)) {
    case 'PropertyNameExpected':
      return l10n.t('a key in double quotes is missing');
    case 'ValueExpected':
      return l10n.t('a value is missing');
    case 'ColonExpected':
      return l10n.t('a colon is missing');
    case 'CommaExpected':
      return l10n.t('a comma is missing');
    case 'CloseBraceExpected':
      return l10n.t('a closing brace } is missing');
    case 'CloseBracketExpected':
      return l10n.t('a closing bracket ] is missing');
    case 'EndOfFileExpected':
      return l10n.t('something follows after the end');
    case 'UnexpectedEndOfComment':
      return l10n.t('the comment is not closed');
    case 'UnexpectedEndOfString':
      return l10n.t('the text is not closed by a double quote');
    case 'InvalidUnicode':
    case 'InvalidEscapeCharacter':
      return l10n.t('an invalid character follows a backslash; write a backslash itself as two');
    case 'InvalidNumberFormat':
    case 'UnexpectedEndOfNumber':
      return l10n.t('this is not a number');
    default:
      return l10n.t('this character or word does not belong here; texts need double quotes');
  }
}

function decode(file: string, bytes: Uint8Array): string {
  // Notepad and PowerShell also write UTF-16, which begins with FF FE.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw errors.config.syntax({ file }, l10n.t('the file is not UTF-8 text'));
  }
}

/**
 * With `onFault` what can be read beside a fault is read: it gets the first syntax error and each duplicate key.
 * @throws UserError at the first syntax error or duplicate key otherwise, and when the text is not an object.
 */
export function parseConfigText(
  file: string,
  bytes: Uint8Array,
  onFault: (error: UserError) => void = (error) => {
    throw error;
  },
): ConfigText {
  const text = decode(file, bytes);
  const placeAt = (offset: number): Place => {
    const before = text.slice(0, offset).split(/\r\n|\n|\r/);
    return { file, line: before.length, column: before.at(-1)!.length + 1 };
  };

  const problems: ParseError[] = [];
  const root = parseTree(text, problems, { allowTrailingComma: true });
  const first = problems[0];
  if (first) onFault(errors.config.syntax(placeAt(first.offset), syntaxWords(first)));
  if (root?.type !== 'object') throw errors.config.notObject({ file, line: 1, column: 1 });

  // Object.fromEntries makes even `__proto__` a key like any other, so that it is reported as unknown.
  const valueOf = (node: Node): unknown => {
    if (node.type === 'array') return node.children!.map(valueOf);
    if (node.type !== 'object') return node.value;
    const seen = new Set<string>();
    const entries = node.children!.flatMap(({ children }) => {
      const [key, value] = children as [Node, Node?];
      // Half typed.
      if (!value) return [];
      if (seen.has(key.value)) onFault(errors.config.keyTwice(placeAt(key.offset), key.value));
      seen.add(key.value);
      return [[key.value, valueOf(value)] as const];
    });
    return Object.fromEntries(entries);
  };

  const propertyOf = (node: Node, key: string | number) =>
    node.type === 'object' ? node.children!.find(({ children }) => children![0]!.value === key) : undefined;
  const childOf = (node: Node, key: string | number) =>
    node.type === 'array' ? node.children![Number(key)] : propertyOf(node, key)?.children![1];
  const nodeOf = (path: KeyPath) => {
    let node = root;
    for (const key of path) node = childOf(node, key) ?? node;
    return node;
  };

  return {
    value: valueOf(root) as Record<string, unknown>,
    placeOfValue: (path) => placeAt(nodeOf(path).offset),
    placeOfKey: (path) => placeAt((propertyOf(nodeOf(path.slice(0, -1)), path.at(-1)!) ?? nodeOf(path)).offset),
  };
}
