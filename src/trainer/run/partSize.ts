/** How many pictures of a training step are computed at once: a step in parts learns the same and takes the memory of one part. */
import type { ModelSpec } from '../compile/compile.js';
import type { TrainConfig } from '../config/schema.js';
import type { DeviceName } from '../protocol.js';

/** Rows of its matrix products from which on a processor is no faster by more of them: measured with LoRA on ViT-Ti, ViT-S and ViT-B. */
const rowsAtOnce = 768;
/** Of the bytes that parts save, what their gradients may weigh, which are read and written for each. */
const gradientShare = 1 / 8;

export interface PartOptions {
  config: Pick<TrainConfig, 'augmentation'>;
  model: Pick<ModelSpec, 'config' | 'cut' | 'height' | 'width'>;
  device: DeviceName;
  /** Bytes of all values of the forward pass of one picture. */
  bytesOfPicture: number;
  /** Bytes of all numbers that train. */
  trainedBytes: number;
}

/** The pictures of one part of a step of `batchSize`, which they divide. */
export function partSize(batchSize: number, { config: { augmentation }, model, device, bytesOfPicture, trainedBytes }: PartOptions): number {
  // A device with a thousand cores wants all it can get, and pictures are mixed with others of their part.
  if (device !== 'cpu' || augmentation.mixup || augmentation.cutmix) return batchSize;
  const { cut, height, width } = model;
  const { patchSize } = model.config;
  const rows = cut ? (cut.shape.length > 1 ? cut.shape[0]! : 1) : (height / patchSize) * (width / patchSize);
  let size = Math.min(batchSize, Math.ceil(rowsAtOnce / rows));
  while (batchSize % size) size++;
  const saved = (batchSize - size) * bytesOfPicture * (1 - (cut?.share ?? 0));
  return trainedBytes <= gradientShare * saved ? size : batchSize;
}
