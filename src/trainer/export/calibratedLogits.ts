/**
 * The rule by which an export carries the calibration: its logits are those of the checkpoint divided by the
 * temperature.
 */
import { WeightStore } from '../compile/weightStore.js';
import { spansOf } from '../core/tasks.js';
import type { Shape } from '../ir/op.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { isHeadOf } from '../nn/networkMap.js';

/** What each logit is multiplied by, [labels of all tasks]; undefined where there is no calibration. */
export function logitScales({ tasks, calibrated }: LoadedCheckpoint): number[] | undefined {
  const found = calibrated?.calibration.tasks;
  return found && spansOf(tasks).flatMap(({ task }, t) => task.labels.map(() => 1 / found[t]!.temperature));
}

/** The calibration by which an export's logits are read, which are divided by the temperature already. */
export const exportedCalibration = ({ calibrated }: LoadedCheckpoint) =>
  calibrated?.calibration.tasks.map(({ thresholds }) => ({ temperature: 1, ...(thresholds && { thresholds }) }));

/** A weight or bias whose first axis are the logits, with each row multiplied by the scale of its logit. */
export function scaleRows(data: Float32Array, scales: readonly number[]): Float32Array {
  const width = data.length / scales.length;
  return data.map((value, i) => value * scales[Math.floor(i / width)]!);
}

/** The same model with its head's weights and biases divided by the temperature. */
export function withCalibratedHead(model: LoadedCheckpoint): LoadedCheckpoint {
  const scales = logitScales(model);
  if (!scales) return model;
  const read = (name: string, shape: Shape): Float32Array => {
    const own = model.weights.share(name, shape);
    return isHeadOf(model.network, name) ? scaleRows(own, scales) : own;
  };
  return { ...model, weights: new WeightStore({ read }) };
}

/** The field of an export's config.json from which raw logits and thresholds can be had again. */
export const calibrationJson = ({ calibrated }: LoadedCheckpoint): Record<string, unknown> =>
  calibrated
    ? {
        vitune_calibration: calibrated.calibration.tasks.map(({ task, temperature, thresholds }) => ({
          task,
          temperature,
          ...(thresholds && { thresholds }),
        })),
      }
    : {};
