/**
 * A worker thread that fills batches of pixels, from the decoded cache or, where that has none, from the image files;
 * `pixelWorkers.ts` owns it.
 */
import { openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { readFullySync } from '../core/fileBytes.js';
import { UserError } from '../errors/errors.js';
import { setLanguage } from '../core/language.js';
import type { ErrorInfo } from '../protocol.js';
import { Random } from '../core/random.js';
import { randomCrop, randomErasing, type Augmentation } from './augment.js';
import { forEachConcurrently } from './concurrently.js';
import { evaluationPixels, trainingPixels, type Pixels } from './decode.js';
import { type DecodeSlot, useDecodeSlot } from './decodeMemory.js';
import { drawMixing, mixImages, type Mixing } from './mixing.js';
import { checksumBytes, type Place, provenPixels } from './pixelCache.js';
import { randAugment } from './randAugment.js';
import { Resampler } from './resample.js';
import type { ImageTransform } from './transform.js';

export interface Augmenting {
  seed: number;
  epoch: number;
  augmentation: Augmentation;
  /** The number of the batch in its epoch, where its images may be mixed. */
  batch?: number | undefined;
}

export interface PixelJob {
  id: number;
  transform: ImageTransform;
  /**
   * The requested images; `sample` names the random stream, `isWanted` requests that newly decoded pixels are returned.
   * The worker notes which places turn out to be damaged.
   */
  images: { path: string; place: Place | undefined; isWanted: boolean; sample: number; isDamaged?: boolean }[];
  /** The batch may be larger than the request; the rest of it is black. */
  batchSize: number;
  augmenting: Augmenting | undefined;
}

export interface PixelReply {
  id: number;
  /** `[batchSize, height, width, 3]`: the images that can be read, one after the other. */
  images: Uint8Array<ArrayBuffer>;
  /** How they were mixed in the end. */
  mixing: Mixing | undefined;
  /** The requested images, counted from 0, that cannot be read, with the reason. */
  unreadable: { index: number; reason: ErrorInfo }[];
  /** The pixels that were wanted, before augmentation. */
  decoded: { index: number; pixels: Pixels }[];
  /** Packs of which the pixels of an image were not those that were written: the image was decoded again. */
  damaged: string[];
  /** Whether any image was decoded. */
  hasDecoded: boolean;
  /** Milliseconds since 1970. */
  started: number;
  ended: number;
}

type Image = PixelJob['images'][number];

/** Images decoded at once, in libuv's threads: their files and pixels are held in memory for that time. */
const decodesAtOnce = Math.min(4, availableParallelism());
const resampler = new Resampler();
/** Open packs by path; Node closes them when the thread ends. */
const packs = new Map<string, number>();

/**
 * The pixels of a place; undefined where the pack is gone, since somebody may empty the cache during a run, and
 * `damaged` where the bytes are not those that were written.
 */
function readPack({ pack, offset, width, height, seal }: Place): Uint8Array | 'damaged' | undefined {
  const record = Buffer.alloc(checksumBytes + width * height * 3);
  try {
    let file = packs.get(pack);
    if (file === undefined) packs.set(pack, (file = openSync(pack, 'r')));
    if (!readFullySync(file, record, offset)) return 'damaged';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // A disk that cannot be read has no pixels either.
    return code === 'ENOENT' ? undefined : 'damaged';
  }
  return provenPixels(record, seal) ?? 'damaged';
}

/** The pixels that are kept of an image, if they are whole. */
function keptPixels(image: Image): Uint8Array | undefined {
  const found = image.place && readPack(image.place);
  if (found !== 'damaged') return found;
  image.isDamaged = true;
  image.isWanted = true;
  return undefined;
}

/** Fills `target` and gives the pixels where they had to be decoded. */
async function fillEvaluation(
  target: Uint8Array,
  image: Image,
  transform: ImageTransform,
): Promise<Pixels | undefined> {
  const known = keptPixels(image);
  const data = known ?? (await evaluationPixels(image.path, transform));
  target.set(data);
  return known ? undefined : { width: transform.width, height: transform.height, data };
}

function flip(pixels: Uint8Array, width: number): void {
  for (let row = 0; row < pixels.length; row += width * 3)
    for (let a = row, b = row + (width - 1) * 3; a < b; a += 3, b -= 3)
      for (let c = 0; c < 3; c++) [pixels[a + c], pixels[b + c]] = [pixels[b + c]!, pixels[a + c]!];
}

async function fillCropped(
  target: Uint8Array,
  image: Image,
  transform: ImageTransform,
  augmenting: Augmenting,
): Promise<Pixels | undefined> {
  const { path, place, sample } = image;
  const { seed, epoch, augmentation } = augmenting;
  const random = new Random(seed, 'augment', epoch, sample);
  const mirrored = random.uniform() < augmentation.horizontalFlip;
  const { height, width, kernel } = transform;
  if (augmentation.randomResizedCrop === false) {
    const decoded = await fillEvaluation(target, image, transform);
    if (mirrored) flip(target, width);
    return decoded;
  }
  const kept = keptPixels(image);
  const decoded = kept ? undefined : await trainingPixels(path, transform);
  // Decoded again the image has the same size, and so the same crop.
  const source = kept && place ? { ...place, data: kept } : decoded!;
  const crop = randomCrop(random, source.width, source.height, augmentation.randomResizedCrop);
  resampler.resize(source.data, source.width, crop, target, width, height, kernel, mirrored);
  return decoded;
}

async function fillTraining(
  target: Uint8Array,
  image: Image,
  transform: ImageTransform,
  augmenting: Augmenting,
): Promise<Pixels | undefined> {
  const decoded = await fillCropped(target, image, transform, augmenting);
  const { seed, epoch, augmentation } = augmenting;
  const { width, height } = transform;
  // Each has its own stream, so that turning one on leaves the others as they were.
  const stream = (name: string) => new Random(seed, name, epoch, image.sample);
  if (augmentation.randAugment) randAugment(stream('randAugment'), target, width, height, augmentation.randAugment);
  if (augmentation.randomErasing)
    randomErasing(stream('randomErasing'), target, width, height, augmentation.randomErasing);
  return decoded;
}

async function run({ id, transform, images, batchSize, augmenting }: PixelJob): Promise<PixelReply> {
  const started = performance.timeOrigin + performance.now();
  const size = transform.height * transform.width * 3;
  const pixels = new Uint8Array(batchSize * size);
  const unreadable = new Map<number, ErrorInfo>();
  const decoded: PixelReply['decoded'] = [];
  let hasDecoded = false;
  await forEachConcurrently(images.length, decodesAtOnce, undefined, async (index) => {
    const image = images[index]!;
    const target = pixels.subarray(index * size, (index + 1) * size);
    try {
      const original = augmenting
        ? await fillTraining(target, image, transform, augmenting)
        : await fillEvaluation(target, image, transform);
      hasDecoded ||= original !== undefined;
      // sharp's own memory cannot be handed over to another thread.
      if (original && image.isWanted) {
        decoded.push({ index, pixels: { ...original, data: new Uint8Array(original.data) } });
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      unreadable.set(index, error.toInfo());
    }
  });
  const left = [...images.keys()].filter((index) => !unreadable.has(index));
  if (unreadable.size) {
    left.forEach((index, i) => pixels.copyWithin(i * size, index * size, (index + 1) * size));
    pixels.fill(0, left.length * size);
  }
  const mixing = drawn(left.length, transform, augmenting);
  if (mixing) mixImages(pixels, transform, mixing);
  const reasons = [...unreadable].map(([index, reason]) => ({ index, reason })).sort((a, b) => a.index - b.index);
  return {
    id,
    images: pixels,
    mixing,
    unreadable: reasons,
    decoded,
    damaged: [...new Set(images.flatMap(({ isDamaged, place }) => (isDamaged && place ? [place.pack] : [])))],
    hasDecoded,
    started,
    ended: performance.timeOrigin + performance.now(),
  };
}

/** How the `count` images of a batch are mixed. */
function drawn(count: number, transform: ImageTransform, augmenting: Augmenting | undefined): Mixing | undefined {
  if (augmenting?.batch === undefined || !count) return undefined;
  return drawMixing(
    new Random(augmenting.seed, 'mixing', augmenting.epoch, augmenting.batch),
    count,
    transform,
    augmenting.augmentation,
  );
}

useDecodeSlot(workerData as DecodeSlot);
// What is said of unreadable images is said here.
let previous = setLanguage();
parentPort!.on('message', (job: PixelJob) => {
  // In order: the batch requested first is needed first. An error thrown here is a bug; it ends the thread, which
  // notifies its owner.
  previous = previous.then(async () => {
    const reply = await run(job);
    parentPort!.postMessage(reply, [
      reply.images.buffer,
      ...reply.decoded.map(({ pixels }) => pixels.data.buffer as ArrayBuffer),
    ]);
  });
});
