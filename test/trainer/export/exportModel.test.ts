/** Exports give the predictions of the checkpoint, others are not kept, and no existing file is lost. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { Session } from '../../../src/trainer/engine/ort/session.js';
import { hostTensor } from '../../../src/trainer/engine/tensor.js';
import type { ExportFormat } from '../../../src/shared/exportFormats.js';
import { computeLogits } from '../../../src/trainer/inference/computeLogits.js';
import { writeOnnx } from '../../../src/trainer/export/onnxExport.js';
import { exportModel } from '../../../src/trainer/export/exportModel.js';
import { lastCheckpoint } from '../../../src/trainer/runs/runFolder.js';
import { writeCalibration } from '../../../src/trainer/models/calibrationFile.js';
import { hashOfWeights } from '../../../src/trainer/models/checkpoint.js';
import { openModel } from '../../../src/trainer/models/openModel.js';
import { comparePredictions } from '../../../src/trainer/inference/parity.js';
import { Samples } from '../../../src/trainer/data/samples.js';
import { SaveCheck } from '../../../src/trainer/training/saveCheck.js';
import { sampleFor } from '../../../src/trainer/inference/sample.js';
import { onSmallDisk } from '../checkpoint/smallDisk.js';
import { vitune, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import {
  distance,
  golden,
  numbersOf,
  writeLoraCheckpoint,
  writeImages,
  removeHashes,
} from '../models/goldenCheckpoint.js';

const expected = numbersOf('vit').curves.lora!.finalLogits;
const opened = (format: ExportFormat, folder: string): string =>
  format === 'onnx' ? join(folder, 'model.onnx') : folder;

for (const format of ['peft', 'transformers', 'onnx'] as const) {
  test(`${format}: PyTorch's logits, and the reported files`, async (t) => {
    const folder = await temporaryFolder(t);
    const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
    const images = await writeImages(join(folder, 'images'));
    const output = join(folder, 'new', 'export');
    const exported = await exportModel({ checkpoint, format, output, images });
    assert.deepEqual(exported.files, (await readdir(output)).sort());
    assert.deepEqual([exported.parity.pictures, exported.parity.changed], [16, []]);
    const { labels, logits } = await computeLogits({ model: opened(format, output), images });
    assert.deepEqual(labels, numbersOf('vit').labels);
    assert.ok(distance(logits, expected) < 1e-4, String(distance(logits, expected)));
    // Whatever is in it names no folder that vanishes with the export's making.
    for (const name of exported.files.filter((each) => each.endsWith('.json')))
      assert.doesNotMatch(await readFile(join(output, name), 'utf8'), /unfinished/);
  });
}

for (const format of ['peft', 'transformers', 'onnx'] as const) {
  test(`${format}: the logits of a calibrated checkpoint are PyTorch's divided by the temperature`, async (t) => {
    const folder = await temporaryFolder(t);
    const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
    const images = await writeImages(join(folder, 'images'));
    const tasks = [{ task: 'label', images: 30, temperature: 2.5 }];
    await writeCalibration(checkpoint, { model: await hashOfWeights(checkpoint), tasks }, undefined);
    const output = join(folder, 'export');
    const { parity } = await exportModel({ checkpoint, format, output, images });
    assert.deepEqual([parity.pictures, parity.changed], [16, []]);
    const { logits } = await computeLogits({ model: opened(format, output), images });
    const wanted = expected.map((row) => row.map((logit) => logit / 2.5));
    assert.ok(distance(logits, wanted) < 1e-4, String(distance(logits, wanted)));
    const config = JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(config.vitune_calibration, [{ task: 'label', temperature: 2.5 }]);
  });
}

for (const format of ['peft', 'transformers', 'onnx'] as const) {
  test(`${format}: DoRA on every linear layer`, async (t) => {
    const folder = await temporaryFolder(t);
    const method = { rank: 2, alpha: 4, useDora: true, targetModules: ['all-linear'] };
    const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'), {
      adapter: 'interchange/dora-all-linear',
      method,
    });
    const images = await writeImages(join(folder, 'images'));
    const output = join(folder, 'export');
    await exportModel({ checkpoint, format, output, images });
    const stored = JSON.parse(readFileSync(join(golden, 'interchange', 'logits.json'), 'utf8')) as {
      logits: Record<string, number[][]>;
    };
    const { logits } = await computeLogits({ model: opened(format, output), images });
    assert.ok(
      distance(logits, stored.logits['dora-all-linear']!) < 1e-4,
      String(distance(logits, stored.logits['dora-all-linear']!)),
    );
  });
}

test("a PEFT export of a base with timm's names brings it along under those of transformers, which has no others", async (t) => {
  const folder = await temporaryFolder(t);
  const run = join(folder, 'run');
  await writeDataset(join(folder, 'photos'), { red: 4, green: 4 });
  const model = join(golden, 'models', 'timm-vit');
  const config = await writeConfig(folder, { model, method: { type: 'lora', rank: 2 }, epochs: 1, output: run });
  assert.equal((await vitune(['train', config])).code, 0);
  const [output, codes] = [join(folder, 'export'), [] as string[]];
  await exportModel({
    checkpoint: (await lastCheckpoint(run))!,
    format: 'peft',
    output,
    images: [0, 1],
    onNotice: ({ code }) => codes.push(code),
  });
  const adapter = JSON.parse(await readFile(join(output, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(adapter.base_model_name_or_path, 'base');
  const { tensors } = await readSafetensors(join(output, 'base', 'model.safetensors'));
  assert.ok(tensors.has('vit.encoder.layer.0.attention.attention.query.weight'), [...tensors.keys()].join());
  assert.deepEqual(codes, ['EXPORT_CROPS_OTHERWISE'], 'the crop that transformers rounds otherwise is reported');
});

test('a network of a class of timm is exported under its names, at the size that it was trained at, and not as an adapter', async (t) => {
  const folder = await temporaryFolder(t);
  const run = join(folder, 'run');
  await writeDataset(join(folder, 'photos'), { red: 4, green: 4 });
  const model = join(golden, 'models', 'timm-siglip');
  const method = { type: 'lora', rank: 2 };
  const config = await writeConfig(folder, { model, method, epochs: 1, output: run, imageSize: 48 });
  assert.equal((await vitune(['train', config])).code, 0);
  const checkpoint = (await lastCheckpoint(run))!;
  const output = join(folder, 'export');
  await exportModel({ checkpoint, format: 'transformers', output, images: [0, 1] });
  const { tensors } = await readSafetensors(join(output, 'model.safetensors'));
  const original = await readSafetensors(join(model, 'model.safetensors'));
  assert.deepEqual([...tensors.keys()].sort(), [...original.tensors.keys()].sort());
  const json = JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as Record<string, unknown>;
  assert.deepEqual([json.architecture, json.num_classes], ['vit_base_patch16_siglip_224', 2]);
  assert.deepEqual((json.model_args as { img_size: number[] }).img_size, [48, 48]);
  await assert.rejects(exportModel({ checkpoint, format: 'peft', output: join(folder, 'peft'), images: [0, 1] }), {
    code: 'EXPORT_IMPOSSIBLE',
    message: /model of timm/,
  });
});

test('a PEFT export has an adapter under the names of transformers 4 and 5, and brings a base that Python would not find', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'), { imageSize: 48 });
  const [output, moved] = [join(folder, 'export'), join(folder, 'moved')];
  const images = [0, 1, 2];
  await exportModel({ checkpoint, format: 'peft', output, images });
  const config = JSON.parse(await readFile(join(output, 'adapter_config.json'), 'utf8')) as {
    base_model_name_or_path: string;
    target_modules: string[];
  };
  assert.deepEqual(
    [config.base_model_name_or_path, config.target_modules],
    ['base', ['query', 'value', 'q_proj', 'v_proj']],
  );
  const { tensors } = await readSafetensors(join(output, 'adapter_model.safetensors'));
  const of = (name: string) => tensors.get(`base_model.model.vit.${name}.lora_A.weight`)?.data;
  assert.ok(of('layers.2.attention.q_proj'));
  assert.deepEqual(of('layers.2.attention.q_proj'), of('encoder.layer.2.attention.attention.query'));
  const before = await computeLogits({ model: checkpoint, images });
  await rename(output, moved);
  assert.ok(
    distance((await computeLogits({ model: moved, images })).logits, before.logits) < 1e-4,
    'the base goes along',
  );
});

test('ONNX: any batch, and external weights when they are large', async (t) => {
  const folder = await temporaryFolder(t);
  const model = await openModel(await writeLoraCheckpoint(join(folder, 'checkpoint')));
  const [whole, split] = [join(folder, 'whole'), join(folder, 'split')];
  for (const each of [whole, split]) await mkdir(each);
  await writeOnnx(whole, model);
  await writeOnnx(split, model, { largest: 10_000 });
  assert.ok(!existsSync(join(whole, 'model.onnx.data')) && existsSync(join(split, 'model.onnx.data')));
  const pixels = readFileSync(join(golden, 'images.bin'));
  for (const each of [whole, split]) {
    const session = await Session.create(join(each, 'model.onnx'), { device: 'cpu', threads: 1 });
    for (const batch of [1, 2, 7, 16]) {
      const { logits } = await session.run({
        images: hostTensor('u8', [batch, 32, 32, 3], new Uint8Array(pixels.subarray(0, batch * 3072))),
      });
      assert.deepEqual(logits!.shape, [batch, 5]);
      const rows = Array.from({ length: batch }, (_, i) =>
        Array.from((logits!.data as Float32Array).subarray(5 * i, 5 * i + 5)),
      );
      assert.ok(distance(rows, expected.slice(0, batch)) < 1e-4);
    }
    await session.dispose();
  }
});

/** Flips the sign of every fp32 number in a part of a file, which no reader can distinguish from another model. */
function spoil(file: string, from: number, to: number): void {
  const bytes = readFileSync(file);
  for (let i = from + 3; i < to; i += 4) bytes[i]! ^= 0x80;
  writeFileSync(file, bytes);
}

