/**
 * How many pictures of a training step are computed at once: a step in parts learns the same and takes the memory of
 * one part.
 */
import type { ModelSpec } from '../compile/compile.js';
import type { TrainConfig } from '../config/schema.js';
import { isOnnx } from '../nn/families/onnx.js';
import type { DeviceName } from '../protocol.js';

/**
 * Rows of its matrix products from which on a processor is no faster by more of them; with many more it is slower,
 * since values leave its caches: as many as have so many numbers, within bounds. Measured with LoRA and a frozen body
 * on ViT-Ti (8 pictures are 5 to 9 % faster than 4), ViT-S (4 and 8 alike) and ViT-B (8 are 4 to 7 % slower).
 */
const rowsAtOnce = { numbers: 300_000, least: 768, most: 1536 };
/** Of a network whose rows are not known, the pictures that keep a processor busy. */
const usualPictures = 16;
/** Of the bytes that parts save, what their gradients may weigh, which are read and written for each. */
const gradientShare = 1 / 8;

export interface PartOptions {
  config: Pick<TrainConfig, 'augmentation'>;
  model: Sizes;
  device: DeviceName;
  /** Bytes of all values of the forward pass of one picture. */
  bytesOfPicture: number;
  /** Bytes of all numbers that train. */
  trainedBytes: number;
}

type Sizes = Pick<ModelSpec, 'config' | 'cut' | 'height' | 'width'>;

/** As many pictures as keep a processor busy. */
export function picturesAtOnce({ config, cut, height, width }: Sizes): number {
  if (isOnnx(config)) return usualPictures;
  const tokens = (height / config.patchSize) * (width / config.patchSize);
  const { numbers, least, most } = rowsAtOnce;
  const rows = Math.min(most, Math.max(least, numbers / config.hiddenSize));
  return Math.ceil(rows / (cut ? (cut.shape.length > 1 ? cut.shape[0]! : 1) : tokens));
}

/** The pictures of one part of a step of `batchSize`, which they divide. */
export function partSize(
  batchSize: number,
  { config: { augmentation }, model, device, bytesOfPicture, trainedBytes }: PartOptions,
): number {
  // A device with a thousand cores wants all it can get, and pictures are mixed with others of their part.
  if (device !== 'cpu' || augmentation.mixup || augmentation.cutmix) return batchSize;
  let size = Math.min(batchSize, picturesAtOnce(model));
  while (batchSize % size) size++;
  const saved = (batchSize - size) * bytesOfPicture * (1 - (model.cut?.share ?? 0));
  return trainedBytes <= gradientShare * saved ? size : batchSize;
}
