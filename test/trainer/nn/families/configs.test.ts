/** Configs of the families other than ViT: their own defaults, and broken ones, each refused by name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { architectures, familyOf, parseNetwork } from '../../../../src/trainer/nn/families.js';
import type { NetworkConfig } from '../../../../src/trainer/nn/networkConfig.js';

const parse = (fields: object) =>
  parseNetwork(fields, '/m/config.json') as NetworkConfig & { intermediateSize: number; layerNormEpsilon: number };

test('absent fields have the defaults that transformers gives each family', () => {
  const of = (fields: object) => {
    const { imageSize, patchSize, hiddenSize, heads, intermediateSize, layerNormEpsilon, features, architecture } =
      parse(fields);
    return [imageSize, patchSize, hiddenSize, heads, intermediateSize, layerNormEpsilon, features, architecture];
  };
  assert.deepEqual(of({ model_type: 'dinov2' }), [224, 14, 768, 12, 3072, 1e-6, 1536, 'Dinov2ForImageClassification']);
  assert.deepEqual(of({ model_type: 'dinov2_with_registers' }), [
    224,
    16,
    768,
    12,
    3072,
    1e-6,
    1536,
    'Dinov2WithRegistersForImageClassification',
  ]);
  assert.deepEqual(of({ model_type: 'dinov3_vit' }), [224, 16, 384, 6, 1536, 1e-5, 384, 'DINOv3ViTModel']);
  assert.deepEqual(of({ model_type: 'clip' }), [224, 32, 768, 12, 3072, 1e-5, 768, 'CLIPForImageClassification']);
  assert.deepEqual(of({ model_type: 'siglip' }), [224, 16, 768, 12, 3072, 1e-6, 768, 'SiglipForImageClassification']);
  assert.deepEqual(of({ model_type: 'vit_mae' }), [224, 16, 768, 12, 3072, 1e-12, 768, 'ViTForImageClassification']);
  assert.deepEqual(of({ model_type: 'beit' }), [224, 16, 768, 12, 3072, 1e-12, 768, 'BeitForImageClassification']);
});

test("DINOv2's giant: two thirds of an MLP's width, up to a multiple of 8", () => {
  assert.equal(
    parse({ model_type: 'dinov2', hidden_size: 1536, num_attention_heads: 24, use_swiglu_ffn: true }).intermediateSize,
    4096,
  );
});

test('an image tower reads its sizes wherever they lie', () => {
  const sizes = { image_size: 336, patch_size: 14, hidden_size: 1024, num_attention_heads: 16 };
  const labelled = { id2label: { 0: 'a', 1: 'b' } };
  const whole = parse({ model_type: 'clip', architectures: ['CLIPModel'], vision_config: sizes, ...labelled });
  const alone = parse({ model_type: 'clip_vision_model', architectures: ['CLIPVisionModel'], ...sizes, ...labelled });
  assert.deepEqual(whole, alone);
  assert.deepEqual([whole.imageSize, whole.labels], [336, ['a', 'b']]);
});

test("vision_config_dict of old CLIP files takes the place of vision_config, as in transformers, and SigLIP's not", () => {
  const sizes = { vision_config: { hidden_act: 'relu', patch_size: 14 }, vision_config_dict: { layer_norm_eps: 0.05 } };
  const read = (model_type: string) => {
    const { activation, patchSize, layerNormEpsilon } = parse({ model_type, ...sizes }) as ReturnType<typeof parse> & {
      activation: string;
    };
    return [activation, patchSize, layerNormEpsilon];
  };
  assert.deepEqual(read('clip'), ['quick_gelu', 32, 0.05]);
  assert.deepEqual(read('siglip'), ['relu', 14, 1e-6]);
  const json = { model_type: 'clip', ...sizes };
  const written = familyOf(parse(json)).checkpointJson(json, { ...parse(json), imageSize: 64 }, ['a', 'b']);
  assert.deepEqual(parse(written), { ...parse(json), imageSize: 64 });
});

const hostile: [fields: object, field: string][] = [
  // To Python null and 0 are false.
  [{ model_type: 'vit', qkv_bias: null }, 'qkv_bias'],
  [{ model_type: 'deit', qkv_bias: 0 }, 'qkv_bias'],
  [{ model_type: 'dinov2', qkv_bias: null }, 'qkv_bias'],
  [{ model_type: 'dinov3_vit', query_bias: null }, 'query_bias'],
  [{ model_type: 'clip', vision_config: 5 }, 'vision_config'],
  [{ model_type: 'clip', vision_config: { hidden_size: -1 } }, 'hidden_size'],
  [{ model_type: 'siglip', vision_config: { hidden_act: 'sinus' } }, 'hidden_act'],
  [{ model_type: 'siglip', vision_config: { num_channels: 4 } }, 'num_channels'],
  [{ model_type: 'dinov2', use_swiglu_ffn: 'yes' }, 'use_swiglu_ffn'],
  [{ model_type: 'dinov2', mlp_ratio: 0 }, 'mlp_ratio'],
  [{ model_type: 'dinov2_with_registers', num_register_tokens: 1e9 }, 'num_register_tokens'],
  [{ model_type: 'dinov3_vit', rope_theta: 0 }, 'rope_theta'],
  [{ model_type: 'dinov3_vit', hidden_size: 60, num_attention_heads: 10 }, 'num_attention_heads'],
  [{ model_type: 'dinov3_vit', key_bias: 1 }, 'key_bias'],
  [{ model_type: 'beit', layer_scale_init_value: null, use_mean_pooling: 1 }, 'use_mean_pooling'],
  [{ model_type: 'beit', layer_scale_init_value: '0.1' }, 'layer_scale_init_value'],
  [{ model_type: 'beit', image_size: 10 }, 'image_size'],
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

test('an unknown architecture is named, with those that are known', () => {
  const unknown: [object, string][] = [
    [{ model_type: 'siglip2', architectures: ['Siglip2Model'] }, 'Siglip2Model'],
    [{ model_type: 'clip', architectures: ['CLIPTextModel'] }, 'CLIPTextModel'],
    [{ model_type: 'beit', architectures: ['BeitForMaskedImageModeling'] }, 'BeitForMaskedImageModeling'],
    [{ model_type: 'swin' }, 'swin'],
    [{ architectures: ['ResNetForImageClassification'], model_type: 'resnet' }, 'ResNetForImageClassification'],
    [{}, '\\?'],
  ];
  for (const [fields, name] of unknown) {
    assert.throws(
      () => parse(fields),
      (error: Error & { code: string; remedy: string }) => {
        assert.equal(error.code, 'ARCHITECTURE_UNKNOWN');
        assert.match(error.message, new RegExp(name));
        for (const known of architectures) assert.ok(error.remedy.includes(known), known);
        return true;
      },
    );
  }
});
