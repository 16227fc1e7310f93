/** Steps in parts: when they are taken, and that they are the parts a config can ask for itself. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { partSize, type PartOptions } from '../../../src/trainer/models/partSize.js';
import { resolveCheckpoint } from '../../../src/trainer/runs/runFolder.js';
import { vituneHere, writeConfig, writeDataset } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

const megabyte = 2 ** 20;

function sizeOf(
  batchSize: number,
  change: { side?: number; patchSize?: number; hiddenSize?: number; mixup?: number } & Partial<PartOptions> = {},
): number {
  const { side = 224, patchSize = 16, hiddenSize = 384, mixup = 0, ...rest } = change;
  const config = { augmentation: { mixup, cutmix: 0 } } as PartOptions['config'];
  const model = { config: { patchSize, hiddenSize }, height: side, width: side, ...rest.model } as PartOptions['model'];
  return partSize(batchSize, {
    config,
    device: 'cpu',
    bytesOfImage: 100 * megabyte,
    trainedBytes: megabyte,
    ...rest,
    model,
  });
}

test('a part has rows enough for the processor and divides the step', () => {
  assert.equal(sizeOf(16), 4);
  assert.equal(sizeOf(16, { hiddenSize: 768 }), 4);
  assert.equal(sizeOf(16, { hiddenSize: 192 }), 8, 'small values');
  assert.equal(sizeOf(10), 5);
  assert.equal(sizeOf(7), 7);
  assert.equal(sizeOf(3), 3);
  assert.equal(sizeOf(16, { side: 448 }), 1);
  assert.equal(sizeOf(16, { side: 64, patchSize: 8 }), 16, 'small images');
});

test('no parts where they would not learn the same, would be slower, or would save nothing', () => {
  assert.equal(sizeOf(16, { device: 'webgpu' }), 16);
  assert.equal(sizeOf(16, { mixup: 0.2 }), 16);
  assert.equal(
    sizeOf(16, { trainedBytes: 343 * megabyte }),
    16,
    'gradients of the whole model would be written for each part',
  );
  const cut = { key: '', share: 0.9 };
  assert.equal(
    sizeOf(16, { model: { cut: { ...cut, shape: [1, 768] } } as unknown as PartOptions['model'] }),
    16,
    'a head on features',
  );
  assert.equal(
    sizeOf(16, { model: { cut: { ...cut, shape: [197, 768] } } as unknown as PartOptions['model'] }),
    4,
    'the last block',
  );
});

test('a step in parts is the step of a config with gradientAccumulationSteps', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { ant: 6, bee: 7 });
  const saved: Buffer[] = [];
  for (const [name, batches] of Object.entries({
    whole: { batchSize: 4 },
    parts: { batchSize: 1, gradientAccumulationSteps: 4 },
  })) {
    const config = await writeConfig(
      folder,
      { method: 'lora', imageSize: 320, epochs: 1, output: name, ...batches },
      `${name}.vitune.json`,
    );
    const ended = await vituneHere(['train', config]);
    assert.equal(ended.code, 0, ended.stderr);
    const { batchSize, evalBatchSize, gradientAccumulationSteps } = JSON.parse(
      await readFile(join(folder, name, 'batch.json'), 'utf8'),
    ) as Record<string, number>;
    assert.deepEqual(
      { batchSize, evalBatchSize, gradientAccumulationSteps },
      { batchSize: 1, evalBatchSize: 1, gradientAccumulationSteps: 4 },
    );
    saved.push(await readFile(join(await resolveCheckpoint(join(folder, name)), 'adapter_model.safetensors')));
  }
  assert.deepEqual(saved[0], saved[1]);
});
