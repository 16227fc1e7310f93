/** Configs of ViT and DeiT: the defaults of transformers, and hostile or broken ones, each refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blocksOf, depthOf, parseNetwork } from '../../../../src/trainer/nn/families.js';
import type { VitConfig } from '../../../../src/trainer/nn/families/vitConfig.js';

const parse = (fields: object) => parseNetwork({ model_type: 'vit', ...fields }, '/m/config.json') as VitConfig;

test('absent fields have the defaults of transformers', () => {
  assert.deepEqual(parse({}), {
    family: 'vit',
    imageSize: 224,
    patchSize: 16,
    hiddenSize: 768,
    layers: 12,
    heads: 12,
    intermediateSize: 3072,
    activation: 'gelu',
    layerNormEpsilon: 1e-12,
    qkvBias: true,
    hiddenDropout: 0,
    attentionDropout: 0,
    specialTokens: 1,
    head: 'classifier',
    labels: [],
    architecture: 'ViTForImageClassification',
    classifiers: ['classifier'],
    features: 768,
  });
});

test('families and heads', () => {
  const of = (model_type: string, architecture: string) => parse({ model_type, architectures: [architecture] });
  assert.equal(of('vit', 'ViTModel').architecture, 'ViTForImageClassification');
  assert.deepEqual([of('deit', 'DeiTModel').specialTokens, of('deit', 'DeiTModel').head], [2, 'classifier']);
  const teacher = of('deit', 'DeiTForImageClassificationWithTeacher');
  assert.deepEqual(
    [teacher.specialTokens, teacher.head, teacher.architecture],
    [2, 'distilled', 'DeiTForImageClassificationWithTeacher'],
  );
});

test('a weight is as deep as its block; tokens come before, the final norm and the head after', () => {
  const config = parse({ num_hidden_layers: 12 });
  assert.equal(blocksOf(config)[11], 'vit.encoder.layer.11');
  const depth = (name: string) => depthOf(config, name);
  assert.deepEqual(
    [
      'vit.embeddings.cls_token',
      'vit.encoder.layer.1.layernorm_before.weight',
      'vit.encoder.layer.11.output.dense.bias',
    ].map(depth),
    [0, 2, 12],
  );
  assert.deepEqual(['vit.layernorm.weight', 'classifier.weight'].map(depth), [13, 13]);
});

test('labels come in the order of their numbers', () => {
  const id2label = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [11 - i, `label ${11 - i}`]));
  assert.deepEqual(parse({ id2label }).labels.slice(8), ['label 8', 'label 9', 'label 10', 'label 11']);
});

const hostile: [fields: object, field: string][] = [
  [{ hidden_size: 0 }, 'hidden_size'],
  [{ hidden_size: '768' }, 'hidden_size'],
  [{ hidden_size: 1.5 }, 'hidden_size'],
  [{ hidden_size: 1e9 }, 'hidden_size'],
  [{ hidden_size: 770 }, 'hidden_size'],
  [{ num_hidden_layers: -1 }, 'num_hidden_layers'],
  [{ num_hidden_layers: 1e6 }, 'num_hidden_layers'],
  [{ num_attention_heads: 0 }, 'num_attention_heads'],
  [{ intermediate_size: 1e12 }, 'intermediate_size'],
  [{ image_size: [224, 112] }, 'image_size'],
  [{ image_size: 15 }, 'image_size'],
  [{ patch_size: 0 }, 'patch_size'],
  [{ num_channels: 1 }, 'num_channels'],
  [{ layer_norm_eps: -1 }, 'layer_norm_eps'],
  [{ hidden_dropout_prob: 1 }, 'hidden_dropout_prob'],
  [{ attention_probs_dropout_prob: 'none' }, 'attention_probs_dropout_prob'],
  [{ hidden_act: 'swoosh' }, 'hidden_act'],
  [{ hidden_act: 'constructor' }, 'hidden_act'],
  [{ hidden_act: {} }, 'hidden_act'],
];
for (const [fields, field] of hostile) {
  test(`refuses ${JSON.stringify(fields)}`, () => {
    assert.throws(() => parse(fields), {
      code: 'MODEL_CONFIG_INVALID',
      message: new RegExp(`^${field} `),
      place: { file: '/m/config.json' },
    });
  });
}

test('refuses a value that is not an object, and another architecture', () => {
  for (const json of [null, [], 'vit', 5])
    assert.throws(() => parseNetwork(json, 'f'), { code: 'MODEL_CONFIG_INVALID' });
  for (const fields of [
    { model_type: 'swin' },
    { model_type: 5 },
    { architectures: ['ViTForMaskedImageModeling'] },
    { architectures: [{}] },
  ]) {
    assert.throws(() => parse(fields), { code: 'ARCHITECTURE_UNKNOWN' });
  }
});
