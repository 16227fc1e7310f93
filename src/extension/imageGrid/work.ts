/** Work on the images of a dataset: what is still to be done of it, and what takes it back. */
import type { CellChange, ImagePlan, Move } from '../../shared/imageChange.js';

/** A file that is kept so that an undo can put it back. */
export interface Held {
  path: string;
  /** Where it is kept. */
  copy: string;
}

export interface Work {
  moves: Move[];
  trash: string[];
  restore: Held[];
  cells: { file: string; changes: CellChange[] } | undefined;
  exclude: { paths: string[]; isExcluded: boolean } | undefined;
  /** Folders that are removed in the end where nothing is in them. */
  prune: string[];
}

export const noWork: Work = { moves: [], trash: [], restore: [], cells: undefined, exclude: undefined, prune: [] };

export const workOf = ({ moves, trash, cells, exclude, emptied, file }: ImagePlan): Work => ({
  ...noWork,
  moves,
  trash,
  cells: cells.length > 0 ? { file: file!, changes: cells } : undefined,
  exclude: exclude.length > 0 ? { paths: exclude, isExcluded: true } : undefined,
  prune: emptied,
});

/** Images, folders or cells that it changes. */
export const sizeOf = ({ moves, trash, restore, cells, exclude }: Work): number =>
  moves.length + trash.length + restore.length + (cells?.changes.length ?? 0) + (exclude?.paths.length ?? 0);

/** What takes work back that was done in full; `held` and `made` are what was kept and which folders were made. */
export const inverseOf = (done: Work, held: Held[], made: string[]): Work => ({
  moves: done.moves.map(({ from, to }) => ({ from: to, to: from })).reverse(),
  trash: done.restore.map(({ path }) => path),
  restore: held,
  cells: done.cells && {
    ...done.cells,
    changes: done.cells.changes.map((change) => ({ ...change, before: change.after, after: change.before })),
  },
  exclude: done.exclude && { ...done.exclude, isExcluded: !done.exclude.isExcluded },
  prune: made,
});
