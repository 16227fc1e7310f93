/** What cross-validation says of the labels: which are doubtful, how accurate a head is, and what would help. */
import type { ImageCheck } from '../data/decode.js';
import type { CurveReport, Finding, Task } from '../protocol.js';
import { classFaults } from './classFaults.js';
import type { Features } from './features.js';
import { foldsOf } from './folds.js';
import { labelErrors } from './labelErrors.js';
import { gainOfDoubling, learningCurve } from './learningCurve.js';
import type { Neighbours } from './nearest.js';
import { crossValidate, momentsByFold, type Labelled } from './outOfFold.js';
import { shortcuts } from './shortcuts.js';
import { meanOf, standardised } from './standardise.js';

export interface LabelledImages {
  features: Features;
  /** The label of each image, by number; -1 for none. */
  labels: Int32Array;
  task: Task;
  checks: readonly ImageCheck[];
  neighbours: Neighbours;
  /** The set of images that each belongs to. */
  groups: Int32Array;
  pathOf: (image: number) => string;
}

/** As many folds as are usual; a head is trained on four fifths of the images. */
export const foldCount = 5;
/** One draw of the folds: the same dataset has the same findings. */
const foldSeed = 0;

export interface LabelFindings {
  findings: Finding[];
  curve: CurveReport;
  accuracy: number;
  honestAccuracy: number;
  /** [images, classes], by the heads of the cross-validation. */
  probabilities: Float32Array;
}

export async function labelFindings(o: LabelledImages): Promise<LabelFindings> {
  const { labels, task, neighbours, checks, pathOf } = o;
  const classes = task.labels.length;
  const features = standardised(o.features, meanOf(o.features, [...labels.keys()]));
  const data: Labelled = { features, labels, classes };
  const validated = async (groups: ArrayLike<number>) => {
    const folds = foldsOf(labels, groups, foldCount, foldSeed);
    const moments = momentsByFold(data, folds, foldCount);
    return { folds, moments, ...(await crossValidate(data, folds, neighbours, moments)) };
  };
  const random = await validated(Int32Array.from(labels.keys()));
  const isGrouped = new Set(o.groups).size < labels.length;
  const honest = isGrouped ? await validated(o.groups) : random;
  // A copy of an image with the same wrong label would vouch for it, so the honest folds judge the labels. They cannot
  // where all images of a class are in one fold: the heads of the others do not know it.
  const judged = isParted(labels, honest.folds) ? honest : random;
  const points = await learningCurve(data, judged.folds, judged.moments, judged.penalty);
  const name = (label: number): string => task.labels[label]!;
  const faults = classFaults(judged.probabilities, labels, classes);
  const findings: Finding[] = [
    ...labelErrors(judged.probabilities, labels, classes).map(({ image, given, suggested, confidence }): Finding => ({
      type: 'finding',
      kind: 'label-error',
      path: pathOf(image),
      given: name(given),
      suggested: name(suggested),
      confidence,
    })),
    ...shortcuts(checks, labels, classes).map((each): Finding => ({ type: 'finding', kind: 'shortcut', ...each })),
    ...imbalanceOf(faults, labels, name),
    ...faults.tiny.map(({ label, images }): Finding => ({
      type: 'finding',
      kind: 'tiny-class',
      label: name(label),
      images,
    })),
    ...faults.inseparable.map(({ a, b, accuracy }): Finding => ({
      type: 'finding',
      kind: 'inseparable',
      labels: [name(a), name(b)],
      accuracy,
    })),
  ];
  return {
    findings,
    curve: { type: 'curve', points, gain: gainOfDoubling(points) },
    accuracy: random.accuracy,
    honestAccuracy: honest.accuracy,
    probabilities: judged.probabilities,
  };
}

/** Whether each class with several images has them in several folds. */
function isParted(labels: Int32Array, folds: Uint8Array): boolean {
  const seen = new Map<number, { images: number; folds: Set<number> }>();
  labels.forEach((label, i) => {
    const own = seen.get(label) ?? { images: 0, folds: new Set() };
    own.images++;
    seen.set(label, { ...own, folds: own.folds.add(folds[i]!) });
  });
  return [...seen].every(([label, own]) => label < 0 || own.images < 2 || own.folds.size > 1);
}

function imbalanceOf(
  { imbalance }: ReturnType<typeof classFaults>,
  labels: Int32Array,
  name: (label: number) => string,
): Finding[] {
  if (!imbalance) return [];
  const { largest, smallest } = imbalance;
  const count = (label: number): number => labels.filter((each) => each === label).length;
  return [
    {
      type: 'finding',
      kind: 'imbalance',
      labels: [name(largest), name(smallest)],
      images: [count(largest), count(smallest)],
    },
  ];
}
