/**
 * Times one image in a warm process: decoding, forward pass, and the complete request to the classification process.
 * Prints one JSON line, in milliseconds.
 */
import { fork } from 'node:child_process';
import { evaluationPixels } from '../src/trainer/data/decode.js';
import type { ServeResponse, ServeRequest } from '../src/trainer/protocol.js';
import { Classifier } from '../src/trainer/inference/classifier.js';

const [program, checkpoint, ...images] = process.argv.slice(2) as [string, string, ...string[]];
const child = fork(program, ['serve']);

function classified(id: number, paths: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const listen = (answer: ServeResponse): void => {
      if (answer.type === 'error') reject(new Error(answer.message));
      if (answer.type !== 'done') return;
      child.off('message', listen);
      resolve();
    };
    child.on('message', listen);
    child.send({ id, type: 'classify', checkpoint, paths, top: 5 } satisfies ServeRequest);
  });
}

const classifier = await Classifier.open(checkpoint);
const times = { decode: [] as number[], forward: [] as number[], whole: [] as number[] };
let start = 0;
const lap = (list: number[], isWarm: boolean): void => {
  if (isWarm) list.push(performance.now() - start);
  start = performance.now();
};
for (const [i, path] of images.entries()) {
  start = performance.now();
  const pixels = await evaluationPixels(path, classifier.transform);
  lap(times.decode, i > 2);
  await classifier.logits(pixels);
  lap(times.forward, i > 2);
  await classified(i, [path]);
  lap(times.whole, i > 2);
}
child.disconnect();
await classifier.dispose();
const median = (list: number[]): number => [...list].sort((a, b) => a - b)[list.length >> 1]!;
console.log(JSON.stringify(Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]))));
