/**
 * A checkpoint of every method opens again: training continues bit for bit, and it classifies like the trained model.
 */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { createEngine } from '../../../src/trainer/engine/createEngine.js';
import { Trainable } from '../../../src/trainer/engine/trainable.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { openCheckpoint, readProgress, readState, writeCheckpoint } from '../../../src/trainer/models/checkpoint.js';
import { Classifier } from '../../../src/trainer/inference/classifier.js';
import { writeWhole } from '../../../src/trainer/export/exportFormats.js';
import { initialValues, optimizerOf, prepareNetwork } from '../../../src/trainer/training/prepareNetwork.js';
import { tinyModel, writeConfig } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';
import { singleTask } from '../../../src/trainer/core/tasks.js';
import { images } from '../engine/goldenCurves.js';
import { removeHashes } from '../models/goldenCheckpoint.js';

const labels = ['ant', 'bee', 'cat'];
const tasks = singleTask(labels);
const batchSize = 4;
const size = 32 * 32 * 3;

const methods: Record<
  string,
  {
    method: object;
    files: string[];
    adapterConfig?: object;
    /** Not of an architecture in transformers. */ isForeign?: boolean;
  }
> = {
  'head with a hidden layer': {
    method: { type: 'head', hidden: 8, dropout: 0.2 },
    files: ['adapter_model.safetensors'],
    isForeign: true,
    adapterConfig: { target_modules: 'dummy-target-modules', modules_to_save: ['classifier'] },
  },
  partial: { method: { type: 'partial', blocks: 1, modules: ['layer.0.layernorm*'] }, files: ['model.safetensors'] },
  'full with layer-wise decay': { method: { type: 'full', layerDecay: 0.7 }, files: ['model.safetensors'] },
  'Pfeiffer adapter': {
    method: { type: 'adapter', dropout: 0.1 },
    files: ['adapter_model.safetensors'],
    isForeign: true,
  },
  'Houlsby adapter': {
    method: { type: 'adapter', placement: 'houlsby', bottleneck: 5, activation: 'silu' },
    files: ['adapter_model.safetensors'],
    isForeign: true,
  },
  'rank-stabilised LoRA': {
    method: { type: 'lora', rank: 4, alpha: 8, useRslora: true, dropout: 0.1 },
    files: ['adapter_model.safetensors'],
    adapterConfig: { r: 4, lora_alpha: 8, use_rslora: true, use_dora: false, target_modules: ['query', 'value'] },
  },
  'DoRA on some blocks': {
    method: {
      type: 'lora',
      rank: 2,
      useDora: true,
      targetModules: ['all-linear'],
      layersToTransform: [1, 2],
      dropout: 0.1,
    },
    files: ['adapter_model.safetensors'],
    // Each target names its block, since PEFT would adapt a layer of that name in every block.
    adapterConfig: {
      use_rslora: false,
      use_dora: true,
      target_modules: [1, 2].flatMap((block) =>
        ['attention.attention.query', 'attention.attention.key', 'attention.attention.value']
          .concat('attention.output.dense', 'intermediate.dense', 'output.dense')
          .map((layer) => `${block}.${layer}`),
      ),
    },
  },
};

/** Asserts that the model in `folder` gives the outputs of the one in training. */
async function assertAnswers(folder: string, logits: Float32Array): Promise<void> {
  const classifier = await Classifier.open(folder, batchSize);
  const answers = await classifier.logits(images.slice(0, batchSize * size));
  await classifier.dispose();
  // ONNX Runtime folds what is constant here and was fed there, in another order of additions.
  answers.forEach((answer, i) =>
    assert.ok(
      Math.abs(answer - logits[i]!) < 1e-4 * Math.max(1, Math.abs(logits[i]!)),
      `${answer} instead of ${logits[i]!}`,
    ),
  );
}

