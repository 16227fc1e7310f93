/** Classes that are too small, far smaller than others, or hardly distinguished. */

export interface ClassFaults {
  /** Classes with fewer images than `tinyClass`. */
  tiny: { label: number; images: number }[];
  /** The largest and the smallest class, where they differ strongly. */
  imbalance: { largest: number; smallest: number } | undefined;
  /** Pairs of which a head that has to choose between the two is right hardly more often than a coin. */
  inseparable: { a: number; b: number; accuracy: number }[];
}

/** Images below which a class can hardly be learnt. */
const tinyClass = 10;
/** The largest class has so many times the images of the smallest: a model does well by guessing the largest. */
const strongImbalance = 10;
/** Mean accuracy of two classes below which they are not distinguished; a coin has 0.5. */
const coin = 0.65;

/** `probabilities` [images, classes] come from heads that were not trained on the image. */
export function classFaults(probabilities: Float32Array, labels: Int32Array, classes: number): ClassFaults {
  const members = Array.from({ length: classes }, (): number[] => []);
  for (let image = 0; image < labels.length; image++) if (labels[image]! >= 0) members[labels[image]!]!.push(image);
  const sizes = members.map(({ length }) => length);
  const filled = [...sizes.keys()].filter((label) => sizes[label]! > 0).sort((a, b) => sizes[a]! - sizes[b]!);
  const [smallest, largest] = [filled[0]!, filled.at(-1)!];
  const isImbalanced = sizes[largest]! >= strongImbalance * sizes[smallest]!;
  const p = (image: number, label: number): number => probabilities[image * classes + label]!;
  const inseparable: ClassFaults['inseparable'] = [];
  for (let a = 0; a < classes; a++) {
    for (let b = a + 1; b < classes; b++) {
      if (sizes[a]! < tinyClass || sizes[b]! < tinyClass) continue;
      const share = (own: number, other: number): number =>
        members[own]!.filter((image) => p(image, own) > p(image, other)).length / sizes[own]!;
      const accuracy = (share(a, b) + share(b, a)) / 2;
      if (accuracy < coin) inseparable.push({ a, b, accuracy });
    }
  }
  return {
    tiny: filled.filter((label) => sizes[label]! < tinyClass).map((label) => ({ label, images: sizes[label]! })),
    imbalance: isImbalanced ? { largest, smallest } : undefined,
    inseparable: inseparable.sort((x, y) => x.accuracy - y.accuracy),
  };
}
