/**
 * How an image becomes the model's input: reads and writes the fields of a `preprocessor_config.json`. Each field is
 * applied as its class in transformers (or timm) applies it, or refused by name.
 */
import * as l10n from '@vscode/l10n';
import { errors, type UserError } from '../errors/errors.js';
import { processorClasses, type ProcessorClass } from './processorClasses.js';
import { roundHalfEven, type ImageTransform, type Kernel, type Size } from './transform.js';

/** The whole preprocessing: the network sees `(byte * rescaleFactor - mean) / std` for each channel. */
export interface Preprocessor {
  transform: ImageTransform;
  rescaleFactor: number;
  mean: [number, number, number];
  std: [number, number, number];
  /** The network takes blue, green, red. */
  flipped?: true;
}

export interface ReadPreprocessor {
  preprocessor: Preprocessor;
  /** Fields that the file leaves open, reported to the user. */
  notices: readonly UserError[];
}

type Fields = Record<string, unknown>;
type Channels = [number, number, number];
/** What a file can say of the resize; only timm measures by the longer side. */
type FileResize = Size | { shortestEdge: number };

/** Pillow's codes of resampling filters. */
const kernels: Record<number, Kernel> = { 0: 'nearest', 1: 'lanczos3', 2: 'linear', 3: 'cubic' };
const resampleCodes: Record<Kernel, number> = { nearest: 0, lanczos3: 1, linear: 2, cubic: 3 };
/** timm's words for them. */
const interpolations: Record<string, Kernel> = {
  nearest: 'nearest',
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos: 'lanczos3',
};
const largestSize = 4096;

/** The class that timm's own configs have in transformers: its fields lie in `pretrained_cfg`. */
const timmProcessor = 'TimmWrapperImageProcessor';
/** What ViTune calls an image within a border, for which transformers has no class. */
const borderProcessor = 'ViTuneBorderImageProcessor';

/** The name of a class without what says how it computes, or how old it is. */
const plainName = (name: string): string => name.replace(/(?:ImageProcessor(?:Fast|Pil)?|FeatureExtractor)$/, '');

/** Reads fields of one object, whose faults are reported by name. */
class FieldReader {
  constructor(
    private readonly fields: Fields,
    private readonly file: string,
    private readonly within = '',
  ) {}

  invalid(field: string, reason: string): UserError {
    return errors.preprocessorInvalid(this.file, this.within + field, reason);
  }

  /** A value; null means left out. */
  value(field: string): unknown {
    return this.fields[field] ?? undefined;
  }

  side(value: unknown, field: string): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > largestSize)
      throw this.invalid(field, l10n.t('a whole number from 1 to {0} is expected', largestSize));
    return value;
  }

  flag(field: string): boolean {
    const value = this.value(field) ?? false;
    if (typeof value !== 'boolean') throw this.invalid(field, l10n.t('true or false is expected'));
    return value;
  }

  /** The side of which a crop of `side` is the share that the field says. */
  enlarged(side: number, field: string): number {
    const share = this.value(field);
    if (typeof share !== 'number' || !(share > 0)) throw this.invalid(field, l10n.t('a number above 0 is expected'));
    return this.side(Math.trunc(side / share), field);
  }

  size(field: string, numberIsShortest: boolean): FileResize {
    const value = this.value(field);
    if (typeof value === 'number') {
      const side = this.side(value, field);
      return numberIsShortest ? { shortestEdge: side } : { height: side, width: side };
    }
    if (Array.isArray(value)) {
      if (value.length !== 2) throw this.invalid(field, l10n.t('two numbers are expected'));
      return { height: this.side(value[0], field), width: this.side(value[1], field) };
    }
    if (typeof value !== 'object' || value === null)
      throw this.invalid(field, l10n.t('a number or an object is expected'));
    const { height, width, shortest_edge: shortest, longest_edge: longest } = value as Fields;
    if (longest !== undefined && longest !== null)
      throw this.invalid(`${field}.longest_edge`, l10n.t('ViTune does not apply it'));
    if (shortest !== undefined && shortest !== null)
      return { shortestEdge: this.side(shortest, `${field}.shortest_edge`) };
    return { height: this.side(height, `${field}.height`), width: this.side(width, `${field}.width`) };
  }

  channels(field: string, positive: boolean): Channels {
    const given = this.value(field);
    const list: unknown[] =
      typeof given === 'number' ? [given, given, given] : Array.isArray(given) ? (given as unknown[]) : [];
    const good = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && (!positive || v > 0);
    const [r, g, b] = list;
    if (list.length !== 3 || !good(r) || !good(g) || !good(b))
      throw this.invalid(
        field,
        positive ? l10n.t('three numbers above 0 are expected') : l10n.t('three numbers are expected'),
      );
    return [r, g, b];
  }
}