for (const [name, { method, files, adapterConfig, isForeign }] of Object.entries(methods)) {
  test(`${name}: a checkpoint resumes, classifies and is exported`, async (t) => {
    const folder = await temporaryFolder(t);
    const loaded = await loadConfig(await writeConfig(folder, { method, model: tinyModel, dropout: 0.1 }));
    const { config } = loaded;
    const base = await openBaseModel({ ...config, place: {} });
    const prepared = prepareNetwork(loaded, base, labels.length);
    const create = async (): Promise<Trainable> => {
      const engine = createEngine('cpu');
      const created = await Trainable.create(engine, {
        model: prepared.model,
        optimizer: optimizerOf(config),
        batchSize,
        evalBatchSize: batchSize,
        accumulates: false,
        seed: 1,
      });
      t.after(() => created.dispose());
      return created;
    };
    const stepsOf = async (trainable: Trainable, from: number, to: number): Promise<number[]> => {
      const losses: number[] = [];
      for (let step = from; step < to; step++) {
        const some = images.slice((step % 4) * batchSize * size, ((step % 4) + 1) * batchSize * size);
        const targets = new Float32Array(batchSize * labels.length);
        for (let i = 0; i < batchSize; i++) targets[i * labels.length + ((step + i) % labels.length)] = 1;
        losses.push(
          (
            await trainable.step(
              [{ images: some, targets, weights: new Float32Array(batchSize).fill(1 / batchSize) }],
              step,
              0.01,
            )
          ).loss,
        );
      }
      return losses;
    };

    const whole = await create();
    const first = initialValues(prepared, base, config.seed);
    whole.restore({ parameters: first });
    await stepsOf(whole, 0, 3);
    const state = await whole.read();
    for (const [parameter, data] of state.parameters)
      assert.notDeepEqual(data, first.get(parameter), `${parameter} has not moved`);
    const checkpoint = join(folder, 'checkpoint');
    await mkdir(checkpoint);
    const progress = { step: 3, evaluationsSinceBest: 0, dataset: 'd' };
    await writeCheckpoint(checkpoint, { ...prepared, base, method: config.method, tasks, state, progress });
    const logits = await whole.logits(images.slice(0, batchSize * size));
    const losses = await stepsOf(whole, 3, 6);

    const resumed = await create();
    assert.equal((await readProgress(checkpoint)).step, 3);
    resumed.restore(
      await readState(checkpoint, { base: base.reference, method: config.method, parameters: prepared.parameters }),
    );
    assert.deepEqual(await stepsOf(resumed, 3, 6), losses);
    assert.deepEqual(await resumed.read(), await whole.read());

    const opened = await openCheckpoint(checkpoint);
    assert.deepEqual(opened.method, config.method);
    await assertAnswers(checkpoint, logits);
    const exported = join(folder, 'exported');
    await mkdir(exported);
    if (isForeign) await assert.rejects(writeWhole(exported, opened), { code: 'EXPORT_IMPOSSIBLE', remedy: /onnx/ });
    else {
      await writeWhole(exported, opened);
      await assertAnswers(exported, logits);
    }

    for (const file of files) assert.ok((await readSafetensors(join(checkpoint, file))).tensors.size > 0);
    const stored = await readFile(join(checkpoint, 'adapter_config.json'), 'utf8').catch(() => undefined);
    if (!adapterConfig) assert.equal(stored, undefined, 'PEFT must not take it for its own');
    else {
      const written = JSON.parse(stored!) as Record<string, unknown>;
      for (const [key, value] of Object.entries(adapterConfig)) assert.deepEqual(written[key], value, key);
    }
  });
}

test('a checkpoint of an adapter without one of its weights is refused, and so is an unknown option', async (t) => {
  const folder = await temporaryFolder(t);
  const loaded = await loadConfig(await writeConfig(folder, { method: 'adapter', model: tinyModel }));
  const base = await openBaseModel({ ...loaded.config, place: {} });
  const prepared = prepareNetwork(loaded, base, labels.length);
  const parameters = initialValues(prepared, base, 0);
  const progress = { step: 1, evaluationsSinceBest: 0, dataset: 'd' };
  const { method } = loaded.config;
  await writeCheckpoint(folder, {
    ...prepared,
    base,
    method,
    tasks,
    state: { parameters, m: parameters, v: parameters },
    progress,
  });
  await (await Classifier.open(folder)).dispose();

  await removeHashes(folder);
  const file = join(folder, 'adapter_model.safetensors');
  const { tensors } = await readSafetensors(file);
  const missing = [...tensors.keys()].find((name) => name.endsWith('adapter_up.bias'))!;
  await writeSafetensors(
    file,
    [...tensors].filter(([name]) => name !== missing),
  );
  await assert.rejects(Classifier.open(folder), { code: 'MODEL_WEIGHT_MISSING' });
  const about = join(folder, 'vitune.json');
  const json = JSON.parse(await readFile(about, 'utf8')) as { method: object };
  await writeFile(about, JSON.stringify({ ...json, method: { ...json.method, placement: 'parallel' } }));
  await assert.rejects(Classifier.open(folder), { code: 'CHECKPOINT_DAMAGED', message: /placement/ });
});
