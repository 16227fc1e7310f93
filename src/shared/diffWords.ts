/** What a comparison of two models' answers found: how many changed, and who was right, in numbers and in words. */
import { coverageWords, type Coverage } from './coverage.js';
import type { Interval } from './interval.js';
import { pairedWords, type PairedTest } from './pairedTest.js';
import type { ClassFigures } from './trainEvent.js';

/** How many answers changed in a task, and who was right: `changed` is the sum of the three after it. */
export interface DiffCounts {
  /** That both models were asked about. */
  images: number;
  changed: number;
  wasRight: number;
  isRight: number;
  neither: number;
  /** The second model against the first. */
  test: PairedTest;
}

/** How right a model is on the images that were compared: its accuracy with an interval of 95 %, and each class. */
export interface DiffFigures {
  accuracy: number;
  interval: Interval;
  perClass: ClassFigures[];
}

/** With several tasks counts and figures are those of the first, and `tasks` has each task's. */
export interface Diff extends DiffCounts {
  /** Absolute paths of the checkpoints. */
  was: string;
  is: string;
  /** What the run of each used the images for. */
  coverage: { was: Coverage; is: Coverage };
  figures: { was: DiffFigures; is: DiffFigures };
  tasks?: ({ task: string } & DiffCounts)[];
}

/**
 * Who was right of how many, whether that could be chance, and which images it is about. The models are called as
 * `names` says; `t` is that of l10n.
 */
export function diffWords(
  diff: Pick<Diff, 'coverage' | 'tasks'> & DiffCounts,
  names: { was: string; is: string },
  t: (message: string, ...args: (string | number)[]) => string,
): string[] {
  const tasks: ({ task?: string } & DiffCounts)[] = diff.tasks ?? [diff];
  const counts = tasks.flatMap(({ task, images, changed, wasRight, isRight, neither, test }) => {
    const words = t(
      '{0} of {1} images changed their answer: {2} were right before, {3} are right now, {4} are wrong both times.',
      changed,
      images,
      wasRight,
      isRight,
      neither,
    );
    return [task === undefined ? words : `${task}: ${words}`, `${names.is}: ${pairedWords(test, names.was, t)}`];
  });
  const [ofFirst, ofSecond] = [diff.coverage.was, diff.coverage.is].map((each) => coverageWords(each, t)) as [
    string[],
    string[],
  ];
  if (ofFirst.join('\n') === ofSecond.join('\n')) return [...counts, ...ofFirst];
  const named = (name: string, lines: string[]) => lines.map((line) => `${name}: ${line}`);
  return [...counts, ...named(names.was, ofFirst), ...named(names.is, ofSecond)];
}