/**
 * Reads the parsed JSON of a `preprocessor_config.json` (`file` is named in errors). `usualClass` is the plain name of
 * the processor class of the model, for a file that names none. Throws a UserError where a field has a type or value
 * that has no meaning, or one that ViTune does not apply.
 */
export function readPreprocessor(json: unknown, file: string, usualClass?: string): ReadPreprocessor {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw errors.preprocessorInvalid(file, '', l10n.t('the file holds no JSON object'));
  const given = json as Fields;
  if (given.image_processor !== undefined)
    throw errors.preprocessorInvalid(
      file,
      'image_processor',
      l10n.t('transformers 4 reads what stands in it, transformers 5 what stands beside it'),
    );
  const kind = given.image_processor_type ?? given.feature_extractor_type ?? undefined;
  if (kind !== undefined && typeof kind !== 'string')
    throw errors.preprocessorInvalid(file, 'image_processor_type', l10n.t('a name is expected'));
  if (kind === timmProcessor) return { preprocessor: ofTimm(given, file), notices: [] };
  if (kind === borderProcessor) return { preprocessor: ofBorder(given, file), notices: [] };
  const name = kind === undefined ? usualClass : plainName(kind);
  if (name !== undefined && !Object.hasOwn(processorClasses, name))
    throw errors.preprocessorInvalid(
      file,
      'image_processor_type',
      l10n.t(
        'ViTune does not know the class {0}; it knows {1}',
        kind ?? name,
        Object.keys(processorClasses).join(', '),
      ),
    );
  const isFast = kind?.endsWith('Fast') === true;
  const known = name === undefined ? unnamed : processorClasses[name]!;
  const left = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
  const usualFields: Fields = { ...common, ...known.defaults, ...(isFast ? known.fast : {}) };
  for (const [field, usual] of Object.entries(usualFields))
    if (given[field] === null && (usual === true || nullMeans.includes(field)))
      throw errors.preprocessorInvalid(file, field, l10n.t('versions of transformers differ on what null means here'));
  const fields: Fields = { ...usualFields, ...left };
  if (known === unnamed) fields.do_center_crop = left.do_center_crop ?? left.crop_size !== undefined;
  // The one field that null turns off.
  if (known.sizing === 'poolformer' && given.crop_pct === null) delete fields.crop_pct;
  const preprocessor = ofClass(new FieldReader(fields, file), known, isFast);
  const isLeft = (field: string): boolean => left[field] === undefined;
  if (name === undefined) {
    const open = Object.keys(known.defaults).filter(isLeft);
    return { preprocessor, notices: open.length ? [errors.preprocessorUnnamed(file, open)] : [] };
  }
  const open = isFast && known.fast ? [] : (known.changed ?? []).filter(isLeft);
  return {
    preprocessor,
    notices: open.length ? [errors.preprocessorDefaults(file, open, kind ?? `${name}ImageProcessor`)] : [],
  };
}

/** The same without its notices. */
export const parsePreprocessor = (json: unknown, file: string, usualClass?: string): Preprocessor =>
  readPreprocessor(json, file, usualClass).preprocessor;

/** Besides flags that are on: fields of which null is not the same as nothing in every version of transformers. */
const nullMeans: readonly string[] = ['resample', 'rescale_factor'];

const common = { do_resize: true, do_rescale: true, rescale_factor: 1 / 255, do_normalize: true };

/** Where neither the file nor the model says the class: each step that the file names, the rest as ViT's class. */
const unnamed: ProcessorClass = { ...processorClasses.ViT!, crops: true };

