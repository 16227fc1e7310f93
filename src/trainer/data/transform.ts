/**
 * How an image becomes the model's input: sizes, crop and kernel, read from a Hugging Face `preprocessor_config.json`.
 */
import * as l10n from '@vscode/l10n';
import { errors } from '../errors/errors.js';

export type Kernel = 'nearest' | 'linear' | 'cubic' | 'lanczos3';

/** The geometry: resize, then (with `crop`) cut or pad the middle to `height` x `width`. */
export interface ImageTransform {
  height: number;
  width: number;
  resize: { height: number; width: number } | { shortestEdge: number };
  crop: boolean;
  kernel: Kernel;
}

/** The whole preprocessing: the network sees `(byte * rescaleFactor - mean) / std` for each channel. */
export interface Preprocessor {
  transform: ImageTransform;
  rescaleFactor: number;
  mean: [number, number, number];
  std: [number, number, number];
}

/** Resizes straight to a square, as ViT's own image processor does. */
export function squareTransform(size: number, kernel: Kernel = 'linear'): ImageTransform {
  return { height: size, width: size, resize: { height: size, width: size }, crop: false, kernel };
}

/** The same transform for another input size (square): the size before the crop keeps its proportion to the crop. */
export function withImageSize(transform: ImageTransform, size: number): ImageTransform {
  const scaled = (side: number, from: number) => Math.max(size, Math.round((side * size) / from));
  const { resize, height, width } = transform;
  if ('shortestEdge' in resize)
    return {
      ...transform,
      height: size,
      width: size,
      resize: { shortestEdge: scaled(resize.shortestEdge, Math.min(height, width)) },
    };
  return {
    ...transform,
    height: size,
    width: size,
    resize: { height: scaled(resize.height, height), width: scaled(resize.width, width) },
  };
}

/** A rectangle of the image, in pixels. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What to cut from an image of `width` x `height`, and the size to bring that to. */
export interface Fit {
  region: Region;
  width: number;
  height: number;
}

/**
 * A strip longer than this many times the input is cut to its middle before it is resized: no model sees more of it,
 * and a 1 x 30,000 image must not take gigabytes.
 */
const longestStrip = 8;

function fitShortest(width: number, height: number, shortest: number, longest: number): Fit {
  const [short, long] = width <= height ? [width, height] : [height, width];
  let cut = long;
  // Truncated as in transformers' get_resize_output_image_size.
  let length = Math.max(1, Math.trunc((shortest * long) / short));
  if (length > longest) {
    cut = Math.max(1, Math.round((longest * short) / shortest));
    length = longest;
  }
  const start = Math.floor((long - cut) / 2);
  return width <= height
    ? { region: { left: 0, top: start, width, height: cut }, width: shortest, height: length }
    : { region: { left: start, top: 0, width: cut, height }, width: length, height: shortest };
}

/** The resize of evaluation and classification for an image of that size. */
export function evaluationFit(transform: ImageTransform, width: number, height: number): Fit {
  const { resize } = transform;
  if ('shortestEdge' in resize)
    return fitShortest(
      width,
      height,
      resize.shortestEdge,
      longestStrip * Math.max(resize.shortestEdge, transform.height, transform.width),
    );
  return { region: { left: 0, top: 0, width, height }, width: resize.width, height: resize.height };
}

/**
 * What the decoded cache keeps for training: the shorter side at most 1.15 times the input, never enlarged, so that a
 * random crop has something to choose from.
 */
export function trainingFit(transform: ImageTransform, width: number, height: number): Fit {
  const bound = Math.ceil(1.15 * Math.max(transform.height, transform.width));
  return fitShortest(width, height, Math.min(bound, width, height), longestStrip * bound);
}

/**
 * The middle `width` x `height` of `[sourceHeight, sourceWidth, 3]`, black where the source is smaller: offsets as in
 * transformers' center_crop.
 */
export function centreCrop(
  source: Uint8Array,
  sourceWidth: number,
  sourceHeight: number,
  width: number,
  height: number,
): Uint8Array {
  if (sourceWidth === width && sourceHeight === height) return source;
  const result = new Uint8Array(width * height * 3);
  const left = Math.floor((sourceWidth - width) / 2);
  const top = Math.floor((sourceHeight - height) / 2);
  const from = Math.max(0, left);
  const to = Math.min(sourceWidth, left + width);
  for (let y = Math.max(0, top); y < Math.min(sourceHeight, top + height); y++) {
    result.set(
      source.subarray((y * sourceWidth + from) * 3, (y * sourceWidth + to) * 3),
      ((y - top) * width + from - left) * 3,
    );
  }
  return result;
}