const weightsOf: Record<ExportFormat, string> = {
  peft: 'adapter_model.safetensors',
  transformers: 'model.safetensors',
  onnx: 'model.onnx',
};
for (const format of ['peft', 'transformers', 'onnx'] as const) {
  test(`${format}: an export whose file was spoilt after it was written is not kept, and the images are named`, async (t) => {
    const folder = await temporaryFolder(t);
    const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
    const images = (await writeImages(join(folder, 'images'))).slice(0, 8);
    const output = join(folder, 'exports', 'mine');
    const { data } = (await readSafetensors(join(checkpoint, 'adapter_model.safetensors'))).tensors.get(
      'base_model.model.classifier.weight',
    )!;
    const head = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const onProgress = (stage: string): void => {
      if (stage !== 'compare') return;
      const [unfinished] = readdirSync(join(folder, 'exports'));
      const file = join(folder, 'exports', unfinished!, weightsOf[format]);
      const from = readFileSync(file).indexOf(head);
      assert.ok(from > 0);
      spoil(file, from, from + head.length);
    };
    await assert.rejects(
      exportModel({ checkpoint, format, output, images, onProgress }),
      (error: { code: string; message: string; remedy: string }) => {
        assert.equal(error.code, 'ANSWERS_CHANGED');
        assert.ok(
          images.some((path) => error.message.includes(path)),
          error.message,
        );
        return true;
      },
    );
    assert.deepEqual(await readdir(join(folder, 'exports')), [], 'nothing is left behind');
  });
}

