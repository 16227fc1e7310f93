/** From which probability on each label of a multi-label task counts as predicted. */
import type { TaskCalibration } from '../../shared/calibration.js';
import type { Labelled } from './temperature.js';

type Thresholds = Pick<TaskCalibration, 'temperature' | 'thresholds'>;

/** A label that fewer validation images have, or lack, keeps the usual threshold. */
const fewest = 5;
const usual = 0.5;

/** The logits that have the probabilities of the thresholds, where a task has such. */
export const cutsOf = ({ temperature, thresholds }: Thresholds = { temperature: 1 }): number[] | undefined =>
  thresholds?.map((each) => temperature * Math.log(each / (1 - each)));

/**
 * For each label the threshold of the greatest F1 on the validation images, in the middle between two probabilities, as
 * `logits` at the temperature give them. Of equally good ones it is the nearest to one half.
 */
export function fitThresholds({ logits, targets }: Labelled, temperature: number): number[] {
  return Array.from(logits[0] ?? [], (_, label) => {
    const images = logits
      .map((row, i) => ({
        probability: 1 / (1 + Math.exp(-row[label]! / temperature)),
        has: targets[i]![label]! > 0.5,
      }))
      .sort((a, b) => b.probability - a.probability);
    const support = images.filter(({ has }) => has).length;
    if (support < fewest || images.length - support < fewest) return usual;
    let [best, threshold] = [-1, usual];
    let hits = 0;
    images.forEach(({ probability, has }, i) => {
      if (has) hits++;
      const next = images[i + 1]?.probability ?? 0;
      if (next === probability) return;
      // One half where it lies between the two: nothing tells it from their middle.
      const between = next < usual && usual <= probability ? usual : (probability + next) / 2;
      const f1 = (2 * hits) / (i + 1 + support);
      const isNearer = Math.abs(between - usual) < Math.abs(threshold - usual);
      if (f1 > best || (f1 === best && isNearer)) [best, threshold] = [f1, between];
    });
    return threshold;
  });
}
