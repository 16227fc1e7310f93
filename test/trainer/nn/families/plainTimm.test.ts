/** config.json of timm: sizes by name, what overrides them, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork } from '../../../../src/trainer/nn/families.js';
import { timmPreprocessor } from '../../../../src/trainer/nn/families/plainTimm.js';

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