test('a damaged export is reported as such', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  for (const [format, code] of [
    ['transformers', 'SAFETENSORS_OUT_OF_BOUNDS'],
    ['onnx', 'CHECKPOINT_DAMAGED'],
  ] as const) {
    const output = join(folder, format);
    await exportModel({ checkpoint, format, output, images: [1] });
    await truncate(join(output, weightsOf[format]), 100_000);
    await assert.rejects(computeLogits({ model: opened(format, output), images: [1] }), { code });
  }
});

test('an export overwrites nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  const [full, file, empty] = [join(folder, 'full'), join(folder, 'file'), join(folder, 'empty')];
  await mkdir(full);
  await mkdir(empty);
  await writeFile(join(full, 'precious.txt'), 'x');
  await writeFile(file, 'x');
  for (const output of [full, file]) {
    await assert.rejects(exportModel({ checkpoint, format: 'onnx', output, images: [0] }), {
      code: 'EXPORT_TARGET_TAKEN',
      place: { file: output },
    });
  }
  assert.deepEqual(await readdir(full), ['precious.txt']);
  assert.equal(await readFile(file, 'utf8'), 'x');
  await mkdir(join(empty, '.git'));
  await writeFile(join(empty, '.git', 'HEAD'), 'ref');
  await writeFile(join(empty, '.env'), 'secret');
  const { files } = await exportModel({ checkpoint, format: 'onnx', output: empty, images: [0] });
  assert.ok(existsSync(join(empty, 'model.onnx')));
  assert.equal(await readFile(join(empty, '.git', 'HEAD'), 'utf8'), 'ref');
  assert.equal(await readFile(join(empty, '.env'), 'utf8'), 'secret');
  assert.deepEqual((await readdir(empty)).sort(), ['.env', '.git', ...files], 'the export reports its own files');
  assert.deepEqual((await readdir(folder)).sort(), ['checkpoint', 'empty', 'file', 'full'], 'nothing is left aside');
});