function ofClass(r: FieldReader, known: ProcessorClass, isFast: boolean): Preprocessor {
  if (!r.flag('do_resize'))
    throw r.invalid('do_resize', l10n.t('without it images would have different sizes, and the network takes one'));
  if (r.flag('do_pad')) throw r.invalid('do_pad', l10n.t('ViTune does not apply it'));
  const resample = r.value('resample');
  const kernel = typeof resample === 'number' ? kernels[resample] : undefined;
  if (!kernel) throw r.invalid('resample', l10n.t('0 (nearest), 1 (Lanczos), 2 (bilinear) or 3 (bicubic) is expected'));
  const rescaleFactor = r.flag('do_rescale') ? r.value('rescale_factor') : 1;
  if (typeof rescaleFactor !== 'number' || !Number.isFinite(rescaleFactor) || rescaleFactor <= 0)
    throw r.invalid('rescale_factor', l10n.t('a number above 0 is expected'));
  const rounded = r.value('vitune_center') === 'rounded' ? { rounded: true as const } : {};
  return {
    transform: { ...geometry(r, known, isFast), kernel, ...rounded },
    rescaleFactor,
    ...statistics(r, known),
    ...(known.flips && r.flag('do_flip_channel_order') ? { flipped: true } : {}),
  };
}

/** Mean and deviation; EfficientNet's two further steps are the same as other ones of these. */
function statistics(r: FieldReader, { offsets }: ProcessorClass): Pick<Preprocessor, 'mean' | 'std'> {
  const normalizes = r.flag('do_normalize');
  let mean: Channels = normalizes ? r.channels('image_mean', false) : [0, 0, 0];
  let std: Channels = normalizes ? r.channels('image_std', true) : [1, 1, 1];
  // x - 1, before the mean is taken off.
  if (offsets && r.flag('do_rescale') && r.flag('rescale_offset')) mean = mean.map((m) => m + 1) as Channels;
  // Divided by the deviation once more.
  if (offsets && r.flag('include_top')) {
    const again = r.channels('image_std', true);
    std = std.map((s, i) => s * again[i]!) as Channels;
  }
  return { mean, std };
}

function geometry(r: FieldReader, known: ProcessorClass, isFast: boolean): Omit<ImageTransform, 'kernel'> {
  const size = r.size('size', known.numberIsShortest === true);
  const wantsCrop = r.flag('do_center_crop');
  if (wantsCrop && known.crops === 'fast' && !isFast)
    throw r.invalid('do_center_crop', l10n.t('versions of transformers differ on whether this class applies it'));
  if (known.sizing === 'convnext') {
    if (!('shortestEdge' in size)) throw r.invalid('size.shortest_edge', l10n.t('it is expected by this class'));
    const side = size.shortestEdge;
    return side < 384
      ? { ...square(side), resize: { shortestEdge: r.enlarged(side, 'crop_pct') }, crop: true }
      : { ...square(side), resize: square(side), crop: false };
  }
  const resize = enlarged(r, size, known.sizing);
  if (!wantsCrop) {
    if (!('height' in resize))
      throw r.invalid(
        'do_center_crop',
        l10n.t('without it images would have different sizes, and the network takes one'),
      );
    return { ...resize, resize, crop: false };
  }
  const cut = r.value('crop_size') === undefined ? size : r.size('crop_size', false);
  if (!('height' in cut)) throw r.invalid('crop_size', l10n.t('a height and a width are expected'));
  return { ...cut, resize, crop: true };
}

const square = (side: number): Size => ({ height: side, width: side });

/** The size before the crop. */
function enlarged(r: FieldReader, size: FileResize, sizing: ProcessorClass['sizing']): FileResize {
  if (sizing === 'levit' && 'shortestEdge' in size)
    return { shortestEdge: r.side(Math.trunc((256 / 224) * size.shortestEdge), 'size') };
  if (sizing !== 'poolformer' || r.value('crop_pct') === undefined) return size;
  const larger = (side: number) => r.enlarged(side, 'crop_pct');
  if ('shortestEdge' in size) return { shortestEdge: larger(size.shortestEdge) };
  return size.height === size.width
    ? { shortestEdge: larger(size.height) }
    : { height: larger(size.height), width: larger(size.width) };
}

