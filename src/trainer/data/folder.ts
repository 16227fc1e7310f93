/** Reads image folders: what is visible, which files are images, and which class folder each lies in. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { realPath } from '../core/realPath.js';
import { errors } from '../errors/errors.js';
import type { ErrorInfo } from '../protocol.js';
import { formatOfContent, formatOfName, isReadable, sniffedBytes } from '../../shared/imageFormats.js';
import type { Excluded } from './excluded.js';
import { sortNaturally } from './naturalOrder.js';

/** What a walk shares: where problems are noted, and what cancels it. */
export interface Walk {
  problems: ErrorInfo[];
  signal?: AbortSignal | undefined;
  /** Images that are passed over as if they were not there. */
  excluded?: Excluded | undefined;
}

export interface Listing {
  /** Absolute paths, in natural order. */
  folders: string[];
  files: string[];
}

const left = new Set(['__MACOSX', '@eaDir', '$RECYCLE.BIN', 'System Volume Information']);

/** Whether entries of this name are passed over wherever they are. */
export const isNeverListed = (name: string): boolean => name.startsWith('.') || left.has(name);

/**
 * The visible entries of a folder. Links count as what they lead to; one that leads nowhere is a problem where its name
 * claims an image.
 */
export async function list(folder: string, { problems, signal }: Walk): Promise<Listing> {
  signal?.throwIfAborted();
  let entries;
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw await unlistable(folder, error);
  }
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (isNeverListed(entry.name)) continue;
    const path = join(folder, entry.name);
    let kind: { isDirectory(): boolean; isFile(): boolean } = entry;
    if (entry.isSymbolicLink()) {
      const target = await stat(path).catch((error: NodeJS.ErrnoException) => error);
      if (target instanceof Error) {
        if (formatOfName(path)) problems.push(errors.imageUnreadable(path, l10n.t('the link leads nowhere')).toInfo());
        continue;
      }
      kind = target;
    }
    if (kind.isDirectory()) folders.push(path);
    else if (kind.isFile()) files.push(path);
  }
  return {
    folders: sortNaturally(folders, (path) => basename(path)),
    files: sortNaturally(files, (path) => basename(path)),
  };
}

async function unlistable(folder: string, error: unknown): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return errors.datasetMissing(folder);
  if (code === 'ENOTDIR') return errors.datasetNotFolder(folder);
  if (code === 'EACCES' || code === 'EPERM') return errors.folderUnreadable(folder);
  return error;
}

/** The images among `files`. An unsupported format is recorded as a problem; a file that is not an image is skipped. */
export async function images(files: readonly string[], { problems, signal, excluded }: Walk): Promise<string[]> {
  const found: string[] = [];
  for (const path of files) {
    const named = formatOfName(path);
    if (named !== undefined && isReadable(named)) {
      if (!excluded?.leavesOut(path)) found.push(path);
      continue;
    }
    signal?.throwIfAborted();
    const format = named ?? (await sniff(path));
    if (format === undefined || format === 'HTML' || (named === undefined && format === 'SVG')) continue;
    if (excluded?.leavesOut(path)) continue;
    if (isReadable(format)) found.push(path);
    else problems.push(errors.imageFormatUnsupported(path, format).toInfo());
  }
  return found;
}

async function sniff(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => error);
  // A file without an image's name that may not even be opened is none of the dataset's.
  if (file instanceof Error) return undefined;
  try {
    const bytes = new Uint8Array(sniffedBytes);
    const { bytesRead } = await file.read(bytes, 0, sniffedBytes, 0);
    return formatOfContent(bytes.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/**
 * All images below a folder, in natural order of their paths; a folder reached twice, as through a loop of links,
 * counts once.
 */
export async function imagesBelow(folder: string, walk: Walk, seen = new Set<string>()): Promise<string[]> {
  const real = await realPath(folder);
  if (seen.has(real)) return [];
  seen.add(real);
  const { folders, files } = await list(folder, walk);
  const found = await images(files, walk);
  for (const inner of folders) for (const path of await imagesBelow(inner, walk, seen)) found.push(path);
  return found;
}
