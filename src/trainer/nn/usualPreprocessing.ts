/** The preprocessor_config.json that published models of a family have, for a folder that comes without one. */
import type { Fields } from './configFields.js';

const half = [0.5, 0.5, 0.5];
export const imagenet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
export const halves = { image_mean: half, image_std: half };
export const openaiClip = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};
/** Pillow's codes. */
export const [bilinear, bicubic] = [2, 3];

/** Straight to a square of the model's size. */
export const toSquare = (size: number, resample: number, statistics: Fields): Fields => ({
  image_processor_type: 'ViTImageProcessor',
  size: { height: size, width: size },
  resample,
  ...statistics,
});

/** The middle square of an image whose shorter side is 256 / 224 of the model's size, or `shortest`. */
export const toMiddle = (size: number, statistics: Fields, shortest = Math.round((size * 256) / 224)): Fields => ({
  image_processor_type: 'CLIPImageProcessor',
  size: { shortest_edge: shortest },
  do_center_crop: true,
  crop_size: { height: size, width: size },
  resample: bicubic,
  ...statistics,
});