/** PIL's codes of resampling filters. */
const kernels: Record<number, Kernel> = { 0: 'nearest', 1: 'lanczos3', 2: 'linear', 3: 'cubic' };
const largestSize = 4096;

/**
 * Reads the parsed JSON of a `preprocessor_config.json` (`file` is named in errors). `imageSize` is the model's own
 * input size, used where the file gives none. Throws a UserError where a field has a type or value that has no meaning.
 * `do_resize: false` is not followed: the network takes one size only.
 */
export function parsePreprocessor(json: unknown, file: string, imageSize = 224): Preprocessor {
  const invalid = (field: string, reason: string) => errors.preprocessorInvalid(file, field, reason);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw invalid('', l10n.t('the file holds no JSON object'));
  const fields = json as Record<string, unknown>;

  const side = (value: unknown, field: string): number => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > largestSize)
      throw invalid(field, l10n.t('a whole number from 1 to {0} is expected', largestSize));
    return value;
  };
  const flag = (field: string, otherwise: boolean): boolean => {
    const value = fields[field] ?? otherwise;
    if (typeof value !== 'boolean') throw invalid(field, l10n.t('true or false is expected'));
    return value;
  };
  // To the processors of CLIP and of BiT, which DINOv2 has, a number is the shorter side; to others a square's.
  const kind = fields.image_processor_type ?? fields.feature_extractor_type;
  const isShortest = typeof kind === 'string' && /^(CLIP|Bit)/.test(kind);
  const sizeOf = (field: string): ImageTransform['resize'] | undefined => {
    const value = fields[field];
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number')
      return isShortest && field === 'size'
        ? { shortestEdge: side(value, field) }
        : { height: side(value, field), width: value };
    if (Array.isArray(value)) {
      if (value.length !== 2) throw invalid(field, l10n.t('two numbers are expected'));
      return { height: side(value[0], field), width: side(value[1], field) };
    }
    if (typeof value !== 'object') throw invalid(field, l10n.t('a number or an object is expected'));
    const { height, width, shortest_edge: shortest } = value as Record<string, unknown>;
    if (shortest !== undefined) return { shortestEdge: side(shortest, `${field}.shortest_edge`) };
    return { height: side(height, `${field}.height`), width: side(width, `${field}.width`) };
  };
  const channels = (field: string, otherwise: number, positive: boolean): [number, number, number] => {
    const given = fields[field] ?? otherwise;
    const list: unknown[] =
      typeof given === 'number' ? [given, given, given] : Array.isArray(given) ? (given as unknown[]) : [];
    const good = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && (!positive || v > 0);
    const [r, g, b] = list;
    if (list.length !== 3 || !good(r) || !good(g) || !good(b))
      throw invalid(
        field,
        positive ? l10n.t('three numbers above 0 are expected') : l10n.t('three numbers are expected'),
      );
    return [r, g, b];
  };

  const resample = fields.resample ?? 2;
  const kernel = typeof resample === 'number' ? kernels[resample] : undefined;
  if (!kernel) throw invalid('resample', l10n.t('0 (nearest), 1 (Lanczos), 2 (bilinear) or 3 (bicubic) is expected'));

  const resize = sizeOf('size') ?? { height: imageSize, width: imageSize };
  const cropSize = sizeOf('crop_size');
  const fixed = (size: ImageTransform['resize']) =>
    'shortestEdge' in size ? { height: size.shortestEdge, width: size.shortestEdge } : size;
  // A shortest edge alone would leave images of many shapes, which no batch can hold: its middle square is what the
  // network gets.
  const crop = flag('do_center_crop', cropSize !== undefined) || 'shortestEdge' in resize;
  const { height, width } = crop ? fixed(cropSize ?? resize) : fixed(resize);

  const rescaleFactor = flag('do_rescale', true) ? (fields.rescale_factor ?? 1 / 255) : 1;
  if (typeof rescaleFactor !== 'number' || !Number.isFinite(rescaleFactor) || rescaleFactor <= 0)
    throw invalid('rescale_factor', l10n.t('a number above 0 is expected'));
  const normalize = flag('do_normalize', true);
  return {
    transform: { height, width, resize, crop, kernel },
    rescaleFactor,
    mean: normalize ? channels('image_mean', 0.5, false) : [0, 0, 0],
    std: normalize ? channels('image_std', 0.5, true) : [1, 1, 1],
  };
}
