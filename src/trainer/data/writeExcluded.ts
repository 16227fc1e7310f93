/** Adds images to the list of those that a dataset leaves out, or takes them from it; other lines stay as they are. */
import { join, relative } from 'node:path';
import { errors, reasonOf } from '../errors/errors.js';
import { ChangedSince, replaceFile, untilUnchanged } from '../core/replaceFile.js';
import { excludeFile, lineOf, pathsListed, withLines, withoutLines } from '../../shared/excludeList.js';
import { textOf } from './excluded.js';
import { keyOf, placesOf } from './namedPaths.js';
import { folderOf } from './scan.js';
import type { WriteOptions, Written } from './writeCells.js';

/** `dataset` is a folder or a label file. Throws a UserError where the list cannot be read or written. */
export const writeExcluded = (
  dataset: string,
  paths: readonly string[],
  isExcluded: boolean,
  o: WriteOptions = {},
): Promise<Written> => untilUnchanged(() => writeOnce(dataset, paths, isExcluded, o));

async function writeOnce(
  dataset: string,
  paths: readonly string[],
  isExcluded: boolean,
  { isAgain }: WriteOptions,
): Promise<Written> {
  const root = folderOf(dataset);
  const file = join(root, excludeFile);
  const text = await textOf(file);
  const keysOf = (path: string): string[] => placesOf(root, path).map(keyOf);
  const listed = new Set(pathsListed(text).flatMap(({ path }) => keysOf(path)));
  const written: Written = { done: [], left: [] };
  const lines: string[] = [];
  for (const path of paths) {
    const line = lineOf(relative(root, path));
    if (isExcluded === listed.has(keyOf(path)))
      if (isAgain) written.done.push(path);
      // Somebody else has listed it, or has taken it from the list.
      else written.left.push(errors.change[isExcluded ? 'lineThere' : 'lineGone'](file, path).toInfo());
    else if (line === undefined) written.left.push(errors.change.lineBreak(path).toInfo());
    else {
      lines.push(line);
      written.done.push(path);
    }
  }
  const done = new Set(written.done.map(keyOf));
  const after = isExcluded
    ? withLines(text, lines)
    : withoutLines(text, (path) => keysOf(path).some((key) => done.has(key)));
  if (after !== text)
    await replaceFile(file, Buffer.from(after), Buffer.from(text)).catch((error: unknown) => {
      if (error instanceof ChangedSince) throw error;
      throw errors.change.notWritten(file, reasonOf(error));
    });
  return written;
}
