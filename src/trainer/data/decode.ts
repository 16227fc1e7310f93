/**
 * Decodes images to 8-bit sRGB, the same way everywhere: the only importer of sharp. The work is done in libuv's
 * threads, off the caller's.
 */
import { createHash, webcrypto } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp';
import { errors, reasonOf, type UserError } from '../errors/errors.js';
import { readBmp, readIco, tooManyPixels } from './bitmap.js';
import { formatOfContent, isReadable, sniffedBytes } from '../../shared/imageFormats.js';
import { type DecodeMemory, decodeMemoryLimit, TooLargeToDecode, withDecodeMemory } from './decodeMemory.js';
import { type DeepSamples, deepSamplesOfPng, deepSamplesOfTiff, hasOtherChannel } from './deepSamples.js';
import { labToSrgb, relabelledLab } from './labTiff.js';
import { captureOf } from './exif.js';
import { heifHeader, heifPixels } from './heif.js';
import { type ImageLook, lookAt, reduced } from './imageLook.js';
import { Resampler } from './resample.js';
import { isColour, type Samples16To64 as Samples, sampleRangeOf, toRgb } from './sampleRange.js';
import {
  centreCrop,
  evaluationFit,
  seenRegion,
  trainingFit,
  type Fit,
  type ImageTransform,
  type Kernel,
  type Region,
} from './transform.js';
import { YCbCrTiff } from './yCbCrTiff.js';

/** `data` is `[height, width, 3]`, RGB. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Pillow's bound against decompression bombs (twice its MAX_IMAGE_PIXELS). */
const maximumPixels = 178_956_970;

// Images are decoded side by side; libvips' own threads and its cache of operations would only add to that.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoadSvg'] });

/** Changes when a decoder might give other pixels, so that a cache of pixels is not mixed from two. */
export const decoderVersion = `4 vips ${sharp.versions.vips}`;

/**
 * A file cut short is refused, as Pillow does: libjpeg fills what is missing with grey, and an image half of grey
 * teaches a model the wrong thing without a word. Mere warnings (stray bytes, odd metadata) are let pass.
 */
const options: SharpOptions = { failOn: 'error', limitInputPixels: maximumPixels };

/**
 * An image whose header has been read: its format by content, its size as seen upright, and a pipeline that gives RGB.
 */
interface Image {
  format: string;
  width: number;
  height: number;
  pipeline: () => Sharp;
  /** The file's EXIF data, where sharp cannot read them. */
  exif?: Uint8Array | undefined;
  /** Requires so much memory more, in bytes, than opening it did. */
  hold?: (bytes: number) => void;
  /** The image by the range of its samples, if these use less than 16 bits; where that may be, the image looks dark. */
  byRange?: (() => Promise<Image | undefined>) | undefined;
}

/** The pixels that evaluation and classification feed: `[transform.height, transform.width, 3]`. Throws a UserError. */
export async function evaluationPixels(path: string, transform: ImageTransform): Promise<Uint8Array> {
  const fit = (w: number, h: number): Fit => evaluationFit(transform, w, h);
  const { data, width, height } = await decode(path, transform.kernel, fit, 'exact');
  return centreCrop(data, width, height, transform);
}

/** The same, and which part of the image they show, upright, in shares of its width and height. */
export async function seenPixels(path: string, transform: ImageTransform): Promise<{ data: Uint8Array; seen: Region }> {
  let seen: Region = { left: 0, top: 0, width: 1, height: 1 };
  const fit = (w: number, h: number): Fit => {
    const own = evaluationFit(transform, w, h);
    const { left, top, width, height } = seenRegion(transform, own);
    seen = { left: left / w, top: top / h, width: width / w, height: height / h };
    return own;
  };
  const { data, width, height } = await decode(path, transform.kernel, fit, 'exact');
  return { data: centreCrop(data, width, height, transform), seen };
}

/**
 * The whole image, reduced so far that a random crop of it still fills the model's input (`trainingFit`). Throws a
 * UserError.
 */
export async function trainingPixels(path: string, transform: ImageTransform): Promise<Pixels> {
  return decode(path, transform.kernel, (w, h) => trainingFit(transform, w, h));
}

/** What is to be seen of an image that hardly shows anything. */
export type Blank = 'constant' | 'black' | 'white';