test('a full disk and a read-only one: a remedy, and nothing left', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  const disk = join(folder, 'disk');
  await mkdir(disk);
  await onSmallDisk(t, disk, 200, async () => {
    const refused = () =>
      assert.rejects(exportModel({ checkpoint, format: 'transformers', output: join(disk, 'out'), images: [0] }), {
        code: 'NOT_EXPORTED',
        remedy: /Free some space/,
        place: { file: join(disk, 'out') },
      });
    await refused();
    assert.deepEqual(await readdir(disk), []);
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await refused();
  });
});

test('a whole model is not an adapter', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = join(folder, 'model');
  await cp(join(golden, 'models', 'vit'), checkpoint, { recursive: true });
  await assert.rejects(exportModel({ checkpoint, format: 'peft', output: join(folder, 'out'), images: [0] }), {
    code: 'EXPORT_IMPOSSIBLE',
    remedy: /transformers, onnx/,
  });
  assert.equal(existsSync(join(folder, 'out')), false);
});

test('a cancelled export leaves nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  const controller = new AbortController();
  const onProgress = (stage: string): void => void (stage === 'compare' && controller.abort());
  const output = join(folder, 'exports', 'mine');
  await assert.rejects(
    exportModel({ checkpoint, format: 'peft', output, images: [0], signal: controller.signal, onProgress }),
    { name: 'AbortError' },
  );
  assert.deepEqual(await readdir(join(folder, 'exports')), []);
});

