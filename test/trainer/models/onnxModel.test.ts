/**
 * Networks written by PyTorch's exporters, as frozen bodies: PyTorch's features for every kind of input, and plain
 * words for a file that is not such a network.
 */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cutOf } from '../../../src/trainer/compile/compile.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { FeatureExtractor } from '../../../src/trainer/engine/featureExtractor.js';
import { sizeOf } from '../../../src/trainer/ir/shape.js';
import { openBaseModel, type BaseModel, type BaseModelOptions } from '../../../src/trainer/models/baseModel.js';
import { Message } from '../../../src/trainer/onnx/protobuf.js';
import { squareFile } from '../onnx/squareNetwork.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from './goldenCheckpoint.js';
import { specOf } from './specOf.js';

const file = (name: string): string => join(golden, 'onnx', `${name}.onnx`);
const stored = JSON.parse(readFileSync(join(golden, 'onnx', 'features.json'), 'utf8')) as Record<string, number[][]>;
const images = new Uint8Array(readFileSync(join(golden, 'images.bin')));
const count = images.length / (32 * 32 * 3);

const opened = (name: string, o: Partial<BaseModelOptions> = {}): Promise<BaseModel> =>
  openBaseModel({ model: file(name), init: 'pretrained', seed: 0, imageSize: 32, ...o });

/** Features of the stored images, as a training run computes them. */
async function featuresOf(base: BaseModel, pixels = images): Promise<Float32Array> {
  const model = specOf(base, { type: 'head' }, 3);
  const cut = cutOf(model)!;
  assert.equal(sizeOf(cut.shape), base.config.features);
  assert.ok(cut.share > 0.5, 'the network is most of the work');
  const extractor = await FeatureExtractor.create(createEngine('cpu', { threads: 1 }), model, cut, count);
  const features = Float32Array.from(await extractor.run(pixels));
  await extractor.dispose();
  return features;
}

