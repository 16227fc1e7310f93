/** Preprocessing against transformers 4, 5 and timm, class by class, on images of odd sizes (test/golden/processors.py). */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { readHalves } from '../../../src/trainer/core/float16.js';
import { evaluationPixels } from '../../../src/trainer/data/decode.js';
import {
  parsePreprocessor,
  preprocessorJson,
  readPreprocessor,
  type Preprocessor,
} from '../../../src/trainer/data/imageProcessor.js';
import { processorClasses } from '../../../src/trainer/data/processorClasses.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { temporaryFolder } from './images.js';

type Fields = Record<string, unknown>;
interface Golden {
  versions: Record<string, string>;
  sizes: [number, number][];
  defaults: Record<string, Fields>;
  cases: { config: Fields; sizes: [number, number][] }[];
}

const folder = join(import.meta.dirname, '../../golden/processors');
const goldenOf = (version: string) => JSON.parse(readFileSync(join(folder, `${version}.json`), 'utf8')) as Golden;
const file = 'preprocessor_config.json';
const side = 12;
const perImage = 3 * side * side;

/** The images of processors.py. */
async function waves(to: string, sizes: Golden['sizes']): Promise<string[]> {
  const files = sizes.map(([height, width]) => join(to, `${height}x${width}.png`));
  for (const [i, [height, width]] of sizes.entries()) {
    const data = new Uint8Array(height * width * 3);
    for (let y = 0, at = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < 3; c++) {
          const place = (x * (5 + c) + y * (3 + 2 * c) + Math.floor((x * y) / 16) + 40 * c) % 510;
          data[at++] = Math.min(place, 510 - place);
        }
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(files[i]!);
  }
  return files;
}

/** The preprocessor of a case, whose timm part stands in a config.json as timm writes it. */
const read = ({ timm, ...json }: Fields): ReturnType<typeof readPreprocessor> =>
  readPreprocessor(timm ? { image_processor_type: 'TimmWrapperImageProcessor', pretrained_cfg: timm } : json, file);

/** Our values at the grid of processors.py, in levels of 0..255, and what the golden ones are in levels. */
function levels(p: Preprocessor, pixels: Uint8Array, golden: Float32Array): [number[], number[]] {
  const { height, width } = p.transform;
  const at = (i: number, length: number) => Math.floor(((2 * i + 1) * length) / (2 * side));
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let c = 0, i = 0; c < 3; c++)
    for (let y = 0; y < side; y++)
      for (let x = 0; x < side; x++, i++) {
        const channel = p.flipped ? 2 - c : c;
        ours.push(pixels[(at(y, height) * width + at(x, width)) * 3 + channel]!);
        theirs.push((golden[i]! * p.std[channel]! + p.mean[channel]!) / p.rescaleFactor);
      }
  return [ours, theirs];
}

/** What transformers 4 and 5 do differently: fields left out, and where an odd border lies. */
function differs({ config }: Golden['cases'][number], notices: readonly UserError[]): boolean {
  const { size, crop_size: crop } = config as { size?: number | { height: number }; crop_size?: number };
  const before = typeof size === 'object' ? size.height : size;
  return notices.length > 0 || (crop !== undefined && before !== undefined && before < crop);
}

for (const version of ['4', '5'])
  test(`every class prepares images as transformers ${version} and timm do`, async (t) => {
    const { sizes, cases } = goldenOf(version);
    const bytes = readFileSync(join(folder, `${version}.bin`));
    const golden = new Float32Array(bytes.length / 2);
    readHalves(new Uint16Array(Uint8Array.from(bytes).buffer), golden);
    const files = await waves(await temporaryFolder(t), sizes);
    for (const [i, each] of cases.entries()) {
      const { preprocessor, notices } = read(each.config);
      const name = JSON.stringify(each.config);
      // Half precision apart these are Pillow's pixels; torchvision, for `Fast` and in transformers 5, rounds otherwise.
      const isPillow =
        each.config.timm !== undefined || (version === '4' && !/Fast$/.test(String(each.config.image_processor_type)));
      const mayDiffer = version === '5' && differs(each, notices);
      for (const [j, path] of files.entries()) {
        const { transform } = preprocessor;
        assert.deepEqual([transform.height, transform.width], each.sizes[j], name);
        const pixels = await evaluationPixels(path, transform);
        const [bound, worstBound] = isPillow ? [0.05, 0.3] : [0.5, 2.5];
        const start = (i * files.length + j) * perImage;
        const [ours, theirs] = levels(preprocessor, pixels, golden.subarray(start, start + perImage));
        const mean = ours.reduce((sum, value, k) => sum + Math.abs(value - theirs[k]!), 0) / ours.length;
        const worst = ours.reduce((most, value, k) => Math.max(most, Math.abs(value - theirs[k]!)), 0);
        if (!mayDiffer)
          assert.ok(
            mean < bound && worst < worstBound,
            `${name} ${sizes[j]!.join('x')}: ${mean} levels, at most ${worst}`,
          );
      }
    }
  });

