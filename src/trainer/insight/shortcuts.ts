/**
 * Shortcuts: properties of the files, such as brightness or camera, that give the label away without the content. A
 * model may learn them instead of what the images show.
 */
import type { ImageCheck } from '../data/decode.js';
import type { ShortcutProperty } from '../protocol.js';

export interface Shortcut {
  property: ShortcutProperty;
  /** How often the property alone is right, in cross-validation, and how often the largest class is. */
  accuracy: number;
  baseline: number;
}

/** A property counts where it saves at least this share of the mistakes that the largest class makes. */
const saved = 0.3;
/** Values of a measured property are parted into so many ranges of equally many images. */
const ranges = 10;
const folds = 5;

const properties: Record<ShortcutProperty, (check: ImageCheck) => number | string | undefined> = {
  width: ({ width }) => width,
  height: ({ height }) => height,
  shape: ({ width, height }) => width / height,
  format: ({ format }) => format,
  brightness: ({ look }) => look.brightness,
  contrast: ({ look }) => look.contrast,
  sharpness: ({ look }) => look.sharpness,
  border: ({ look }) => look.border,
  camera: ({ look }) => look.camera,
};

/** `labels` are class indices, -1 for an image without. The one that gives away most first. */
export function shortcuts(checks: readonly ImageCheck[], labels: Int32Array, classes: number): Shortcut[] {
  const rows = [...labels.keys()].filter((i) => labels[i]! >= 0);
  const sizes = new Array<number>(classes).fill(0);
  for (const i of rows) sizes[labels[i]!]!++;
  const baseline = Math.max(...sizes) / Math.max(1, rows.length);
  return (Object.keys(properties) as ShortcutProperty[])
    .flatMap((property): Shortcut[] => {
      const values = rows.map((i) => properties[property](checks[i]!) ?? '');
      const bins = binsOf(values);
      if (new Set(bins).size < 2) return [];
      const accuracy = guessed(
        bins,
        rows.map((i) => labels[i]!),
      );
      return accuracy - baseline >= saved * (1 - baseline) ? [{ property, accuracy, baseline }] : [];
    })
    .sort((a, b) => b.accuracy - a.accuracy);
}

/** The range of each number, or the number of each word. */
function binsOf(values: readonly (number | string)[]): number[] {
  if (values.some((value) => typeof value === 'string')) {
    const numbers = new Map([...new Set(values)].map((value, i) => [value, i]));
    return values.map((value) => numbers.get(value)!);
  }
  const sorted = [...(values as number[])].sort((a, b) => a - b);
  const bounds = Array.from({ length: ranges - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / ranges)]!);
  return (values as number[]).map((value) => bounds.filter((bound) => value >= bound).length);
}

/** How often the commonest label of a bin, among images of other folds, is right. */
function guessed(bins: readonly number[], labels: readonly number[]): number {
  const tallies = new Map<number, Map<number, number>[]>();
  bins.forEach((bin, i) => {
    const own = tallies.get(bin) ?? Array.from({ length: folds }, () => new Map<number, number>());
    tallies.set(bin, own);
    own[i % folds]!.set(labels[i]!, (own[i % folds]!.get(labels[i]!) ?? 0) + 1);
  });
  let right = 0;
  for (const own of tallies.values()) {
    for (let fold = 0; fold < folds; fold++) {
      const counts = new Map<number, number>();
      for (const [f, tally] of own.entries())
        if (f !== fold) for (const [label, count] of tally) counts.set(label, (counts.get(label) ?? 0) + count);
      const [commonest] = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0] ?? [-1];
      right += own[fold]!.get(commonest) ?? 0;
    }
  }
  return right / Math.max(1, labels.length);
}