function difference(actual: ArrayLike<number>, expected: readonly number[]): number {
  assert.equal(actual.length, expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
}

function assertClose(actual: Float32Array, expected: readonly number[][], tolerance = 1e-4): void {
  const found = difference(actual, expected.flat());
  assert.ok(found <= tolerance, `differs by ${found}, more than ${tolerance}`);
}

interface Case {
  file: string;
  /** Found without being named. */
  output: string;
  stored: string;
  tolerance?: number;
  single?: boolean;
}

const cases: Case[] = [
  { file: 'resnet', output: 'view', stored: 'pooled' },
  { file: 'resnet-opset-11', output: '/global_pool/flatten/Flatten_output_0', stored: 'pooled' },
  { file: 'resnet-one', output: 'view', stored: 'pooled', single: true },
  { file: 'resnet-bytes', output: 'output', stored: 'pooled' },
  { file: 'resnet-beside', output: 'view', stored: 'pooled' },
  // Half precision rounds after every layer, here as in PyTorch: twice what PyTorch's numbers in half differ from its
  // own in full.
  {
    file: 'resnet-half',
    output: 'view',
    stored: 'pooled',
    tolerance: 2 * difference(stored['half']!.flat(), stored['pooled']!.flat()),
  },
  { file: 'vit', output: 'last_hidden_state', stored: 'firstToken' },
];

for (const { file: name, output, stored: key, tolerance, single = false } of cases) {
  test(`${name}: PyTorch's features, in whatever is found to be them`, async () => {
    const base = await opened(name);
    assert.equal(base.reference.features!.output, output);
    assert.equal(base.reference.features!.single, single);
    assertClose(await featuresOf(base), stored[key]!, tolerance);
  });
}

test('a tensor named in featureOutput, inside the network or its output, is taken instead', async () => {
  const inner = await opened('resnet', { featureOutput: 'max_pool2d' });
  assert.equal(inner.config.features, 64);
  assert.ok(inner.reference.sha256 !== (await opened('resnet')).reference.sha256, 'other features are another base');
  assertClose(await featuresOf(inner), stored['inner']!);
  assertClose(await featuresOf(await opened('resnet', { featureOutput: 'output' })), stored['logits']!);
  assertClose(await featuresOf(await opened('resnet-one', { featureOutput: 'output' })), stored['logits']!);
});

test('known features are not searched again', async () => {
  const base = await opened('resnet-one');
  const again = await openBaseModel({ ...base.reference });
  assert.deepEqual(again.reference, base.reference);
  assertClose(await featuresOf(again), stored['pooled']!);
});

test('a folder with model.onnx is a model, and its preprocessor_config.json says how images are prepared', async (t) => {
  const folder = await temporaryFolder(t);
  await copyFile(file('resnet'), join(folder, 'model.onnx'));
  const assumed = await opened('resnet', { model: folder });
  assert.deepEqual(
    assumed.notices!.map(({ code }) => code),
    ['ONNX_FEATURES', 'ONNX_NORMALISATION'],
  );
  assert.deepEqual(assumed.preprocessor.mean, [0.485, 0.456, 0.406]);
  await writeFile(
    join(folder, 'preprocessor_config.json'),
    JSON.stringify({ size: 48, image_mean: [0, 0, 0], image_std: [1, 1, 1] }),
  );
  const { notices, preprocessor, reference } = await openBaseModel({ model: folder, init: 'pretrained', seed: 0 });
  assert.deepEqual(
    notices!.map(({ code }) => code),
    ['PREPROCESSOR_UNNAMED', 'ONNX_SIZE', 'ONNX_FEATURES'],
  );
  assert.deepEqual([preprocessor.transform.height, preprocessor.mean[0], reference.imageSize], [32, 0, 32]);
});

test('do_flip_channel_order gives the network blue, green, red', async (t) => {
  const folder = await temporaryFolder(t);
  await copyFile(file('resnet'), join(folder, 'model.onnx'));
  const with32 = { image_processor_type: 'MobileViTImageProcessor', size: 32, crop_size: 32, resample: 2 };
  const featuresWith = async (flips: boolean, pixels: typeof images): Promise<Float32Array> => {
    const json = JSON.stringify({ ...with32, do_flip_channel_order: flips });
    await writeFile(join(folder, 'preprocessor_config.json'), json);
    return featuresOf(await openBaseModel({ model: folder, init: 'pretrained', seed: 0 }), pixels);
  };
  const swapped = images.map((_, i) => images[i - (i % 3) + 2 - (i % 3)]!);
  const expected = await featuresWith(false, swapped);
  assert.ok(difference(await featuresWith(true, images), [...expected]) < 1e-5);
  assert.ok(difference(await featuresWith(false, images), [...expected]) > 1e-3);
});

const refused = async (o: Partial<BaseModelOptions> & { model: string }, code: string): Promise<void> => {
  await assert.rejects(
    openBaseModel({ init: 'pretrained', seed: 0, ...o }),
    (error: { code?: string; message: string; remedy?: string }) => {
      assert.equal(error.code, code, error.message);
      assert.ok(error.remedy && !/\{\d\}/.test(error.message + error.remedy));
      return true;
    },
  );
};

test('a file that is not ONNX is refused in plain words', async (t) => {
  const folder = await temporaryFolder(t);
  const whole = await readFile(file('resnet'));
  const contents: Record<string, Uint8Array | string> = {
    empty: '',
    page: '<!DOCTYPE html><html><body>Sign in</body></html>',
    pointer: 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n',
    zeros: new Uint8Array(1000),
    half: whole.subarray(0, whole.length / 2),
    long: Uint8Array.of(0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 127, 0),
    endless: new Uint8Array(100).fill(255),
    noGraph: new Message().int(1, 9).finish(),
    noNodes: new Message()
      .int(1, 9)
      .message(7, new Message().text(2, 'x'))
      .message(8, new Message().int(2, 17))
      .finish(),
  };
  for (const [name, content] of Object.entries(contents)) {
    await writeFile(join(folder, `${name}.onnx`), content);
    await refused({ model: join(folder, `${name}.onnx`) }, 'ONNX_DAMAGED');
  }
  await refused({ model: join(folder, 'nothing.onnx') }, 'MODEL_NOT_FOUND');
  await mkdir(join(folder, 'folder.onnx'));
  await refused({ model: join(folder, 'folder.onnx') }, 'MODEL_NOT_FOUND');
});

test('external weights must exist, complete and within the folder', async (t) => {
  const folder = await temporaryFolder(t);
  const model = join(folder, 'resnet-beside.onnx');
  const data = 'resnet-beside.onnx.data';
  await copyFile(file('resnet-beside'), model);
  await refused({ model }, 'ONNX_WEIGHTS_UNUSABLE');
  const weights = await readFile(join(golden, 'onnx', data));
  await writeFile(join(folder, data), weights.subarray(0, 5000));
  await refused({ model }, 'ONNX_WEIGHTS_UNUSABLE');
  const outside = Buffer.from(
    (await readFile(model)).toString('latin1').replaceAll(data, `../${data.slice(3)}`),
    'latin1',
  );
  await writeFile(model, outside);
  await refused({ model }, 'ONNX_WEIGHTS_UNUSABLE');
});

test('a network without an image input or features, or with an impossible option, is refused in plain words', async (t) => {
  const folder = await temporaryFolder(t);
  const model = join(folder, 'square.onnx');
  await writeFile(model, squareFile());
  await refused({ model }, 'ONNX_INPUT_UNFIT');
  // An operator that does not exist.
  const whole = await readFile(file('resnet'));
  await writeFile(model, Buffer.from(whole.toString('latin1').replaceAll('MaxPool', 'MaxPoop'), 'latin1'));
  await refused({ model, imageSize: 32 }, 'ONNX_NOT_RUNNABLE');
  await refused({ model: file('resnet'), featureOutput: 'nothing' }, 'ONNX_OUTPUT_UNKNOWN');
  await refused({ model: file('resnet'), imageSize: 64 }, 'ONNX_IMAGE_SIZE_FIXED');
  await refused({ model: file('resnet'), init: 'random' }, 'ONNX_NO_RANDOM_WEIGHTS');
  await refused({ model: file('vit'), featureOutput: 'val_0' }, 'ONNX_OUTPUT_UNFIT');
  await refused({ model: 'embedded', featureOutput: 'x' }, 'FEATURE_OUTPUT_UNUSED');
});
