/**
 * Whether explanations point at what decides: of held-out images, the places that count most are covered with the
 * image's mean colour, then as many at random, and the model is asked again. Prints how much probability each takes.
 *
 * `node --import tsx bench/explain.ts RUN IMAGES...`: a run, and folders of images that it was not trained on
 */
import { Random } from '../src/trainer/core/random.js';
import { softmax } from '../src/shared/probabilities.js';
import { seenPixels } from '../src/trainer/data/decode.js';
import { Classifier, imagesOf } from '../src/trainer/inference/classifier.js';
import { Explainer } from '../src/trainer/inference/explainer.js';
import { resolveCheckpoint } from '../src/trainer/runs/runFolder.js';

/** The share of the places that is covered. */
const share = 0.2;
/** Random draws for each image. */
const draws = 5;
const mostImages = 200;

const [run, ...folders] = process.argv.slice(2);
const checkpoint = await resolveCheckpoint(run!);
const random = new Random(0, 'explain');
const paths = random.shuffle(await imagesOf(folders)).slice(0, mostImages);
const explainer = await Explainer.open(checkpoint);
const classifier = await Classifier.open(checkpoint);
const { height, width } = classifier.transform;
const lost = { counting: 0, random: 0 };
const times: number[] = [];
for (const path of paths) {
  const { data } = await seenPixels(path, classifier.transform);
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let i = channel; i < data.length; i += 3) sum += data[i]!;
    return Math.round((3 * sum) / data.length);
  });
  const begun = performance.now();
  const { rows, columns, values } = await explainer.explain(path);
  times.push(performance.now() - begun);
  const before = softmax(await classifier.logits(data));
  const best = before.indexOf(Math.max(...before));
  const lossWithout = async (places: readonly number[]): Promise<number> => {
    const covered = data.slice();
    const [down, across] = [height / rows, width / columns];
    for (const place of places) {
      const [top, left] = [Math.floor(place / columns) * down, (place % columns) * across];
      for (let y = Math.round(top); y < Math.round(top + down); y++)
        for (let x = Math.round(left); x < Math.round(left + across); x++) covered.set(mean, (y * width + x) * 3);
    }
    return before[best]! - softmax(await classifier.logits(covered))[best]!;
  };
  const all = [...values.keys()];
  const count = Math.round(share * all.length);
  lost.counting += await lossWithout(all.toSorted((a, b) => values[b]! - values[a]!).slice(0, count));
  for (let i = 0; i < draws; i++)
    lost.random += (await lossWithout(random.shuffle(all.slice()).slice(0, count))) / draws;
}
await explainer.dispose();
await classifier.dispose();
const points = (sum: number): string => ((100 * sum) / paths.length).toFixed(1);
const middle = times.toSorted((a, b) => a - b)[times.length >> 1]!;
console.log(
  `${paths.length} images: covering the ${100 * share} % of places that count most takes ${points(lost.counting)} points of`,
  `probability, as many at random ${points(lost.random)}: ${(lost.counting / lost.random).toFixed(2)} times as much;`,
  `${middle.toFixed(0)} ms for an explanation (median, reading the image included)`,
);
