/**
 * How many images of a training step are computed at once: a step in parts learns the same and takes the memory of
 * one part.
 */
import type { ModelSpec } from '../compile/compile.js';
import type { TrainConfig } from '../config/schema.js';
import { isOnnx } from '../nn/families/onnx.js';
import type { DeviceName } from '../protocol.js';

/**
 * The number of rows of a matrix product above which a CPU gets no faster; with many more it is slower, since the
 * values exceed its caches. It is the number of rows that hold so many values, within bounds. Measured with LoRA and a
 * frozen body on ViT-Ti (8 images are 5 to 9 % faster than 4), ViT-S (4 and 8 equal) and ViT-B (8 are 4 to 7 % slower).
 */
const rowsAtOnce = { numbers: 300_000, min: 768, max: 1536 };
/** Of a network whose rows are not known, the images that keep a processor busy. */
const usualImages = 16;
/** Of the bytes that parts save, what their gradients may weigh, which are read and written for each. */
const gradientShare = 1 / 8;

export interface PartOptions {
  config: Pick<TrainConfig, 'augmentation'>;
  model: Sizes;
  device: DeviceName;
  /** Bytes of all values of the forward pass of one image. */
  bytesOfImage: number;
  /** Bytes of all numbers that train. */
  trainedBytes: number;
}

type Sizes = Pick<ModelSpec, 'config' | 'cut' | 'height' | 'width'>;

/** As many images as keep a processor busy. */
export function imagesAtOnce({ config, cut, height, width }: Sizes): number {
  if (isOnnx(config)) return usualImages;
  const tokens = (height / config.patchSize) * (width / config.patchSize);
  const { numbers, min, max } = rowsAtOnce;
  const rows = Math.min(max, Math.max(min, numbers / config.hiddenSize));
  return Math.ceil(rows / (cut ? (cut.shape.length > 1 ? cut.shape[0]! : 1) : tokens));
}

/** The images of one part of a step of `batchSize`, which they divide. */
export function partSize(
  batchSize: number,
  { config: { augmentation }, model, device, bytesOfImage, trainedBytes }: PartOptions,
): number {
  // A device with a thousand cores wants all it can get, and images are mixed with others of their part.
  if (device !== 'cpu' || augmentation.mixup || augmentation.cutmix) return batchSize;
  let size = Math.min(batchSize, imagesAtOnce(model));
  while (batchSize % size) size++;
  const saved = (batchSize - size) * bytesOfImage * (1 - (model.cut?.share ?? 0));
  return trainedBytes <= gradientShare * saved ? size : batchSize;
}
