/** From a config to the network: what is counted, checked and begun with. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { join } from 'node:path';
import { loadConfig } from '../../../src/trainer/config/load.js';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { initialValues, prepareNetwork } from '../../../src/trainer/training/prepareNetwork.js';
import type { UserError } from '../../../src/trainer/errors/userError.js';
import { golden } from '../engine/goldenCurves.js';
import { tinyModel, writeConfig } from '../commandLine/program.js';
import { temporaryFolder } from '../data/images.js';

async function prepared(t: TestContext, config: object, labels = 3) {
  const loaded = await loadConfig(await writeConfig(await temporaryFolder(t), config));
  const base = await openBaseModel({ model: tinyModel, init: 'pretrained', seed: loaded.config.seed });
  return { base, loaded, ...prepareNetwork(loaded, base, labels) };
}
const scalars = (parameters: readonly { shape: readonly number[] }[]): number =>
  parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

test('parameters are counted: the whole network, and with adapters more', async (t) => {
  const full = await prepared(t, { method: 'full' });
  assert.equal(scalars(full.parameters), full.totalParameters);
  const head = await prepared(t, { method: 'head' });
  assert.equal(head.totalParameters, full.totalParameters);
  assert.equal(scalars(head.parameters), 3 * 48 + 3);
  const lora = await prepared(t, { method: { type: 'lora', rank: 2, targetModules: ['all-linear'] } });
  const adapters = scalars(lora.parameters) - scalars(head.parameters);
  // In each of three blocks four layers 48 -> 48, one 48 -> 96 and one 96 -> 48.
  assert.equal(adapters, 3 * 2 * (4 * (48 + 48) + 2 * (48 + 96)));
  assert.equal(lora.totalParameters, full.totalParameters + adapters);
});

test('a family that has no place to leave patches out refuses it, with the place in the config', async (t) => {
  const loaded = await loadConfig(await writeConfig(await temporaryFolder(t), { patchDropout: 0.5 }));
  const model = join(golden, 'models', 'beit');
  const base = await openBaseModel({ model, init: 'pretrained', seed: 0 });
  assert.throws(
    () => prepareNetwork(loaded, base, 3),
    (error: UserError) => error.code === 'PATCH_DROPOUT_UNAVAILABLE' && error.place.file === loaded.path,
  );
  assert.equal((await prepared(t, { patchDropout: 0.5 })).model.patchDropout, 0.5);
});

test("the run's dropout goes before the model's own", async (t) => {
  assert.equal((await prepared(t, {})).network.hiddenDropout, 0);
  assert.equal((await prepared(t, { dropout: 0.25 })).network.hiddenDropout, 0.25);
});

test('first values: the base, a new head, and adapters that change nothing yet', async (t) => {
  const { base, loaded, ...rest } = await prepared(t, { method: 'lora', seed: 9 });
  const values = initialValues(rest, base, loaded.config.seed);
  assert.deepEqual(
    [...values.keys()],
    rest.parameters.map(({ name }) => name),
  );
  for (const [name, data] of values)
    if (name.endsWith('lora_B.weight'))
      assert.ok(
        data.every((value) => value === 0),
        name,
      );
  assert.ok([...values].some(([name, data]) => name.endsWith('lora_A.weight') && data.some((value) => value !== 0)));
  const full = await prepared(t, { method: 'full' });
  const name = 'vit.encoder.layer.0.output.dense.weight';
  const own = base.weight(name, [48, 96], 0);
  const started = initialValues(full, full.base, 9).get(name)!;
  assert.deepEqual(started, own);
  assert.notEqual(started.buffer, full.base.weight(name, [48, 96], 0).buffer, 'a copy, since training may change it');
});

test("LoRA's options are held against the layers, at their place in the config", async (t) => {
  for (const targetModules of [['nothing'], ['query', 'nothing'], ['classifier'], ['layernorm_before']]) {
    await assert.rejects(prepared(t, { method: { type: 'lora', targetModules } }), {
      code: 'TARGET_MODULES_UNMATCHED',
      remedy: /query, key, value, dense/,
    });
  }
  await assert.rejects(
    prepared(t, { method: { type: 'lora', rank: 49 } }),
    (error: { code: string; place: { file?: string; line?: number } }) => {
      assert.equal(error.code, 'LORA_RANK_TOO_LARGE');
      assert.ok(error.place.file?.endsWith(join('run.vitune.json')) && error.place.line);
      return true;
    },
  );
  await prepared(t, { method: { type: 'lora', rank: 48 } });
  // Rank 49 fits no layer but the MLP's wider side, and that one's other side is 48.
  await assert.rejects(prepared(t, { method: { type: 'lora', rank: 49, targetModules: ['intermediate.dense'] } }), {
    code: 'LORA_RANK_TOO_LARGE',
    message: /intermediate/,
  });
  await assert.rejects(prepared(t, { method: { type: 'lora', layersToTransform: [0, 3] } }), {
    code: 'LAYER_OUT_OF_RANGE',
    remedy: /3 blocks.*0 to 2/,
  });
  await assert.rejects(
    prepared(t, {
      method: { type: 'lora', targetModules: ['layer.1.attention.attention.query'], layersToTransform: [0] },
    }),
    {
      code: 'TARGET_MODULES_UNMATCHED',
      message: /blocks 0/,
    },
  );
});

test('so are those of partial and adapter', async (t) => {
  await assert.rejects(prepared(t, { method: { type: 'partial', blocks: 4 } }), {
    code: 'BLOCKS_TOO_MANY',
    message: /4.*3/,
    remedy: /at most 3.*full/,
  });
  await assert.rejects(prepared(t, { method: { type: 'partial', modules: ['bias', 'layer_norm'] } }), {
    code: 'MODULES_UNMATCHED',
    message: /matches layer_norm\.$/,
    remedy: /layernorm_before.*query/,
  });
  await assert.rejects(prepared(t, { method: { type: 'adapter', bottleneck: 49 } }), {
    code: 'BOTTLENECK_TOO_WIDE',
    message: /49.*48/,
  });
  const body = {
    partial: (await prepared(t, { method: { type: 'partial', blocks: 3 } })).parameters,
    all: (await prepared(t, { method: 'full' })).parameters,
  };
  // Patches, class token, positions and bias: 3·8·8·48 + 48 + 48 + 17·48.
  assert.equal(scalars(body.all) - scalars(body.partial), 9216 + 48 + 48 + 816);
  const adapter = await prepared(t, { method: { type: 'adapter', placement: 'houlsby', bottleneck: 4 } });
  assert.equal(scalars(adapter.parameters), 3 * 2 * (2 * 4 * 48 + 4 + 48) + 3 * 48 + 3);
});
