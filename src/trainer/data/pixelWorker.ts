/** A worker thread that fills batches of pixels, from the decoded cache or, where that has none, from the picture files; `pixelWorkers.ts` owns it. */
import { openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { UserError } from '../errors.js';
import { Random } from '../random.js';
import { randomCrop, randomErasing, type Augmentation } from './augment.js';
import { evaluationPixels, trainingPixels } from './decode.js';
import { mixImages, type Mixing } from './mixing.js';
import type { Place } from './pixelCache.js';
import { randAugment } from './randAugment.js';
import { Resampler } from './resample.js';
import type { ImageTransform, Region } from './transform.js';

export interface Augmenting {
  seed: number;
  epoch: number;
  augmentation: Augmentation;
}

export interface PixelJob {
  id: number;
  transform: ImageTransform;
  /** The pictures; the batch may be larger, and is black from there on. `sample` names the random stream. */
  pictures: { path: string; place: Place | undefined; sample: number }[];
  batchSize: number;
  augmenting: Augmenting | undefined;
  /** How the pictures are mixed in the end. */
  mixing: Mixing | undefined;
}

/** `images` is `[batchSize, height, width, 3]`; `started` and `ended` are milliseconds since 1970; `lost` is the path of a picture that cannot be read any more. */
export type PixelAnswer = { id: number; images: Uint8Array; started: number; ended: number } | { id: number; lost: string };

const resampler = new Resampler();
/** Open packs by path; Node closes them when the thread ends. */
const packs = new Map<string, number>();

/** `length` bytes of a pack; undefined where the pack is gone, since somebody may empty the cache during a run. */
function readPack({ pack, offset }: Place, start: number, length: number): Uint8Array | undefined {
  let file = packs.get(pack);
  if (file === undefined) {
    try {
      file = openSync(pack, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    packs.set(pack, file);
  }
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, bytes, done, length - done, offset + start + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

async function fillEvaluation(target: Uint8Array, path: string, place: Place | undefined, transform: ImageTransform): Promise<void> {
  target.set((place && readPack(place, 0, target.length)) ?? (await evaluationPixels(path, transform)));
}

function flip(pixels: Uint8Array, width: number): void {
  for (let row = 0; row < pixels.length; row += width * 3)
    for (let a = row, b = row + (width - 1) * 3; a < b; a += 3, b -= 3)
      for (let c = 0; c < 3; c++) [pixels[a + c], pixels[b + c]] = [pixels[b + c]!, pixels[a + c]!];
}

async function fillCropped(target: Uint8Array, picture: PixelJob['pictures'][number], transform: ImageTransform, augmenting: Augmenting): Promise<void> {
  const { path, place, sample } = picture;
  const { seed, epoch, augmentation } = augmenting;
  const random = new Random(seed, 'augment', epoch, sample);
  const mirrored = random.uniform() < augmentation.horizontalFlip;
  const { height, width, kernel } = transform;
  if (augmentation.randomResizedCrop === false) {
    await fillEvaluation(target, path, place, transform);
    if (mirrored) flip(target, width);
    return;
  }
  let crop: Region | undefined;
  let source: Uint8Array | undefined;
  let sourceWidth = 0;
  if (place) {
    crop = randomCrop(random, place.width, place.height, augmentation.randomResizedCrop);
    // Only the rows of the crop are read.
    source = readPack(place, crop.top * place.width * 3, crop.height * place.width * 3);
    sourceWidth = place.width;
  }
  if (source && crop) crop = { ...crop, top: 0 };
  else {
    const pixels = await trainingPixels(path, transform);
    // The cache may be gone after the crop was drawn: the picture's size, and so the crop, is the same.
    crop ??= randomCrop(random, pixels.width, pixels.height, augmentation.randomResizedCrop);
    source = pixels.data;
    sourceWidth = pixels.width;
  }
  resampler.resize(source, sourceWidth, crop, target, width, height, kernel, mirrored);
}

async function fillTraining(target: Uint8Array, picture: PixelJob['pictures'][number], transform: ImageTransform, augmenting: Augmenting): Promise<void> {
  await fillCropped(target, picture, transform, augmenting);
  const { seed, epoch, augmentation } = augmenting;
  const { width, height } = transform;
  // Each has its own stream, so that turning one on leaves the others as they were.
  const stream = (name: string) => new Random(seed, name, epoch, picture.sample);
  if (augmentation.randAugment) randAugment(stream('randAugment'), target, width, height, augmentation.randAugment);
  if (augmentation.randomErasing) randomErasing(stream('randomErasing'), target, width, height, augmentation.randomErasing);
}

async function run({ id, transform, pictures, batchSize, augmenting, mixing }: PixelJob): Promise<PixelAnswer> {
  const started = performance.timeOrigin + performance.now();
  const size = transform.height * transform.width * 3;
  const images = new Uint8Array(batchSize * size);
  try {
    await Promise.all(
      pictures.map((picture, i) => {
        const target = images.subarray(i * size, (i + 1) * size);
        return augmenting ? fillTraining(target, picture, transform, augmenting) : fillEvaluation(target, picture.path, picture.place, transform);
      }),
    );
  } catch (error) {
    if (error instanceof UserError && error.place.file) return { id, lost: error.place.file };
    throw error;
  }
  if (mixing) mixImages(images, transform, mixing);
  return { id, images, started, ended: performance.timeOrigin + performance.now() };
}

let previous = Promise.resolve();
parentPort!.on('message', (job: PixelJob) => {
  // In order: the batch asked for first is needed first. What is thrown here is a bug and ends the thread, which tells its owner.
  previous = previous.then(async () => {
    const answer = await run(job);
    parentPort!.postMessage(answer, 'images' in answer ? [answer.images.buffer as ArrayBuffer] : []);
  });
});
