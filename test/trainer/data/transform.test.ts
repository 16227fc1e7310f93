/** Sizes and crops against transformers' rules, and preprocessor files of every age and fault. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  centreCrop,
  evaluationFit,
  squareTransform,
  trainingFit,
  withImageSize,
  type ImageTransform,
} from '../../../src/trainer/data/transform.js';
import { parsePreprocessor } from '../../../src/trainer/data/imageProcessor.js';
import { UserError } from '../../../src/trainer/errors/errors.js';

const parse = (json: unknown) => parsePreprocessor(json, '/m/preprocessor_config.json');

test("ViT's own file", () => {
  const json = {
    do_normalize: true,
    do_rescale: true,
    do_resize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    resample: 2,
    rescale_factor: 1 / 255,
    size: { height: 224, width: 224 },
  };
  assert.deepEqual(parse(json), {
    transform: squareTransform(224),
    rescaleFactor: 1 / 255,
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
  });
});

test("DeiT's resize and crop, and files of old", () => {
  const { transform, mean } = parse({
    size: 256,
    crop_size: 224,
    do_center_crop: true,
    resample: 3,
    image_mean: [0.485, 0.456, 0.406],
    image_std: [0.229, 0.224, 0.225],
  });
  assert.deepEqual(transform, {
    height: 224,
    width: 224,
    resize: { height: 256, width: 256 },
    crop: true,
    kernel: 'cubic',
  });
  assert.deepEqual(mean, [0.485, 0.456, 0.406]);
  assert.deepEqual(parse({ size: 384 }).transform, squareTransform(384));
  assert.deepEqual(parse({ size: [32, 48], resample: 0 }).transform, {
    height: 32,
    width: 48,
    resize: { height: 32, width: 48 },
    crop: false,
    kernel: 'nearest',
  });
  assert.deepEqual(
    parse({ size: { shortest_edge: 256 }, crop_size: { height: 224, width: 192 }, resample: 1 }).transform,
    {
      height: 224,
      width: 192,
      resize: { shortestEdge: 256 },
      crop: true,
      kernel: 'lanczos3',
    },
  );
  assert.deepEqual(parse({}).transform, squareTransform(224));
});

test('a disabled option has no effect', () => {
  const { mean, std, rescaleFactor } = parse({ do_normalize: false, do_rescale: false, image_mean: 'unused' });
  assert.deepEqual([mean, std, rescaleFactor], [[0, 0, 0], [1, 1, 1], 1]);
});

test('wrong files are refused by the name of the field', () => {
  const faults: [unknown, RegExp][] = [
    [null, /no JSON object/],
    [[], /no JSON object/],
    ['x', /no JSON object/],
    [{ size: '224' }, /size/],
    [{ size: 0 }, /size/],
    [{ size: 1e9 }, /size/],
    [{ size: { height: 5 } }, /size\.width/],
    [{ size: {} }, /size\.height/],
    [{ size: [1] }, /size/],
    [{ size: { shortest_edge: 1.5 } }, /shortest_edge/],
    [{ crop_size: -1 }, /crop_size/],
    [{ do_center_crop: 'yes' }, /do_center_crop/],
    [{ size: { shortest_edge: 64 } }, /do_center_crop/],
    [{ resample: 9 }, /resample/],
    [{ resample: 'bilinear' }, /resample/],
    [{ resample: 'toString' }, /resample/],
    [{ image_mean: [0, 0] }, /image_mean/],
    [{ image_mean: ['a', 'b', 'c'] }, /image_mean/],
    [{ image_std: [0, 1, 1] }, /image_std/],
    [{ image_std: [NaN, 1, 1] }, /image_std/],
    [{ rescale_factor: '1/255' }, /rescale_factor/],
  ];
  for (const [json, words] of faults)
    assert.throws(
      () => parse(json),
      (error) => {
        assert.ok(
          error instanceof UserError &&
            error.code === 'PREPROCESSOR_INVALID' &&
            error.place.file === '/m/preprocessor_config.json',
          JSON.stringify(json),
        );
        assert.match(error.message, words);
        return true;
      },
    );
});

test('another input size keeps the proportion of resize and crop', () => {
  const deit: ImageTransform = { height: 224, width: 224, resize: { shortestEdge: 256 }, crop: true, kernel: 'cubic' };
  assert.deepEqual(withImageSize(deit, 112), { ...deit, height: 112, width: 112, resize: { shortestEdge: 128 } });
  assert.deepEqual(withImageSize(squareTransform(224), 64), squareTransform(64));
});

test('the shortest edge is resized as transformers does, the longer side cut off to whole pixels', () => {
  const transform: ImageTransform = {
    height: 224,
    width: 224,
    resize: { shortestEdge: 256 },
    crop: true,
    kernel: 'linear',
  };
  const size = (width: number, height: number) => {
    const fit = evaluationFit(transform, width, height);
    return [fit.width, fit.height];
  };
  assert.deepEqual(size(640, 480), [341, 256]);
  assert.deepEqual(size(480, 640), [256, 341]);
  assert.deepEqual(size(333, 500), [256, 384]);
  assert.deepEqual(size(500, 333), [384, 256]);
  assert.deepEqual(size(10, 10), [256, 256]);
});

test('a long strip is cut to its middle before it is resized', () => {
  const transform: ImageTransform = {
    height: 64,
    width: 64,
    resize: { shortestEdge: 64 },
    crop: true,
    kernel: 'linear',
  };
  const fit = evaluationFit(transform, 1, 30000);
  assert.deepEqual(fit, { region: { left: 0, top: 14996, width: 1, height: 8 }, width: 64, height: 512 });
  const training = trainingFit(transform, 30000, 100);
  assert.equal(training.height, 74);
  assert.equal(training.width, 592);
  assert.ok(training.region.width === 800 && training.region.left === 14600);
});

test('training keeps 1.15 times the input and never enlarges', () => {
  const size = (width: number, height: number) => {
    const { width: w, height: h } = trainingFit(squareTransform(224), width, height);
    return [w, h];
  };
  assert.deepEqual(size(1024, 768), [344, 258]);
  assert.deepEqual(size(64, 64), [64, 64]);
  assert.deepEqual(size(1000, 5), [1000, 5]);
});

test('the middle is cut, or padded with black, at the offsets of transformers', () => {
  const row = (n: number) => Uint8Array.from({ length: n * 3 }, (_, i) => 1 + Math.floor(i / 3));
  const middle = (from: number, to: number, options = {}) =>
    [...centreCrop(row(from), from, 1, { width: to, height: 1, ...options })].filter((_, i) => i % 3 === 0);
  assert.deepEqual(middle(5, 2), [2, 3]);
  assert.deepEqual(middle(4, 2), [2, 3]);
  assert.deepEqual(middle(3, 4), [0, 1, 2, 3]);
  assert.deepEqual(middle(2, 5), [0, 0, 1, 2, 0]);
  assert.deepEqual(middle(3, 3), [1, 2, 3]);
  const rounded = { rounded: true as const };
  assert.deepEqual(middle(5, 2, rounded), [3, 4]);
  assert.deepEqual(middle(7, 2, rounded), [3, 4]);
  assert.deepEqual(middle(3, 4, rounded), [1, 2, 3, 0]);
  assert.deepEqual(middle(1, 3, { border: [9, 8, 7] }), [9, 1, 9]);
});
