/** The geometry of preprocessing: what of an image is resized to which size, and cut from the middle of that. */

export type Kernel = 'nearest' | 'linear' | 'cubic' | 'lanczos3';

export interface Size {
  height: number;
  width: number;
}

/** The geometry: resize, then (with `crop`) cut or pad the middle to `height` x `width`. */
export interface ImageTransform extends Size {
  /** Straight to a size, or to a length of one side, the other in proportion. */
  resize: Size | { shortestEdge: number } | { longestEdge: number };
  crop: boolean;
  kernel: Kernel;
  /** The crop begins at half of the margin rounded as by torchvision, not rounded down as by transformers. */
  rounded?: true;
  /** The colour (red, green, blue, each 0..255) around an image smaller than the crop; black where left out. */
  border?: [number, number, number];
}

/** Resizes straight to a square, as ViT's own image processor does. */
export function squareTransform(size: number, kernel: Kernel = 'linear'): ImageTransform {
  return { height: size, width: size, resize: { height: size, width: size }, crop: false, kernel };
}

/** The same transform for another input size (square): the size before the crop keeps its proportion to the crop. */
export function withImageSize(transform: ImageTransform, size: number): ImageTransform {
  const { resize, height, width } = transform;
  const scaled = (side: number, from = Math.min(height, width)) => Math.max(size, Math.round((side * size) / from));
  const resized = (): ImageTransform['resize'] => {
    if ('shortestEdge' in resize) return { shortestEdge: scaled(resize.shortestEdge) };
    if ('longestEdge' in resize) return { longestEdge: scaled(resize.longestEdge) };
    return { height: scaled(resize.height, height), width: scaled(resize.width, width) };
  };
  return { ...transform, height: size, width: size, resize: resized() };
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

/** Rounds halves to the even number, as Python does. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value);
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
  const region = { left: 0, top: 0, width, height };
  if (!('longestEdge' in resize)) return { region, width: resize.width, height: resize.height };
  // As timm's ResizeKeepRatio: both sides are divided by the ratio and rounded.
  const ratio = Math.max(width, height) / resize.longestEdge;
  const side = (length: number) => Math.max(1, roundHalfEven(length / ratio));
  return { region, width: side(width), height: side(height) };
}

/**
 * What the decoded cache keeps for training: the shorter side at most 1.15 times the input, never enlarged, so that a
 * random crop has something to choose from.
 */
export function trainingFit(transform: ImageTransform, width: number, height: number): Fit {
  const bound = Math.ceil(1.15 * Math.max(transform.height, transform.width));
  return fitShortest(width, height, Math.min(bound, width, height), longestStrip * bound);
}

/** Where a crop begins of what is longer by `margin`; below 0 in the border. */
function cropOffset(margin: number, rounded?: true): number {
  if (!rounded) return Math.floor(margin / 2);
  return margin > 0 ? roundHalfEven(margin / 2) : Math.ceil(margin / 2);
}

/** What the model sees of an image that evaluation fits so; more than the image where it has a border. */
export function seenRegion(transform: ImageTransform, { region, width, height }: Fit): Region {
  const [across, down] = [region.width / width, region.height / height];
  return {
    left: region.left + across * cropOffset(width - transform.width, transform.rounded),
    top: region.top + down * cropOffset(height - transform.height, transform.rounded),
    width: across * transform.width,
    height: down * transform.height,
  };
}

/**
 * The middle `transform.width` x `transform.height` of `[sourceHeight, sourceWidth, 3]`, with a border where the source
 * is smaller. The offsets are those of transformers' center_crop or, where `rounded`, of torchvision's CenterCrop.
 */
export function centreCrop(
  source: Uint8Array,
  sourceWidth: number,
  sourceHeight: number,
  { width, height, rounded, border }: Pick<ImageTransform, 'width' | 'height' | 'rounded' | 'border'>,
): Uint8Array {
  if (sourceWidth === width && sourceHeight === height) return source;
  const result = new Uint8Array(width * height * 3);
  if (border) for (let i = 0; i < result.length; i++) result[i] = border[i % 3]!;
  const left = cropOffset(sourceWidth - width, rounded);
  const top = cropOffset(sourceHeight - height, rounded);
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
