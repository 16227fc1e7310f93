/** Work on the images of a dataset: what is still to be done of it, and what takes it back. */
import type { CellChange, ImagePlan, Move } from '../../shared/imageChange.js';

/** A file that goes to the trash or comes back. */
export interface Held {
  path: string;
  /** Where it is kept so that an undo can put it back. */
  copy: string;
}

export interface Work {
  moves: Move[];
  trash: Held[];
  restore: Held[];
  cells: { file: string; changes: CellChange[] } | undefined;
  exclude: { paths: string[]; isExcluded: boolean } | undefined;
  /** Folders that are removed in the end where nothing is in them. */
  prune: string[];
}

export const noWork: Work = { moves: [], trash: [], restore: [], cells: undefined, exclude: undefined, prune: [] };

/** `placeOf` says where a file is kept that goes to the trash. */
export const workOf = (
  { moves, trash, cells, exclude, emptied, file }: ImagePlan,
  placeOf: (path: string) => string,
): Work => ({
  ...noWork,
  moves,
  trash: trash.map((path) => ({ path, copy: placeOf(path) })),
  cells: cells.length > 0 ? { file: file!, changes: cells } : undefined,
  exclude: exclude.length > 0 ? { paths: exclude, isExcluded: true } : undefined,
  prune: emptied,
});

/** Images, folders or cells that it changes. */
export const sizeOf = ({ moves, trash, restore, cells, exclude }: Work): number =>
  moves.length + trash.length + restore.length + (cells?.changes.length ?? 0) + (exclude?.paths.length ?? 0);

/** What takes work back that was done in full; `made` are the folders that were made for it. */
export const inverseOf = (done: Work, made: string[]): Work => ({
  moves: done.moves.map(({ from, to }) => ({ from: to, to: from })).reverse(),
  trash: done.restore,
  restore: done.trash,
  cells: done.cells && {
    ...done.cells,
    changes: done.cells.changes.map((change) => ({ ...change, before: change.after, after: change.before })),
  },
  exclude: done.exclude && { ...done.exclude, isExcluded: !done.exclude.isExcluded },
  prune: made,
});

/** Work on files as one. */
export const joined = (one: Work, other: Work): Work => ({
  ...noWork,
  moves: [...one.moves, ...other.moves],
  trash: [...one.trash, ...other.trash],
  restore: [...one.restore, ...other.restore],
  prune: [...new Set([...one.prune, ...other.prune])],
});