test('what a file leaves out is what the class of transformers 4 says, and where 5 says otherwise it is reported', () => {
  const [four, five] = [goldenOf('4').defaults, goldenOf('5').defaults];
  for (const [name, known] of Object.entries(processorClasses)) {
    const written = Object.keys(four).filter((each) => each.replace(/Fast$/, '') === name);
    assert.ok(written.length > 0, name);
    for (const kind of written) {
      const isFast = kind.endsWith('Fast');
      const own: Fields = { ...known.defaults, ...(isFast ? known.fast : {}) };
      // What all classes have in common, and what a class does not use although it has it.
      for (const [field, value] of Object.entries(own)) {
        if (field === 'do_normalize' && four[kind]![field] === undefined) continue;
        assert.deepEqual(value, four[kind]![field], `${kind}.${field}`);
      }
      const differing = Object.keys(own).filter((field) => {
        const theirs = five[name]![field];
        return theirs !== undefined && JSON.stringify(theirs) !== JSON.stringify(own[field]);
      });
      const expected = isFast && known.fast ? [] : (known.changed ?? []);
      assert.deepEqual(differing.sort(), [...expected].sort(), kind);
      const { notices } = readPreprocessor(
        { image_processor_type: `${name}ImageProcessor${isFast ? 'Fast' : ''}` },
        file,
      );
      assert.deepEqual(
        notices.map(({ code }) => code),
        expected.length ? ['PREPROCESSOR_DEFAULTS'] : [],
      );
    }
  }
});

test('what is written is read as the same', () => {
  for (const { config } of goldenOf('4').cases) {
    const { preprocessor } = read(config);
    assert.deepEqual(parsePreprocessor(preprocessorJson(preprocessor), file), preprocessor, JSON.stringify(config));
  }
});

test('a file without a class is read as it stands, and what it leaves open is reported', () => {
  const { preprocessor, notices } = readPreprocessor({ size: 24, crop_size: 16, do_center_crop: true }, file);
  const { height, resize, kernel } = preprocessor.transform;
  assert.deepEqual([height, resize, kernel], [16, { height: 24, width: 24 }, 'linear']);
  assert.match(notices[0]!.message, /resample, image_mean, image_std/);
  const cropped = readPreprocessor({ size: { shortest_edge: 24 }, crop_size: 16 }, file).preprocessor.transform;
  assert.deepEqual([cropped.height, cropped.crop], [16, true]);
  const named = readPreprocessor({ size: 24, crop_size: 16, do_center_crop: true }, file, 'CLIP');
  assert.deepEqual([named.preprocessor.transform.resize, named.notices], [{ shortestEdge: 24 }, []]);
});

test('what a class would not apply alike everywhere is refused by name', () => {
  const clip = { image_processor_type: 'CLIPImageProcessor' };
  const faults: [Fields, RegExp][] = [
    [{ image_processor_type: 'PerceiverImageProcessor' }, /image_processor_type.*Perceiver/],
    [{ image_processor_type: 'Siglip2ImageProcessor' }, /image_processor_type.*Siglip2/],
    [{ image_processor_type: 'toString' }, /image_processor_type/],
    [{ image_processor_type: 7 }, /image_processor_type/],
    [{ ...clip, do_resize: false }, /do_resize/],
    [{ ...clip, do_pad: true }, /do_pad/],
    [{ ...clip, image_processor: { size: 16 } }, /image_processor/],
    ...['do_resize', 'do_rescale', 'do_normalize', 'do_center_crop', 'resample', 'rescale_factor'].map(
      (field): [Fields, RegExp] => [{ ...clip, [field]: null }, new RegExp(field)],
    ),
    [{ image_processor_type: 'MobileViTImageProcessor', do_flip_channel_order: null }, /do_flip_channel_order/],
    [{ image_processor_type: 'EfficientNetImageProcessor', include_top: null }, /include_top/],
    [{ ...clip, size: { shortest_edge: 32, longest_edge: 40 } }, /size\.longest_edge/],
    [{ ...clip, do_center_crop: false }, /do_center_crop/],
    [{ ...clip, crop_size: { shortest_edge: 32 } }, /crop_size/],
    [{ image_processor_type: 'ViTImageProcessor', do_center_crop: true }, /do_center_crop/],
    [{ image_processor_type: 'SiglipImageProcessor', size: 32 }, /do_center_crop/],
    [{ image_processor_type: 'ConvNextImageProcessor', size: { height: 32, width: 32 } }, /size\.shortest_edge/],
    [{ image_processor_type: 'ConvNextImageProcessor', size: 32, crop_pct: 0 }, /crop_pct/],
    [{ timm: { crop_mode: 'other' } }, /pretrained_cfg\.crop_mode/],
    [{ timm: { interpolation: 'random' } }, /pretrained_cfg\.interpolation/],
    [{ timm: { input_size: [1, 32, 32] } }, /pretrained_cfg\.input_size/],
    [{ timm: { input_size: [3, 32, 48] } }, /pretrained_cfg\.input_size/],
    [{ timm: { crop_pct: -1 } }, /pretrained_cfg\.crop_pct/],
    [{ timm: { crop_pct: 1e-9 } }, /pretrained_cfg\.crop_pct/],
    [{ image_processor_type: 'ConvNextImageProcessor', size: 32, crop_pct: 1e-9 }, /crop_pct/],
    [{ image_processor_type: 'PoolFormerImageProcessor', crop_pct: 1e9 }, /crop_pct/],
  ];
  for (const [json, words] of faults)
    assert.throws(
      () => read(json),
      (error) => {
        assert.ok(error instanceof UserError && error.code === 'PREPROCESSOR_INVALID', JSON.stringify(json));
        assert.match(error.message, words);
        return true;
      },
    );
});

test('null is as good as nothing where every version of transformers takes the default', () => {
  const open = { image_processor_type: 'ViTImageProcessorFast', size: { height: 32, width: 32 } };
  const nulls = ['do_center_crop', 'crop_size', 'do_pad', 'image_mean', 'image_std', 'input_data_format'];
  const json = { ...open, ...Object.fromEntries(nulls.map((field) => [field, null])) };
  assert.deepEqual(parsePreprocessor(json, file), parsePreprocessor(open, file));
});
