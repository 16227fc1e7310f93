/**
 * The version of a dataset that a run was started on: path, size, date, hash, label and split of each image, as a list
 * of images in the run folder. A million images take some 50 MB.
 */
import { availableParallelism } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { stat } from 'node:fs/promises';
import { ImageListDamaged, type ImageColumn, type ImageList } from '../../shared/imageList.js';
import { runFiles } from '../../shared/runFolder.js';
import { writeFileAtomically } from '../checkpoint/store.js';
import { isThere } from '../core/files.js';
import { forEachConcurrently } from '../data/concurrently.js';
import { markOf } from '../data/contentMark.js';
import type { Dataset } from '../data/dataset.js';
import { datasetList, readImageList } from '../data/datasetList.js';
import { errors } from '../errors/errors.js';
import type { SplitName } from '../protocol.js';
import { matchImages } from './matchImages.js';
import { placesIn } from './splitFile.js';

export interface VersionOptions {
  /** A version of the same dataset: a file of the same size and date is not read again. */
  known?: ImageList | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, total: number) => void;
}

/** Paths are relative to the dataset, with / on every system. An unreadable file has NaN for size, date and hash. */
export async function versionOf(dataset: Dataset, o: VersionOptions = {}): Promise<ImageList> {
  const list = await datasetList(dataset, [], false, placesIn(dataset.root));
  const size = new Float64Array(list.length).fill(NaN);
  const date = new Float64Array(list.length).fill(NaN);
  const hash = new Float64Array(list.length).fill(NaN);
  const before = o.known && rowsByPath(o.known);
  const [sizes, dates, hashes] = ['size', 'date', 'hash'].map((id) => o.known?.number(id)?.data);
  let done = 0;
  await forEachConcurrently(list.length, Math.min(4, availableParallelism()), o.signal, async (row) => {
    const place = list.pathAt(row);
    const path = imageAt(dataset.root, place);
    const old = before?.get(place);
    const status = old === undefined ? undefined : await stat(path).catch(() => undefined);
    if (status && sizes?.[old!] === status.size && dates?.[old!] === status.mtimeMs) {
      size[row] = status.size;
      date[row] = status.mtimeMs;
      hash[row] = hashes![old!]!;
    } else {
      // That it cannot be read is said where its pixels are needed.
      const mark = await markOf(path).catch(() => undefined);
      if (mark) [size[row], date[row], hash[row]] = [mark.bytes, mark.date, mark.hash];
    }
    done++;
    if (done % 200 === 0 || done === list.length) o.onProgress?.(done, list.length);
  });
  const columns: ImageColumn[] = [
    { id: 'size', kind: 'number', format: 'bytes', data: size },
    { id: 'date', kind: 'number', format: 'date', data: date },
    { id: 'hash', kind: 'number', format: 'rank', data: hash },
  ];
  return list.with(...columns);
}

/** The absolute path of an image of a version. */
export const imageAt = (root: string, place: string): string => resolve(root, place.split('/').join(sep));

function rowsByPath(list: ImageList): Map<string, number> {
  const rows = new Map<string, number>();
  for (let row = 0; row < list.length; row++) rows.set(list.pathAt(row), row);
  return rows;
}

export const writeVersion = (run: string, version: ImageList): Promise<void> =>
  writeFileAtomically(join(run, runFiles.images), version.toBytes());

/** Undefined for a run from before there was such a file. Throws a `UserError` where it is damaged. */
export async function readVersion(run: string): Promise<ImageList | undefined> {
  const file = join(run, runFiles.images);
  if (!(await isThere(file))) return undefined;
  try {
    return await readImageList(file);
  } catch (error) {
    if (error instanceof ImageListDamaged) throw errors.run.damaged(file, error.message);
    throw error;
  }
}

/** What a run used each image of the dataset for, as it is now, by absolute path, also of those moved since. */
export async function partsOf(
  version: ImageList,
  now: Dataset,
  o: Omit<VersionOptions, 'known'> = {},
): Promise<Map<string, SplitName>> {
  const list = await versionOf(now, { ...o, known: version });
  const split = version.choice('split');
  const parts = new Map<string, SplitName>();
  for (const [was, is] of matchImages(version, list)) {
    const part = was === undefined ? undefined : split?.values[split.data[was]! - 1];
    if (is !== undefined && part !== undefined) parts.set(imageAt(now.root, list.pathAt(is)), part as SplitName);
  }
  return parts;
}
