/**
 * The time and memory of an audit's comparison: near-duplicates among many synthetic features, of which each tenth is
 * planted as a copy. Prints seconds, the peak of memory and how many copies were found.
 *
 * `node --import tsx bench/audit/large.ts [IMAGES] [WIDTH]`
 */
import { Random } from '../../src/trainer/core/random.js';
import { thumbnailSide } from '../../src/trainer/data/imageLook.js';
import { nearDuplicates } from '../../src/trainer/insight/nearDuplicates.js';
import { nearestNeighbours } from '../../src/trainer/insight/nearest.js';

const [images = 100_000, width = 256] = process.argv.slice(2).map(Number);
const random = new Random(0, 'large');
const originals = Math.round(images / 1.1);
/** Classes, whose images are about as near as those of photos are (a cosine of 0.5). */
const centres = Float32Array.from({ length: 100 * width }, () => random.normal());
const values = new Float32Array(images * width);
const thumbnails: Uint8Array[] = [];
for (let i = 0; i < images; i++) {
  const source = i - originals;
  for (let d = 0; d < width; d++)
    values[i * width + d] =
      i < originals
        ? centres[(i % 100) * width + d]! + random.normal()
        : values[source * width + d]! + 0.2 * random.normal();
  thumbnails.push(
    i < originals
      ? Uint8Array.from({ length: thumbnailSide ** 2 }, () => random.below(256))
      : thumbnails[source]!.map((value) => Math.min(255, value + 5)),
  );
}
const begun = performance.now();
const neighbours = await nearestNeighbours({ values, width }, 24);
const compared = performance.now();
const pairs = await nearDuplicates(neighbours, thumbnails);
const ended = performance.now();
const right = pairs.filter(({ a, b }) => b - a === originals).length;
const { userCPUTime, systemCPUTime } = process.resourceUsage();
const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
console.log(
  `${images} images of ${width} features: neighbours ${seconds(begun, compared)} s, pairs ${seconds(compared, ended)} s;`,
  `${right} of ${images - originals} copies in ${pairs.length} pairs;`,
  `${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of processor time in all, features made included;`,
  `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
