/** What changed between two versions of a dataset: how many images in which way, and which. */
import { changeKinds, type ChangeKind, type DatasetChanges } from '../../shared/datasetChanges.js';
import type { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder } from '../../shared/imageListBuilder.js';
import { imageAt } from './datasetVersion.js';
import { matchImages, type Match } from './matchImages.js';

export interface ChangesOptions {
  /** The folder of the dataset. */
  root: string;
  /** Whether the splits of both are meant: one that was only drawn from the dataset as it is now says nothing. */
  comparesSplits: boolean;
}

/** `list` has the images that changed: how, their label now and before, and the split that they are in now. */
export function versionChanges(
  was: ImageList,
  is: ImageList,
  { root, comparesSplits }: ChangesOptions,
): { changes: DatasetChanges; list: ImageList } {
  const changes: DatasetChanges = { images: is.length, added: 0, removed: 0, relabelled: 0, resplit: 0, edited: 0 };
  const images = new ImageListBuilder();
  const columns = {
    change: new ChoiceBuilder({ id: 'edit' }, changeKinds),
    label: new ChoiceBuilder({ id: 'label' }),
    before: new ChoiceBuilder({ id: 'labelBefore' }),
    split: new ChoiceBuilder({ id: 'split' }, ['train', 'validation', 'test']),
  };
  for (const [before, now] of matchImages(was, is)) {
    const kinds = kindsOf(was, is, [before, now], comparesSplits);
    if (!kinds.length) continue;
    for (const kind of kinds) changes[kind]++;
    const row = images.add(imageAt(root, now === undefined ? was.pathAt(before!) : is.pathAt(now)));
    columns.change.set(row, kinds[0]!);
    if (now !== undefined) columns.label.set(row, labelOf(is, now));
    if (before !== undefined && (now === undefined || kinds.includes('relabelled')))
      columns.before.set(row, labelOf(was, before));
    const split = now === undefined ? splitOf(was, before!) : splitOf(is, now);
    if (split !== undefined && comparesSplits) columns.split.set(row, split);
  }
  return { changes, list: images.list(Object.values(columns)) };
}

/** The gravest first. */
function kindsOf(was: ImageList, is: ImageList, [before, now]: Match, comparesSplits: boolean): ChangeKind[] {
  if (now === undefined) return ['removed'];
  if (before === undefined) return ['added'];
  const differs: Partial<Record<ChangeKind, boolean>> = {
    relabelled: labelOf(was, before) !== labelOf(is, now),
    resplit: comparesSplits && splitOf(was, before) !== splitOf(is, now),
    edited: hashOf(was, before) !== hashOf(is, now),
  };
  return changeKinds.filter((kind) => differs[kind]);
}

/** The labels of all tasks. */
const labelOf = (list: ImageList, row: number): string =>
  list.columns
    .flatMap((column) => (column.id === 'label' && column.kind === 'choice' ? [wordAt(column, row) ?? '–'] : []))
    .join(' · ');

const splitOf = (list: ImageList, row: number): string | undefined => {
  const column = list.choice('split');
  return column && wordAt(column, row);
};

const wordAt = ({ values, data }: { values: string[]; data: ArrayLike<number> }, row: number): string | undefined =>
  values[data[row]! - 1];

/** Files that cannot be read are alike. */
const hashOf = (list: ImageList, row: number): number => list.number('hash')?.data[row] || 0;
