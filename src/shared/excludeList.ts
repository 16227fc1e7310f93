/** The text of `vitune-exclude.txt`: the images that a dataset leaves out, a path on each line. */

export const excludeFile = 'vitune-exclude.txt';

export interface ListedPath {
  /** Counted from 1. */
  line: number;
  /** As written, relative to the folder of the list. */
  path: string;
}

/** Lines without text and those that begin with `#` name nothing. */
export function pathsListed(text: string): ListedPath[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((path, i) => (path.trim() === '' || path.startsWith('#') ? [] : [{ line: i + 1, path }]));
}

/** A path as a line of the list; undefined for a name with a line break, which no line can hold. */
export function lineOf(path: string): string | undefined {
  const line = path.replaceAll('\\', '/');
  if (/[\r\n]/.test(line)) return undefined;
  return line.startsWith('#') || line.startsWith('\uFEFF') || line.trim() === '' ? `./${line}` : line;
}

const endOf = (text: string): string => /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';

/** The text with these lines at its end; all else stays as it is. */
export function withLines(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  const end = endOf(text);
  const closed = text === '' || /[\r\n]$/.test(text) || text === '\uFEFF' ? text : text + end;
  return closed + lines.map((line) => line + end).join('');
}

/** The text without the lines of which `isDropped` says so by their paths; all else stays as it is. */
export function withoutLines(text: string, isDropped: (path: string) => boolean): string {
  const listed = new Map(pathsListed(text).map(({ line, path }) => [line, path]));
  const pieces = text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? [];
  const kept = pieces.filter((_, i) => {
    const path = listed.get(i + 1);
    return path === undefined || !isDropped(path);
  });
  // A byte order mark stands before the first line, whichever that is.
  const isMarked = text.startsWith('\uFEFF');
  return (isMarked && !kept[0]?.startsWith('\uFEFF') ? '\uFEFF' : '') + kept.join('');
}
