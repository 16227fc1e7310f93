/**
 * The time and memory of a map of many images: their neighbours by synthetic features, and their places. Prints seconds
 * and the peak of memory.
 *
 * `node --import tsx bench/map/large.ts [IMAGES] [WIDTH]`
 */
import { Random } from '../../src/trainer/core/random.js';
import { nearestNeighbours } from '../../src/trainer/insight/nearest.js';
import { umap } from '../../src/trainer/insight/umap.js';

const [images = 100_000, width = 256] = process.argv.slice(2).map(Number);
const random = new Random(0, 'map');
/** Classes, whose images are about as near as those of photos are (a cosine of 0.5). */
const classes = 100;
const centres = Float32Array.from({ length: classes * width }, () => random.normal());
const values = new Float32Array(images * width);
for (let i = 0; i < images; i++)
  for (let d = 0; d < width; d++) values[i * width + d] = centres[(i % classes) * width + d]! + random.normal();
const begun = performance.now();
const neighbours = await nearestNeighbours({ values, width }, 64);
const compared = performance.now();
await umap({ values, width }, neighbours);
const ended = performance.now();
const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(1);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  `${images} images of ${width} features: neighbours ${seconds(begun, compared)} s, places ${seconds(compared, ended)} s,`,
  `${((userCPUTime + systemCPUTime) / 1e6).toFixed(1)} s of processor time in all, features made included;`,
  `peak ${Math.round(maxRSS / 1024)} MB`,
);
