/**
 * The image processor classes of transformers that ViTune applies, with the values of fields that a file leaves out:
 * those of transformers 4.57. `test/golden/processors.py` takes them from transformers 4.57 and 5, and
 * `test/trainer/data/processorClasses.test.ts` compares.
 */

/** How `size` is meant. */
export type Sizing = 'plain' | 'convnext' | 'levit' | 'poolformer';

export interface ProcessorClass {
  sizing: Sizing;
  /**
   * Whether it cuts the middle out where `do_center_crop` says so; `fast`: only the class of the same name with `Fast`
   * does.
   */
  crops: boolean | 'fast';
  /** It obeys `do_flip_channel_order`. */
  flips?: true;
  /** It obeys `rescale_offset` and `include_top`. */
  offsets?: true;
  /** A `size` that is one number is the shorter side, rather than that of a square. */
  numberIsShortest?: true;
  defaults: Readonly<Record<string, unknown>>;
  /** Fields that a class of the same name with `Fast` takes otherwise. */
  fast?: Readonly<Record<string, unknown>>;
  /** Fields whose value in transformers 5 is another one, where a file leaves them out. */
  changed?: readonly string[];
}

const [nearest, bilinear, bicubic] = [0, 2, 3];
const square = (side: number) => ({ height: side, width: side });
const shortest = (side: number) => ({ shortest_edge: side });
const halves = { image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] };
const imageNet = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const openaiClip = {
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_std: [0.26862954, 0.26130258, 0.27577711],
};

const clip: ProcessorClass = {
  sizing: 'plain',
  crops: true,
  numberIsShortest: true,
  defaults: {
    size: shortest(224),
    resample: bicubic,
    do_center_crop: true,
    crop_size: square(224),
    ...openaiClip,
  },
};
const mobileNet: ProcessorClass = {
  sizing: 'plain',
  crops: true,
  numberIsShortest: true,
  defaults: {
    size: shortest(256),
    resample: bilinear,
    do_center_crop: true,
    crop_size: square(224),
    ...halves,
  },
};

export const processorClasses: Readonly<Record<string, ProcessorClass>> = {
  ViT: { sizing: 'plain', crops: 'fast', defaults: { size: square(224), resample: bilinear, ...halves } },
  DeiT: {
    sizing: 'plain',
    crops: true,
    defaults: { size: square(256), resample: bicubic, do_center_crop: true, crop_size: square(224), ...halves },
  },
  Beit: {
    sizing: 'plain',
    crops: true,
    defaults: { size: square(256), resample: bicubic, do_center_crop: true, crop_size: square(224), ...halves },
    fast: { size: square(224), do_center_crop: false },
    changed: ['size', 'do_center_crop'],
  },
  CLIP: clip,
  Bit: clip,
  Siglip: {
    sizing: 'plain',
    crops: 'fast',
    numberIsShortest: true,
    defaults: { size: square(224), resample: bicubic, ...halves },
  },
  ConvNext: {
    sizing: 'convnext',
    crops: 'fast',
    numberIsShortest: true,
    defaults: { size: shortest(384), resample: bilinear, crop_pct: 0.875, ...halves },
    changed: ['resample'],
  },
  EfficientNet: {
    sizing: 'plain',
    crops: true,
    offsets: true,
    defaults: {
      size: square(346),
      resample: nearest,
      do_center_crop: false,
      crop_size: square(289),
      rescale_offset: false,
      include_top: true,
      ...halves,
    },
    changed: ['resample'],
  },
  MobileNetV1: mobileNet,
  MobileNetV2: mobileNet,
  MobileViT: {
    sizing: 'plain',
    crops: true,
    flips: true,
    numberIsShortest: true,
    defaults: {
      size: shortest(224),
      resample: bilinear,
      do_center_crop: true,
      crop_size: square(256),
      do_normalize: false,
      do_flip_channel_order: true,
    },
    changed: ['resample'],
  },
  Levit: {
    sizing: 'levit',
    crops: true,
    numberIsShortest: true,
    defaults: { size: shortest(224), resample: bicubic, do_center_crop: true, crop_size: square(224), ...imageNet },
  },
  PoolFormer: {
    sizing: 'poolformer',
    crops: true,
    numberIsShortest: true,
    defaults: {
      size: shortest(224),
      resample: bicubic,
      do_center_crop: true,
      crop_size: square(224),
      crop_pct: 0.9,
      ...imageNet,
    },
  },
  Pvt: {
    sizing: 'plain',
    crops: 'fast',
    defaults: { size: square(224), resample: bilinear, ...imageNet },
    changed: ['resample'],
  },
  DINOv3ViT: {
    sizing: 'plain',
    crops: true,
    defaults: { size: square(224), resample: bilinear, ...imageNet },
  },
};

/** The classes of model types that ViTune knows as ONNX files only, as transformers' AutoImageProcessor has them. */
export const processorOfModelType: Readonly<Record<string, string>> = {
  bit: 'Bit',
  convnext: 'ConvNext',
  convnextv2: 'ConvNext',
  cvt: 'ConvNext',
  'data2vec-vision': 'Beit',
  efficientnet: 'EfficientNet',
  focalnet: 'Bit',
  hiera: 'Bit',
  ijepa: 'ViT',
  levit: 'Levit',
  mobilenet_v1: 'MobileNetV1',
  mobilenet_v2: 'MobileNetV2',
  mobilevit: 'MobileViT',
  mobilevitv2: 'MobileViT',
  poolformer: 'PoolFormer',
  pvt: 'Pvt',
  regnet: 'ConvNext',
  resnet: 'ConvNext',
  swin: 'ViT',
  swinv2: 'ViT',
  van: 'ConvNext',
  vit_msn: 'ViT',
};
