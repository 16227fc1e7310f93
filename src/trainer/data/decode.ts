/**
 * Decodes images to 8-bit sRGB, the same way everywhere: the only importer of sharp. The work is done in libuv's
 * threads, off the caller's.
 */
import { readFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { errors, reasonOf, type UserError } from '../errors/errors.js';
import { readBmp, readIco, tooManyPixels } from './bitmap.js';
import { formatOfContent, isReadable, sniffedBytes } from './format.js';
import { labToSrgb, relabelledLab } from './labTiff.js';
import { Resampler } from './resample.js';
import { centreCrop, evaluationFit, trainingFit, type Fit, type ImageTransform, type Kernel } from './transform.js';

/** `data` is `[height, width, 3]`, RGB. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Pillow's bound against decompression bombs (twice its MAX_IMAGE_PIXELS). */
const maximumPixels = 178_956_970;
const maximumBytes = 2 ** 29;

// Images are decoded side by side; libvips' own threads and its cache of operations would only add to that.
sharp.concurrency(1);
sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoadSvg'] });

/** Changes when a decoder might give other pixels, so that a cache of pixels is not mixed from two. */
export const decoderVersion = `1 vips ${sharp.versions.vips}`;

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
}

/** The pixels that evaluation and classification feed: `[transform.height, transform.width, 3]`. Throws a UserError. */
export async function evaluationPixels(path: string, transform: ImageTransform): Promise<Uint8Array> {
  const { data, width, height } = await decode(path, transform.kernel, (w, h) => evaluationFit(transform, w, h));
  return centreCrop(data, width, height, transform.width, transform.height);
}

/**
 * The whole image, reduced so far that a random crop of it still fills the model's input (`trainingFit`). Throws a
 * UserError.
 */
export async function trainingPixels(path: string, transform: ImageTransform): Promise<Pixels> {
  return decode(path, transform.kernel, (w, h) => trainingFit(transform, w, h));
}

/**
 * Decodes the file's `bytes` in full to learn that it can be read; gives its real format and size. Throws a UserError
 * that names `path`.
 */
export async function checkImage(
  path: string,
  bytes: Uint8Array,
): Promise<{ format: string; width: number; height: number }> {
  return explained(path, async () => {
    const image = await openImage(bytes);
    const whole = { left: 0, top: 0, width: image.width, height: image.height };
    await render(
      image,
      { region: whole, width: Math.min(32, image.width), height: Math.min(32, image.height) },
      'linear',
    );
    return { format: image.format, width: image.width, height: image.height };
  });
}

/**
 * The bytes of an image file. Throws a UserError where it cannot be read, is empty or is too large to be an image.
 */
export async function readImageFile(path: string): Promise<Uint8Array> {
  return explained(path, async () => {
    const bytes = await readFile(path);
    if (bytes.length === 0) throw new Error(l10n.t('the file is empty'));
    if (bytes.length > maximumBytes) throw new Error(l10n.t('the file is larger than {0} MB', maximumBytes / 2 ** 20));
    return bytes;
  });
}

async function decode(path: string, kernel: Kernel, fit: (width: number, height: number) => Fit): Promise<Pixels> {
  const bytes = await readImageFile(path);
  return explained(path, async () => {
    const image = await openImage(bytes);
    return render(image, fit(image.width, image.height), kernel);
  });
}

const resampler = new Resampler();

async function render(image: Image, { region, width, height }: Fit, kernel: Kernel): Promise<Pixels> {
  let pipeline = image.pipeline();
  if (region.width !== image.width || region.height !== image.height) pipeline = pipeline.extract(region);
  const [smallerWidth, smallerHeight] = [Math.min(region.width, width), Math.min(region.height, height)];
  if (region.width !== smallerWidth || region.height !== smallerHeight) {
    pipeline = pipeline.resize(smallerWidth, smallerHeight, { fit: 'fill', kernel, fastShrinkOnLoad: false });
  }
  const pixels = await rgb(pipeline);
  if (smallerWidth === width && smallerHeight === height) return pixels;
  // libvips shifts what it enlarges by half a pixel against Pillow and the random crops of training. Small as it is, it
  // is quickly done here.
  const data = new Uint8Array(width * height * 3);
  resampler.resize(
    pixels.data,
    smallerWidth,
    { left: 0, top: 0, width: smallerWidth, height: smallerHeight },
    data,
    width,
    height,
    kernel,
    false,
  );
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

async function openImage(bytes: Uint8Array): Promise<Image> {
  const format = formatOfContent(bytes.subarray(0, sniffedBytes));
  if (format === undefined) throw new Error(l10n.t('its content is no image of a known format'));
  if (format === 'HTML') throw new Error(l10n.t('it is a web page, not an image'));
  if (!isReadable(format)) throw new Error(l10n.t('the format {0} is not supported', format));
  if (format === 'BMP') return fromRaw(format, readBmp(bytes, maximumPixels), 4);
  if (format === 'ICO') {
    const icon = readIco(bytes, maximumPixels);
    return 'png' in icon ? { ...(await fromFile(format, icon.png)) } : fromRaw(format, icon.bitmap, 4);
  }
  const lab = format === 'TIFF' ? relabelledLab(bytes) : undefined;
  if (lab) {
    const pixels = await rgb((await fromFile(format, lab)).pipeline());
    labToSrgb(pixels.data);
    return fromRaw(format, pixels, 3);
  }
  return fromFile(format, bytes);
}

function fromRaw(format: string, { data, width, height }: Pixels, channels: 3 | 4): Image {
  return {
    format,
    width,
    height,
    pipeline: () => sharp(data, { ...options, raw: { width, height, channels } }).flatten({ background: '#ffffff' }),
  };
}

async function fromFile(format: string, bytes: Uint8Array): Promise<Image> {
  const { autoOrient } = await sharp(bytes, options).metadata();
  return {
    format,
    ...autoOrient,
    pipeline: () => sharp(bytes, options).autoOrient().flatten({ background: '#ffffff' }),
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
  if (code === 'ENOENT') reason = l10n.t('the file does not exist');
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