/** Images are looked at with sides of at most this many pixels, and checked for being blank at the smaller ones. */
const lookSide = 256;
const blankSide = 64;
/** Of 255: a brightest pixel below this, or a darkest one as near to white, shows next to nothing. */
const nearlyBlack = 16;

export interface ImageCheck {
  /** SHA-256 of the file, in hexadecimal. */
  hash: string;
  format: string;
  width: number;
  height: number;
  blank?: Blank;
  look: ImageLook;
}

/**
 * Decodes a file in full to learn that it can be read; gives its real format and size, and whether it hardly shows
 * anything. Throws a UserError.
 */
export function checkImage(path: string): Promise<ImageCheck> {
  return withImage(path, async (image, bytes) => {
    const { format, width, height } = image;
    const fitTo = (side: number): Fit => ({
      region: { left: 0, top: 0, width, height },
      width: Math.min(side, width),
      height: Math.min(side, height),
    });
    const pixels = await render(image, fitTo(lookSide), 'linear');
    const [darkest, brightest] = extremesOf(smaller(pixels, blankSide));
    const look = lookAt(pixels, captureOf(image.exif ?? (await exifOf(format, bytes))));
    const found = { hash: await hashOf(bytes), format, width, height, look };
    if (brightest < nearlyBlack && darkest !== brightest) return { ...found, blank: 'black' };
    if (darkest > 255 - nearlyBlack && darkest !== brightest) return { ...found, blank: 'white' };
    // Fine structure is levelled out where images are made smaller.
    if (brightest - darkest > 1) return found;
    const [min, max] = extremesOf((await render(image, fitTo(blankSide), 'nearest')).data);
    return max - min > 1 ? found : { ...found, blank: 'constant' };
  });
}

function extremesOf(values: ArrayLike<number>): [min: number, max: number] {
  let [min, max] = [255, 0];
  for (let i = 0; i < values.length; i++) {
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  return [min, max];
}

/** The samples of an image that is made no larger than `side`, channel by channel. */
function smaller({ data, width, height }: Pixels, side: number): Float32Array {
  const [columns, rows] = [Math.min(side, width), Math.min(side, height)];
  const result = new Float32Array(3 * columns * rows);
  const plane = new Uint8Array(width * height);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < plane.length; i++) plane[i] = data[3 * i + c]!;
    result.set(reduced(plane, width, height, columns, rows), c * columns * rows);
  }
  return result;
}

/** The EXIF data of a file in one of the formats that have it. */
async function exifOf(format: string, bytes: Uint8Array): Promise<Uint8Array | undefined> {
  if (!['JPEG', 'PNG', 'WebP', 'TIFF', 'AVIF'].includes(format)) return undefined;
  return (await sharp(bytes, options).metadata()).exif;
}

/** Small files are hashed off the thread, which takes a copy of them. */
async function hashOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (bytes.length > 2 ** 22) return createHash('sha256').update(bytes).digest('hex');
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

/** The whole image, at most `side` pixels wide and high, for people to look at. */
function reducedTo(path: string, side: number): Promise<Pixels> {
  const fit = (w: number, h: number): Fit => {
    const scale = Math.min(1, side / Math.max(w, h));
    const fitted = (length: number) => Math.max(1, Math.round(length * scale));
    return { region: { left: 0, top: 0, width: w, height: h }, width: fitted(w), height: fitted(h) };
  };
  return decode(path, 'linear', fit, 'quick');
}

/** The image as a JPEG of at most `side` pixels in each direction, for a window to show. Throws a UserError. */
export async function previewOf(path: string, side: number): Promise<Uint8Array> {
  const { data, width, height } = await reducedTo(path, side);
  return explained(path, () =>
    sharp(data, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 85 })
      .toBuffer(),
  );
}

/**
 * Writes the image, at most `side` pixels in each direction, as the PNG file `target` below the cover [height, width,
 * 4] of its size. Throws a UserError where it cannot be read.
 */
export async function writeCovered(
  path: string,
  side: number,
  target: string,
  cover: (width: number, height: number) => Uint8Array,
): Promise<void> {
  const { data, width, height } = await reducedTo(path, side);
  const input = Buffer.from(cover(width, height));
  await sharp(data, { raw: { width, height, channels: 3 } })
    .composite([{ input, raw: { width, height, channels: 4 } }])
    .png()
    .toFile(target);
}

