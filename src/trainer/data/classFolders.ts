/** Reads folders as classes, and says where they look like something else. */
import { basename, dirname, join, relative, sep } from 'node:path';
import { errors } from '../errors/errors.js';
import { images, imagesBelow, list, type Listing, type Walk } from './folder.js';
import { sortNaturally } from './naturalOrder.js';
import { PathTable } from './pathTable.js';
import { splitsNamed } from './splitNames.js';

/** Images by class (Unicode NFC), in natural order. */
export type Classes = Map<string, PathTable>;

/**
 * The classes of a `class/…` folder, and how many images lie loose in it; classes without images are noted and left
 * out.
 */
export async function classesOf(
  folder: string,
  walk: Walk,
  listing?: Listing,
): Promise<{ classes: Classes; loose: number }> {
  const { folders, files } = listing ?? (await list(folder, walk));
  const classes: Classes = new Map();
  const inner = new Set<string>();
  for (const classFolder of sortNaturally(folders, (path) => basename(path))) {
    const label = basename(classFolder).normalize('NFC');
    const found = await imagesBelow(classFolder, walk);
    const known = classes.get(label);
    const paths = known ?? new PathTable();
    for (const path of found) {
      paths.push(path);
      if (dirname(path) !== classFolder) inner.add(join(classFolder, firstBelow(classFolder, path)));
    }
    if (known) walk.problems.push(errors.classTwice(classFolder, label).toInfo());
    if (found.length === 0) walk.problems.push(errors.classEmpty(classFolder, label).toInfo());
    else classes.set(label, paths);
  }
  if (inner.size > 0) noteNested(folder, [...inner], walk);
  const loose = (await images(files, walk)).length;
  if (loose > 0 && classes.size > 0) walk.problems.push(errors.imagesOutsideClasses(folder, loose).toInfo());
  return { classes, loose };
}

const firstBelow = (folder: string, path: string): string => relative(folder, path).split(sep)[0]!;

/** Says once for a dataset that a class folder's own folders are not classes. */
function noteNested(folder: string, inner: readonly string[], { problems }: Walk): void {
  if (problems.some(({ code }) => code === 'CLASSES_NESTED')) return;
  const classes = [...new Set(inner.map((path) => basename(dirname(path))))];
  const first = inner[0]!;
  problems.push(errors.classesNested(folder, classes, relative(folder, first).replaceAll(sep, '/')).toInfo());
}

/** Names of folders that hold the inputs and the annotations of another kind of dataset. */
const annotated = /^(?:images?|imgs?|pictures|photos|labels?|annotations?|annots?|masks?|segmentations?|bboxes)$/i;

/**
 * Refuses folders that do not look like classes: all of them hold the same folders (splits, batches, years), or they
 * hold images and annotations.
 */
export async function requireClassLike(folder: string, folders: readonly string[], walk: Walk): Promise<void> {
  const names = folders.map((path) => basename(path));
  if (folders.length < 2) return;
  if (names.every((name) => annotated.test(name))) throw errors.datasetAnnotated(folder, names);
  let shared: Set<string> | undefined;
  const all = new Set<string>();
  const filled: string[] = [];
  for (const each of folders) {
    const listing = await list(each, { problems: [], signal: walk.signal });
    // An empty folder is left out and reported.
    if (listing.folders.length === 0 && listing.files.length === 0) continue;
    const own = new Set(listing.folders.map((path) => basename(path).normalize('NFC').toLowerCase()));
    shared = new Set(shared ? [...shared].filter((name) => own.has(name)) : own);
    if (shared.size < 2) return;
    for (const name of own) all.add(name);
    filled.push(basename(each));
  }
  if (!shared || filled.length < 2 || 2 * shared.size < all.size) return;
  const common = sortNaturally([...shared], (name) => name);
  if (splitsNamed(common).size === common.length) throw errors.splitsInsideClasses(folder, filled, common);
  throw errors.classesAlike(folder, filled, common);
}