test('the parity check of a run: the saved model is the trained one, and a corrupted checkpoint is reported with the images', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = await writeLoraCheckpoint(join(folder, 'checkpoint'));
  const images = await writeImages(join(folder, 'images'));
  const { preprocessor, labels } = await openModel(checkpoint);
  const session = async () => {
    const live = await computeLogits({ model: checkpoint, images });
    return async (pixels: Uint8Array): Promise<Float32Array> => {
      // The stored images are distinguished by their pixels.
      const all = readFileSync(join(golden, 'images.bin'));
      return Float32Array.from(
        [0, 1, 2].flatMap((i) => {
          const one = Buffer.from(pixels.subarray(i * 3072, (i + 1) * 3072));
          const found = images.findIndex((_, k) => one.equals(all.subarray(k * 3072, (k + 1) * 3072)));
          return found < 0 ? labels.map(() => 0) : live.logits[found]!;
        }),
      );
    };
  };
  const gate = new SaveCheck({
    images: Samples.of(images.map((path) => ({ path, label: 0 }))),
    seed: 3,
    labels,
    transform: preprocessor.transform,
    batch: 3,
    logits: await session(),
  });
  await gate.remember(20);
  assert.deepEqual([gate.hasLogits(20), gate.hasLogits(10)], [true, false]);
  const notices: { code: string; message: string }[] = [];
  const parity = await gate.compare(checkpoint, (event) => notices.push(event), new AbortController().signal);
  assert.deepEqual([parity?.pictures, parity?.changed, notices], [8, [], []]);
  const file = join(checkpoint, 'adapter_model.safetensors');
  await removeHashes(checkpoint);
  spoil(file, readFileSync(file).length - 2000, readFileSync(file).length);
  const changed = await gate.compare(checkpoint, (event) => notices.push(event), new AbortController().signal);
  assert.equal(notices[0]!.code, 'SAVED_ANSWERS_CHANGED');
  assert.ok(
    changed!.changed.length > 0 && changed!.changed.every(({ picture }) => notices[0]!.message.includes(picture)),
  );
  await rm(file);
  assert.equal(await gate.compare(checkpoint, (event) => notices.push(event), new AbortController().signal), undefined);
  assert.equal(
    notices[1]!.code,
    'FILE_UNREADABLE',
    'a checkpoint that cannot be opened is told of, and the run ends well',
  );
});

test('the comparison of predictions: within the tolerance, beyond it, another label, NaN', () => {
  const live = {
    labels: ['a', 'b'],
    logits: [
      [0, 1],
      [0, 0.001],
      [1, 0],
      [2, 0],
    ],
  };
  const names = ['p', 'q', 'r', 's'];
  assert.deepEqual(comparePredictions(names, live, live).changed, []);
  const other = {
    labels: ['a', 'b'],
    logits: [
      [0, 1.0001],
      [0.001, 0],
      [0, 1],
      [NaN, 0],
    ],
  };
  const { changed, largestDifference } = comparePredictions(names, live, other);
  assert.deepEqual(
    changed.map(({ picture, was, is }) => [picture, was, is]),
    [
      ['q', 'b', 'a'],
      ['r', 'a', 'b'],
      ['s', 'a', 'a'],
    ],
  );
  assert.equal(largestDifference, 1);
  assert.equal(
    comparePredictions(names, live, { ...live, labels: ['b', 'a'] }).changed.length,
    4,
    'labels that changed places',
  );
});

test('the sample: of the run, of a folder, or drawn', async (t) => {
  const folder = await temporaryFolder(t);
  const checkpoint = join(folder, 'run', 'checkpoints', '20');
  await mkdir(checkpoint, { recursive: true });
  assert.deepEqual(await sampleFor(checkpoint), [0, 1, 2, 3, 4, 5, 6, 7], 'no run');
  const images = await writeImages(join(folder, 'photos', 'a'));
  await writeFile(join(folder, 'photos', 'a', 'broken.jpg'), 'no image');
  await writeFile(join(folder, 'run', 'config.json'), JSON.stringify({ dataset: join(folder, 'photos') }));
  const sample = await sampleFor(checkpoint);
  assert.equal(new Set(sample).size, 8);
  assert.ok(sample.every((path) => images.includes(String(path))));
  assert.deepEqual(await sampleFor(checkpoint), sample, 'always the same');
  await mkdir(join(folder, 'none'));
  await assert.rejects(sampleFor(checkpoint, join(folder, 'none')), { code: 'NOTHING_TO_CLASSIFY' });
  await rm(join(folder, 'photos'), { recursive: true });
  assert.deepEqual((await sampleFor(checkpoint)).slice(0, 2), [0, 1], 'images that are gone');
});
