/** Counts the images of each label in each split. */
import type { LabelCount, SplitName, Task } from '../protocol.js';
import { spansOf } from '../core/tasks.js';
import { targetsOf, type Sample } from './sample.js';

/** For each task, in the order of its labels. */
export function countEach(
  tasks: readonly Task[],
  images: Iterable<{ split: SplitName; sample: Sample }>,
): LabelCount[][] {
  const counts = tasks.flatMap(({ labels }) =>
    labels.map((label): LabelCount => ({ label, train: 0, validation: 0, test: 0 })),
  );
  for (const { split, sample } of images) for (const target of targetsOf(sample)) counts[target]![split]++;
  return spansOf(tasks).map(({ start, end }) => counts.slice(start, end));
}