/** timm's transform of evaluation, from the `pretrained_cfg` of a config.json. */
function ofTimm(json: Fields, file: string): Preprocessor {
  const given = json.pretrained_cfg;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw errors.preprocessorInvalid(file, 'pretrained_cfg', l10n.t('an object'));
  const r = new FieldReader(
    // timm's own defaults (`resolve_data_config`); it takes 0 and empty text for left out, too.
    {
      input_size: [3, 224, 224],
      interpolation: 'bicubic',
      crop_pct: 0.875,
      crop_mode: 'center',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => Boolean(value))),
    },
    file,
    'pretrained_cfg.',
  );
  const input = r.value('input_size');
  if (!Array.isArray(input) || input.length !== 3 || input[0] !== 3)
    throw r.invalid('input_size', l10n.t('3, a height and a width are expected'));
  const [height, width] = [r.side(input[1], 'input_size'), r.side(input[2], 'input_size')];
  if (height !== width) throw r.invalid('input_size', l10n.t('the side of a square'));
  const interpolation = r.value('interpolation');
  const kernel =
    typeof interpolation === 'string' && Object.hasOwn(interpolations, interpolation)
      ? interpolations[interpolation]
      : undefined;
  if (!kernel) throw r.invalid('interpolation', Object.keys(interpolations).join(', '));
  const [mean, std] = [r.channels('mean', false), r.channels('std', true)];
  const side = r.enlarged(height, 'crop_pct');
  const cropped = { height, width, crop: true, kernel, rounded: true as const };
  const transforms: Record<string, ImageTransform> = {
    center: { ...cropped, resize: { shortestEdge: side } },
    squash: { ...cropped, resize: square(side) },
    border: { ...cropped, resize: { longestEdge: side }, border: mean.map((m) => roundHalfEven(255 * m)) as Channels },
  };
  const mode = r.value('crop_mode');
  const transform = typeof mode === 'string' && Object.hasOwn(transforms, mode) ? transforms[mode] : undefined;
  if (!transform) throw r.invalid('crop_mode', Object.keys(transforms).join(', '));
  return { transform, rescaleFactor: 1 / 255, mean, std };
}

/** What `preprocessorJson` wrote for a transform with a border. */
function ofBorder(json: Fields, file: string): Preprocessor {
  const r = new FieldReader(json, file);
  const { size, ...rest } = json;
  const longest = typeof size === 'object' && size !== null ? (size as Fields).longest_edge : undefined;
  const border = r.channels('pad_color', false);
  const side = r.side(longest, 'size.longest_edge');
  const read = parsePreprocessor(
    { ...rest, image_processor_type: 'CLIPImageProcessor', size: { shortest_edge: side } },
    file,
  );
  return { ...read, transform: { ...read.transform, resize: { longestEdge: side }, border } };
}

/** The JSON of a `preprocessor_config.json` that ViTune reads as this, and transformers but for `vitune_center`. */
export function preprocessorJson({ transform, rescaleFactor, mean, std, flipped }: Preprocessor): object {
  const { height, width, resize, crop, kernel, rounded, border } = transform;
  const isPlain = mean.every((m) => m === 0) && std.every((s) => s === 1);
  const size = (): object => {
    if ('shortestEdge' in resize) return { shortest_edge: resize.shortestEdge };
    return 'longestEdge' in resize ? { longest_edge: resize.longestEdge } : resize;
  };
  const kind = (): string => {
    if (border) return borderProcessor;
    if (flipped) return 'MobileViTImageProcessor';
    // ViT's own processor neither crops nor keeps proportions.
    return crop ? 'CLIPImageProcessor' : 'ViTImageProcessor';
  };
  return {
    image_processor_type: kind(),
    do_resize: true,
    size: size(),
    resample: resampleCodes[kernel],
    do_center_crop: crop,
    ...(crop ? { crop_size: { height, width } } : {}),
    do_rescale: true,
    rescale_factor: rescaleFactor,
    do_normalize: !flipped || !isPlain,
    image_mean: mean,
    image_std: std,
    ...(flipped ? { do_flip_channel_order: true } : {}),
    ...(rounded ? { vitune_center: 'rounded' } : {}),
    ...(border ? { pad_color: border } : {}),
  };
}