/** The bytes of an image file. Throws an Error in words where it cannot be read or is empty. */
async function readImageFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readFile(path);
  if (bytes.length === 0) throw new Error(l10n.t('the file is empty'));
  return bytes;
}

/** Opens an image for a step. It waits for memory, so the step may begin again. Throws a UserError. */
function withImage<T>(path: string, step: (image: Image, bytes: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
  return explained(path, async () => {
    const status = await stat(path);
    // A pipe would never end.
    if (!status.isFile() && !status.isDirectory()) throw new Error(l10n.t('it is not a file'));
    return withDecodeMemory(status.size, async (memory) => {
      const bytes = await readImageFile(path);
      return step(await openImage(bytes, memory), bytes);
    });
  });
}

const decode = (
  path: string,
  kernel: Kernel,
  fit: (width: number, height: number) => Fit,
  quality: Quality = 'good',
): Promise<Pixels> => withImage(path, (image) => render(image, fit(image.width, image.height), kernel, quality));

/**
 * `exact`: the pixels are those that Pillow's resize gives; `good`: as good ones that take less time; `quick`: the
 * decoder may leave out pixels that are hardly seen where the image is made much smaller.
 */
type Quality = 'exact' | 'good' | 'quick';

const resampler = new Resampler();

/**
 * 16-bit samples of which the brightest is darker than this may all be below 2^14. Kernels overshoot by less than the
 * factor 1.5.
 */
const certainlyBright = 96;

async function render(image: Image, fit: Fit, kernel: Kernel, quality: Quality = 'good'): Promise<Pixels> {
  const pixels = await rendered(image, fit, kernel, quality);
  if (!image.byRange || pixels.data.some((value) => value >= certainlyBright)) return pixels;
  const scaled = await image.byRange();
  return scaled ? rendered(scaled, fit, kernel, quality) : pixels;
}

/** Where pixels are to be Pillow's, libvips reduces an image of more to so many times the size: to bound the memory. */
const exactPixels = 2 ** 24;
const leftToResampler = 8;

async function rendered(
  image: Image,
  { region, width, height }: Fit,
  kernel: Kernel,
  quality: Quality,
): Promise<Pixels> {
  const exact = quality === 'exact';
  let pipeline = image.pipeline();
  if (region.width !== image.width || region.height !== image.height) pipeline = pipeline.extract(region);
  // `nearest` must have the pixel that Pillow takes.
  const isWhole = kernel === 'nearest' || region.width * region.height <= exactPixels;
  const times = !exact ? 1 : isWhole ? Infinity : leftToResampler;
  const first = { width: Math.min(region.width, times * width), height: Math.min(region.height, times * height) };
  if (first.width !== region.width || first.height !== region.height)
    pipeline = pipeline.resize(first.width, first.height, {
      fit: 'fill',
      kernel,
      fastShrinkOnLoad: quality === 'quick',
    });
  if (exact) image.hold?.(3 * first.width * first.height);
  const pixels = await rgb(pipeline);
  if (first.width === width && first.height === height) return pixels;
  // libvips shifts enlarged images by half a pixel compared with Pillow and the random crops of training. A small image
  // is enlarged quickly here.
  const data = new Uint8Array(width * height * 3);
  resampler.resize(pixels.data, pixels.width, { left: 0, top: 0, ...first }, data, width, height, kernel, false);
  return { data, width, height };
}

async function rgb(image: Sharp): Promise<Pixels> {
  const { data, info } = await image
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  if (info.channels !== 3) throw new Error(`expected 3 channels, got ${String(info.channels)}`);
  return { data, width: info.width, height: info.height };
}

/**
 * Bytes of memory for each pixel that decoding takes at its peak, the file's own aside, as measured with libvips 8.18:
 * formats that are read row by row take next to nothing.
 */
function bytesPerPixel(format: string, { isProgressive, chromaSubsampling, pages, orientation }: Metadata): number {
  // Turning an image takes all of it; a quarter of a byte is for rows on their way.
  const turned = (orientation ?? 1) > 1 ? 4.25 : 0.25;
  switch (format) {
    case 'JPEG':
      return turned + (isProgressive ? (chromaSubsampling === '4:2:0' ? 3.5 : 8.5) : 0);
    case 'PNG':
      return turned + (isProgressive ? 8 : 0.75);
    case 'WebP':
      return turned + ((pages ?? 1) > 1 ? 16.5 : 8.5);
    case 'GIF':
      return turned + 8;
    case 'AVIF':
      return turned + 16.5;
    default:
      return turned + 1;
  }
}

const total = (bytes: Uint8Array, pixels: number, perPixel: number): number => bytes.length + pixels * perPixel;

async function openImage(bytes: Uint8Array, memory: DecodeMemory): Promise<Image> {
  const format = formatOfContent(bytes.subarray(0, sniffedBytes));
  if (format === undefined) throw new Error(l10n.t('its content is not an image of a known format'));
  if (format === 'HTML') throw new Error(l10n.t('it is a web page, not an image'));
  if (!isReadable(format)) throw new Error(l10n.t('the format {0} is not supported', format));
  if (format === 'BMP') return fromRaw(format, readBmp(bytes, forBitmap(bytes, memory)), 4);
  if (format === 'ICO') {
    const icon = readIco(bytes, forBitmap(bytes, memory));
    return 'png' in icon ? fromFile(format, icon.png, memory, 'PNG') : fromRaw(format, icon.bitmap, 4);
  }
  if (format === 'TIFF') return fromTiff(bytes, memory);
  if (format === 'HEIC') return fromHeif(bytes, memory);
  const deep = format === 'PNG' ? deepSamplesOfPng(bytes) : undefined;
  return deep ? fromDeep(format, bytes, deep, memory) : fromFile(format, bytes, memory);
}

/** Requires the memory for a bitmap of so many pixels. */
const forBitmap =
  (bytes: Uint8Array, memory: DecodeMemory) =>
  (pixels: number): void => {
    if (pixels > maximumPixels) throw new Error(tooManyPixels(maximumPixels));
    memory.require(total(bytes, pixels, 5));
  };

/** Its pixels are read from a TIFF file in memory, so that their colour profile is followed as that of any file. */
async function fromHeif(bytes: Uint8Array, memory: DecodeMemory): Promise<Image> {
  const header = await heifHeader(bytes);
  if (Math.max(header.width * header.height, header.storedPixels) > maximumPixels)
    throw new Error(tooManyPixels(maximumPixels));
  // The thread that decodes has a copy of the file, and so has the library.
  memory.require(3 * bytes.length + header.heapBytes + header.resultBytes);
  const { tiff, exif } = await heifPixels(bytes, header);
  return { ...(await fromFile('HEIC', tiff, memory, 'TIFF')), exif };
}

async function fromTiff(bytes: Uint8Array, memory: DecodeMemory): Promise<Image> {
  const lab = relabelledLab(bytes);
  if (lab) {
    const pixels = await wholeRgb(lab, memory);
    labToSrgb(pixels.data);
    return fromRaw('TIFF', pixels, 3);
  }
  const yCbCr = YCbCrTiff.of(bytes);
  if (yCbCr) {
    const { relabelled, width, height } = yCbCr;
    if (!relabelled) forBitmap(bytes, memory)(width * height);
    const pixels = relabelled ? await wholeRgb(relabelled, memory) : { width, height, data: yCbCr.unpacked() };
    yCbCr.toRgb(pixels.data);
    return fromRaw('TIFF', pixels, 3);
  }
  const deep = deepSamplesOfTiff(bytes);
  return deep ? fromDeep('TIFF', bytes, deep, memory) : fromFile('TIFF', bytes, memory);
}

/** All pixels of a TIFF file whose bytes are a copy. */
async function wholeRgb(bytes: Uint8Array, memory: DecodeMemory): Promise<Pixels> {
  const { width, height } = await sharp(bytes, options).metadata();
  memory.require(total(bytes, width * height, 7) + bytes.length);
  return rgb((await fromFile('TIFF', bytes, memory)).pipeline());
}

/** Samples that use all of their 16 bits are left to libvips. */
async function fromDeep(format: string, bytes: Uint8Array, deep: DeepSamples, memory: DecodeMemory): Promise<Image> {
  const byRange = async (): Promise<Image | undefined> => {
    const pixels = await pixelsByRange(deep, memory);
    return pixels && fromRaw(format, pixels, 3);
  };
  if (deep.isUsual) return { ...(await fromFile(format, bytes, memory)), byRange };
  return (await byRange()) ?? fromFile(format, bytes, memory);
}

const arrays = {
  uchar: Uint8Array,
  char: Int8Array,
  ushort: Uint16Array,
  short: Int16Array,
  uint: Uint32Array,
  int: Int32Array,
  float: Float32Array,
  double: Float64Array,
};

/** The whole image, its samples brought to 8 bits by the rule of `sampleRange.ts`; undefined where they use all 16. */
async function pixelsByRange(
  { bytes, declared, isInverted, isSigned }: DeepSamples,
  memory: DecodeMemory,
): Promise<Pixels | undefined> {
  const { space, depth, autoOrient, channels } = await sharp(bytes, options).metadata();
  const Samples = depth in arrays ? arrays[depth as keyof typeof arrays] : undefined;
  if (!Samples) throw new Error(l10n.t('its samples are complex numbers, which are not an image'));
  const perPixel = 2 * channels * Samples.BYTES_PER_ELEMENT + 4;
  // The bytes may be a relabelled copy.
  memory.require(total(bytes, autoOrient.width * autoOrient.height, perPixel) + bytes.length);
  const { data, info } = await sharp(bytes, options)
    .autoOrient()
    .toColourspace(space)
    .raw({ depth: depth as keyof typeof arrays })
    .toBuffer({ resolveWithObject: true });
  const length = data.byteLength / Samples.BYTES_PER_ELEMENT;
  // The samples of a buffer may begin at an odd byte.
  const whole = data.byteOffset % Samples.BYTES_PER_ELEMENT ? Uint8Array.from(data) : data;
  const stored: Samples = new Samples(whole.buffer as ArrayBuffer, whole.byteOffset, length);
  const samples = isSigned ? new Int16Array(stored.buffer, stored.byteOffset, length) : stored;
  const range = sampleRangeOf(samples, (i) => isColour(i, info.channels), declared);
  if (!range) throw new Error(l10n.t('none of its samples is a number'));
  if (depth === 'ushort' && !isSigned && !isInverted && range.black === 0 && range.white === 0xffff) return undefined;
  const converted = toRgb(samples, info.channels, range, isInverted);
  return { width: autoOrient.width, height: autoOrient.height, data: converted };
}

function fromRaw(format: string, { data, width, height }: Pixels, channels: 3 | 4): Image {
  return {
    format,
    width,
    height,
    pipeline: () => sharp(data, { ...options, raw: { width, height, channels } }).flatten({ background: '#ffffff' }),
  };
}

async function fromFile(format: string, bytes: Uint8Array, memory: DecodeMemory, container = format): Promise<Image> {
  const metadata = await sharp(bytes, options).metadata();
  const { width, height, autoOrient } = metadata;
  const held = total(bytes, width * height, bytesPerPixel(container, metadata));
  memory.require(held);
  return {
    format,
    ...autoOrient,
    hold: (more) => memory.require(held + more),
    pipeline: () => {
      const upright = sharp(bytes, options).autoOrient();
      return format === 'TIFF' && hasOtherChannel(bytes)
        ? upright.removeAlpha()
        : upright.flatten({ background: '#ffffff' });
    },
  };
}

/** Runs a decoding step; what it throws becomes the UserError that names the file. */
async function explained<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UserError {
  const code = (error as NodeJS.ErrnoException).code;
  const words = reasonOf(error);
  let reason = words;
  if (error instanceof TooLargeToDecode)
    reason = l10n.t(
      'decoding it takes {0} MB of memory, more than {1} MB',
      Math.ceil(error.bytes / 1e6),
      Math.floor(decodeMemoryLimit / 1e6),
    );
  else if (code === 'ENOENT') reason = l10n.t('the file does not exist');
  else if (code === 'EACCES' || code === 'EPERM') reason = l10n.t('reading it is not permitted');
  else if (code === 'EISDIR') reason = l10n.t('it is a folder');
  else if (/pixel limit|image dimension/i.test(words)) reason = tooManyPixels(maximumPixels);
  else if (
    error instanceof RangeError ||
    /premature end|unexpected end|read error|end of (file|stream)|truncated/i.test(words)
  )
    reason = l10n.t('the file ends too early (it is truncated)');
  else if (/corrupt header/i.test(words)) reason = l10n.t('its header is damaged');
  else if (/^(vips|tiff|webp|heif|gif|png|jpeg)/i.test(words))
    reason = l10n.t('its data is damaged ({0})', words.split('\n')[0]!);
  return errors.imageUnreadable(path, reason);
}
