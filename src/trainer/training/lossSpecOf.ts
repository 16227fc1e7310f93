/** From a config to the loss: which one, and what each label counts in it. */
import type { LossSpec } from '../compile/loss.js';
import type { LoadedConfig } from '../config/load.js';
import { targetsOf } from '../data/sample.js';
import type { Samples } from '../data/samples.js';
import { errors } from '../errors/errors.js';
import type { Task } from '../protocol.js';
import { countLabels, spansOf, type Span } from '../core/tasks.js';

/** Throws a `UserError` when the weights do not fit the labels. `samples` are those to train on. */
export function lossSpecOf(
  { config, placeOf }: Pick<LoadedConfig, 'config' | 'placeOf'>,
  tasks: readonly Task[],
  samples: Samples,
): LossSpec {
  const { classWeights: given } = config;
  const labels = tasks.flatMap((task) => task.labels);
  if (Array.isArray(given) && given.length !== labels.length)
    throw errors.classWeightsCount(given.length, labels, placeOf('classWeights'));
  const unknown =
    typeof given === 'object' && !Array.isArray(given)
      ? Object.keys(given).find((label) => !labels.includes(label))
      : undefined;
  if (unknown !== undefined) throw errors.classWeightsLabel(unknown, labels, placeOf('classWeights'));
  const balanced = given === 'balanced' ? balancedWeights(tasks, samples) : undefined;
  const weightsOf = ({ task, start, end }: Span): Float32Array | undefined => {
    if (given === undefined) return undefined;
    if (balanced) return balanced.slice(start, end);
    return Float32Array.from(task.labels, (label, i) =>
      Array.isArray(given) ? given[start + i]! : ((given as Record<string, number>)[label] ?? 1),
    );
  };
  return {
    tasks: spansOf(tasks).map((span) => ({
      labels: span.task.labels.length,
      multiLabel: span.task.multiLabel,
      weights: weightsOf(span),
    })),
    focalGamma: config.loss === 'focal' ? config.focalGamma : undefined,
  };
}

/**
 * Of one task images / (labels · images of the label), as scikit-learn's "balanced": over all images their mean
 * is 1. Of a multi-label task images without the label / images with it, as is usual for `pos_weight`.
 */
function balancedWeights(tasks: readonly Task[], samples: Samples): Float32Array {
  const counts = new Float32Array(countLabels(tasks));
  for (let row = 0; row < samples.length; row++)
    for (const target of targetsOf(samples.labelsAt(row))) counts[target]!++;
  return Float32Array.from(
    spansOf(tasks).flatMap(({ task, start, end }) => {
      const own = [...counts.subarray(start, end)];
      const labelled = own.reduce((a, b) => a + b, 0);
      return own.map((count) => (task.multiLabel ? (samples.length - count) / count : labelled / (own.length * count)));
    }),
  );
}
