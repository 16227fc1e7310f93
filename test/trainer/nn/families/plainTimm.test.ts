/** config.json of timm: sizes by name, what overrides them, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePreprocessor } from '../../../../src/trainer/data/imageProcessor.js';
import { familyOf, parseNetwork } from '../../../../src/trainer/nn/families.js';
import { timmClasses, timmPreprocessor } from '../../../../src/trainer/nn/families/plainTimm.js';

const parse = (fields: object) => parseNetwork(fields, '/m/config.json');

test('sizes follow from the name; arguments of the model go before them', () => {
  const { family, imageSize, patchSize, hiddenSize, layers, heads, architecture } = parse({
    architecture: 'vit_small_patch32_384',
  });
  assert.deepEqual(
    [family, imageSize, patchSize, hiddenSize, layers, heads, architecture],
    ['vit', 384, 32, 384, 12, 6, 'ViTForImageClassification'],
  );
  const overridden = parse({
    architecture: 'deit_base_distilled_patch16_224',
    model_args: { img_size: [64, 64], embed_dim: 96, num_heads: 4, depth: 3 },
    pretrained_cfg: { input_size: [3, 224, 224] },
    label_names: ['a', 'b'],
  });
  assert.deepEqual(
    [overridden.family, overridden.imageSize, overridden.hiddenSize, overridden.heads, overridden.layers],
    ['deit', 64, 96, 4, 3],
  );
  assert.deepEqual(overridden.classifiers, ['cls_classifier', 'distillation_classifier']);
  assert.deepEqual(overridden.labels, ['a', 'b']);
  assert.equal(
    parse({ architecture: 'vit_base_patch16_224', pretrained_cfg: { input_size: [3, 384, 384] } }).imageSize,
    384,
  );
});

test("what computes other things under timm's names is refused", () => {
  for (const architecture of ['resnet50', 'vit_base_patch16', 'naflexvit_base_patch16_siglip', 'hiera_tiny_224']) {
    assert.throws(() => parse({ architecture }), {
      code: 'ARCHITECTURE_UNKNOWN',
      message: new RegExp(architecture),
      remedy: /vit_\*_patch.*Dinov2Model/s,
    });
  }
  const invalid: [object, string][] = [
    [{ model_args: { mlp_ratio: -1 } }, 'model_args.mlp_ratio'],
    [{ model_args: { embed_dim: '768' } }, 'hidden_size'],
    [{ model_args: { img_size: 1e9 } }, 'image_size'],
    [{ global_pool: 'avg' }, 'global_pool'],
  ];
  const refused = (architecture: string, fields: object, field: string) =>
    assert.throws(() => parse({ architecture, ...fields }), {
      code: 'MODEL_CONFIG_INVALID',
      message: new RegExp(`^${field.replace('.', '\\.')} `),
      place: { file: '/m/config.json' },
    });
  for (const [fields, field] of invalid) refused('vit_base_patch16_224', fields, field);
  const distilled = 'deit_tiny_distilled_patch16_224';
  refused(distilled, { model_args: { init_values: 1e-5 } }, 'model_args.init_values');
  refused(distilled, { global_pool: 'avg' }, 'global_pool');
});

test("timm's transform is named as such, whatever its pretrained_cfg says; other folders leave it open", () => {
  const cfg = { input_size: [3, 224, 224], crop_pct: 0.9, interpolation: 'bicubic', mean: [0.5, 0.5, 0.5] };
  const named = { image_processor_type: 'TimmWrapperImageProcessor' };
  assert.deepEqual(timmPreprocessor({ architecture: 'vit_tiny_patch16_224', pretrained_cfg: cfg }), {
    ...named,
    pretrained_cfg: cfg,
  });
  assert.deepEqual(timmPreprocessor({ architecture: 'vit_tiny_patch16_224' }), { ...named, pretrained_cfg: {} });
  assert.deepEqual(
    timmPreprocessor({ architecture: 'vit_tiny_patch16_224', model_args: { img_size: [48, 48] } }),
    { ...named, pretrained_cfg: { input_size: [3, 48, 48] } },
    'the size of the network, where nothing else is said',
  );
  const fixed = { ...cfg, fixed_input_size: true };
  assert.deepEqual(
    timmPreprocessor({ architecture: 'a', model_args: { img_size: 48 }, pretrained_cfg: fixed })?.pretrained_cfg,
    { ...fixed, input_size: [3, 48, 48] },
    'as timm, where it is fixed',
  );
  assert.deepEqual(
    timmPreprocessor({ architecture: 'a', model_args: { img_size: 48 }, pretrained_cfg: cfg })?.pretrained_cfg,
    cfg,
  );
  assert.equal(timmPreprocessor({ model_type: 'vit' }), undefined);
});

test('a config.json of an old timm has the fields of pretrained_cfg outside, and its classes are called labels', () => {
  const fields = {
    input_size: [3, 280, 280],
    interpolation: 'bilinear',
    crop_pct: 1,
    mean: [0.1, 0.2, 0.3],
    std: [0.4, 0.5, 0.6],
    num_classes: 3,
  };
  for (const architecture of ['vit_small_patch16_224', 'vit_small_patch14_dinov2']) {
    const old = { architecture, num_features: 384, ...fields, labels: ['a', 'b', 'c'] };
    const today = { architecture, num_features: 384, pretrained_cfg: fields, label_names: ['a', 'b', 'c'] };
    assert.deepEqual(parse(old), parse(today));
    const read = (json: object) => parsePreprocessor(timmPreprocessor(json as Record<string, unknown>), 'config.json');
    assert.deepEqual(read(old), read(today));
    assert.equal(timmClasses(old), 3);
    const written = (json: Record<string, unknown>) =>
      familyOf(parse(json)).checkpointJson(json, parse(json), ['x', 'y']);
    assert.deepEqual(written(old), written(today));
  }
});

test('names of classes may lie in pretrained_cfg, and be numbers', () => {
  for (const architecture of ['vit_small_patch16_224', 'vit_small_patch14_dinov2']) {
    assert.deepEqual(parse({ architecture, pretrained_cfg: { label_names: ['a', 'b'] } }).labels, ['a', 'b']);
    assert.deepEqual(parse({ architecture, label_names: [7, 8] }).labels, ['7', '8']);
  }
});

test('a border is filled with the mean as Python rounds it', () => {
  const pretrained_cfg = { input_size: [3, 32, 32], crop_mode: 'border', mean: [0.5, 0.3, 0.1], std: [1, 1, 1] };
  const json = timmPreprocessor({ architecture: 'vit_small_patch16_224', pretrained_cfg });
  // 127.5, 76.5 and 25.5: halves become even.
  assert.deepEqual(parsePreprocessor(json, 'config.json').transform.border, [128, 76, 26]);
});
