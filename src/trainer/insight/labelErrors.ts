/**
 * Labels that are probably wrong: confident learning, pruned by noise rate (Northcutt et al., 2021, arXiv:1911.00068,
 * sections 3.1 and 3.2).
 */

export interface LabelError {
  image: number;
  given: number;
  suggested: number;
  /** 1 − the probability of the given label, by a head that was not trained on the image. */
  confidence: number;
}

/**
 * The surest first. `probabilities` [images, classes] come from heads that were not trained on the image; an image with
 * the label -1 has none.
 */
export function labelErrors(probabilities: Float32Array, labels: Int32Array, classes: number): LabelError[] {
  const members = Array.from({ length: classes }, (): number[] => []);
  for (let image = 0; image < labels.length; image++) if (labels[image]! >= 0) members[labels[image]!]!.push(image);
  const thresholds = members.map((own, c) => {
    const sum = own.reduce((total, image) => total + probabilities[image * classes + c]!, 0);
    return own.length ? sum / own.length : Infinity;
  });
  const found = new Map<number, LabelError>();
  for (const [given, own] of members.entries()) {
    const counts = confidentCounts(own, probabilities, thresholds);
    const counted = counts.reduce((sum, count) => sum + count, 0);
    if (!counted) continue;
    for (const [suggested, count] of counts.entries()) {
      const expected = Math.round((count / counted) * own.length);
      if (suggested === given || !expected) continue;
      const margin = (image: number): number =>
        probabilities[image * classes + suggested]! - probabilities[image * classes + given]!;
      const doubtful = own.filter((image) => margin(image) > 0).sort((a, b) => margin(b) - margin(a));
      for (const image of doubtful.slice(0, expected)) {
        const known = found.get(image);
        if (known && margin(image) <= probabilities[image * classes + known.suggested]! - (1 - known.confidence))
          continue;
        found.set(image, { image, given, suggested, confidence: 1 - probabilities[image * classes + given]! });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.confidence - a.confidence || a.image - b.image);
}

/**
 * A row of the confident joint [classes]: how many of these images are of each class, by what is at least as likely of
 * them as it is, on average, of images with that label.
 */
function confidentCounts(images: readonly number[], probabilities: Float32Array, thresholds: number[]): number[] {
  const classes = thresholds.length;
  const counts = new Array<number>(classes).fill(0);
  for (const image of images) {
    let best = -1;
    for (let c = 0; c < classes; c++) {
      const own = probabilities[image * classes + c]!;
      if (own >= thresholds[c]! && (best < 0 || own > probabilities[image * classes + best]!)) best = c;
    }
    if (best >= 0) counts[best]!++;
  }
  return counts;
}
