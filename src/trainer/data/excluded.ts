/**
 * The images that a dataset leaves out: `vitune-exclude.txt` in its folder, a path on each line, relative to it.
 */
import { join } from 'node:path';
import { codeOf, isMissing, isThere, readInput } from '../core/files.js';
import { errors, reasonOf } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import { excludeFile, pathsListed } from '../../shared/excludeList.js';
import { keyOf, placesOf } from './namedPaths.js';

interface Line {
  file: string;
  line: number;
  path: string;
  places: [string, string];
  isMet: boolean;
}

export class Excluded {
  readonly #byPath = new Map<string, Line>();
  readonly #lines: Line[] = [];

  /** What the lists of these folders say; undefined where there is none. Throws a UserError for one that is no text. */
  static async of(folders: readonly string[]): Promise<Excluded | undefined> {
    const excluded = new Excluded();
    for (const folder of new Set(folders)) await excluded.#read(folder);
    return excluded.#lines.length > 0 ? excluded : undefined;
  }

  async #read(folder: string): Promise<void> {
    const file = join(folder, excludeFile);
    for (const { line, path } of pathsListed(await textOf(file))) {
      const places = placesOf(folder, path);
      const entry: Line = { file, line, path, places, isMet: false };
      this.#lines.push(entry);
      for (const place of places) if (!this.#byPath.has(keyOf(place))) this.#byPath.set(keyOf(place), entry);
    }
  }

  has(path: string): boolean {
    return this.#byPath.has(keyOf(path));
  }

  /** Whether an image that was found is left out; a line of which that is true has done its work. */
  leavesOut(path: string): boolean {
    const entry = this.#byPath.get(keyOf(path));
    if (entry) entry.isMet = true;
    return entry !== undefined;
  }

  /** How many images are left out, and each line that leaves out none. */
  async problems(): Promise<ErrorInfo[]> {
    const met = new Map<string, number>();
    const problems: ErrorInfo[] = [];
    for (const { file, line, path, places, isMet } of new Set(this.#byPath.values())) {
      if (isMet) met.set(file, (met.get(file) ?? 0) + 1);
      else {
        const is = (await isThere(places[0])) || (await isThere(places[1]));
        problems.push(errors.excludedNothing({ file, line }, path, is).toInfo());
      }
    }
    return [...[...met].map(([file, images]) => errors.imagesExcluded(file, images).toInfo()), ...problems];
  }
}

/** The text of a list; empty where there is none. Throws a UserError for one that is no text. */
export async function textOf(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await readInput(file);
  } catch (error) {
    // What else is wrong with the folder is for the scan to say.
    if (isMissing(error) || codeOf(error) === 'ENOTDIR') return '';
    throw errors.fileUnreadable(file, reasonOf(error));
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw errors.excludeNotText(file);
  }
}
