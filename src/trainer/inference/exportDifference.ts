/** How an export's answers differ from those of its checkpoint, from the image files on. */
import type { Classification } from '../protocol.js';
import type { Classifier } from './classifier.js';

export interface ExportDifference {
  /** That both read. */
  images: number;
  /** The greatest difference of a probability, 0 to 1, and the image that has it. */
  largest: number;
  farthest: string | undefined;
  changed: { path: string; was: string; is: string }[];
}

/** Two labels whose probabilities differ by no more may change places: sums in another order make 1e-6. */
const tie = 1e-5;

type Answer = Extract<Classification, { predictions: unknown }>;

const tasksOf = ({ predictions, tasks }: Answer) => tasks?.map((each) => each.predictions) ?? [predictions];

/** Compares what two models with the same labels say of each image; each prepares it in its own way. */
export async function compareWithExport(
  own: Classifier,
  exported: Classifier,
  paths: readonly string[],
  signal?: AbortSignal,
): Promise<ExportDifference> {
  const found: ExportDifference = { images: 0, largest: 0, farthest: undefined, changed: [] };
  const theirs = exported.classify(paths, { top: Infinity }, signal);
  for await (const live of own.classify(paths, { top: Infinity }, signal)) {
    const other = (await theirs.next()).value as Classification;
    if ('error' in live || 'error' in other) continue;
    found.images++;
    const others = tasksOf(other);
    for (const [t, predictions] of tasksOf(live).entries()) {
      const probabilities = new Map(others[t]!.map(({ label, probability }) => [label, probability]));
      for (const { label, probability } of predictions) {
        const gap = Math.abs(probability - probabilities.get(label)!);
        // A comparison would not find NaN.
        const difference = Number.isNaN(gap) ? 1 : gap;
        if (difference > found.largest) [found.largest, found.farthest] = [difference, live.path];
      }
      const { multiLabel } = own.tasks[t]!;
      const labelsOf = (all: typeof predictions) =>
        multiLabel
          ? all
              .filter(({ probability, threshold = 0.5 }) => probability >= threshold)
              .map(({ label }) => label)
              .sort()
          : [all[0]!.label];
      const [was, is] = [labelsOf(predictions), labelsOf(others[t]!)].map((labels) => labels.join(', '));
      const isTie =
        !multiLabel && predictions[0]!.probability - predictions.find(({ label }) => label === is)!.probability <= tie;
      if (was !== is && !isTie) found.changed.push({ path: live.path, was: was!, is: is! });
    }
  }
  return found;
}
