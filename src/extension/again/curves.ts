/** The curves of runs that are compared, over epochs: runs with other batches take other steps. */
import type { Run } from '../runs/run.js';

/** Of each run, in order: `[epochs, values]`. */
export interface ComparedCurves {
  accuracy: Curve[];
  validationLoss: Curve[];
  trainingLoss: Curve[];
}

export type Curve = [epochs: number[], values: number[]];

/** A chart has no more columns of pixels. */
const most = 600;

export function curvesOf(runs: readonly Pick<Run, 'events'>[]): ComparedCurves {
  const validations = runs.map(({ events }) =>
    events.flatMap((event) => (event.type === 'evaluation' && event.split === 'validation' ? [event] : [])),
  );
  const steps = runs.map(({ events }) => events.flatMap((event) => (event.type === 'step' ? [event] : [])));
  return {
    accuracy: validations.map((each) => curve(each, ({ accuracy }) => accuracy)),
    validationLoss: validations.map((each) => curve(each, ({ loss }) => loss)),
    trainingLoss: steps.map((each) => curve(averaged(each), ({ loss }) => loss)),
  };
}

const curve = <E extends { epoch: number }>(events: readonly E[], value: (event: E) => number): Curve => [
  events.map(({ epoch }) => epoch),
  events.map(value),
];

/** Means of as many neighbours as leave few enough points. */
function averaged(steps: readonly { epoch: number; loss: number }[]): { epoch: number; loss: number }[] {
  const size = Math.max(1, Math.ceil(steps.length / most));
  const groups = Array.from({ length: Math.ceil(steps.length / size) }, (_, i) =>
    steps.slice(i * size, (i + 1) * size),
  );
  return groups.map((group) => ({
    epoch: group.at(-1)!.epoch,
    loss: group.reduce((sum, { loss }) => sum + loss, 0) / group.length,
  }));
}
