/** One image of a dataset with its labels. */

export interface Labels {
  /** Index into the dataset's `labels`; -1 where the first task is multi-label or the image has no label for it. */
  label: number;
  /** Of a label file: the numbers of all its labels, counted through the tasks. */
  targets?: readonly number[];
}

export interface Sample extends Labels {
  /** Absolute path of the image. */
  path: string;
}

/** The numbers of an image's labels, counted through all tasks. */
export const targetsOf = ({ label, targets }: Labels): readonly number[] => targets ?? [label];
