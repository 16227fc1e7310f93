/** config.json of timm's other vision transformers: names, what overrides them, what is refused, and stored weights. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tensor } from '../../../../src/trainer/checkpoint/safetensors.js';
import { familyOf, parseNetwork } from '../../../../src/trainer/nn/families.js';
import { timmNames, type TimmConfig } from '../../../../src/trainer/nn/families/timmConfig.js';
import { asRead, asStored } from '../../../../src/trainer/models/storedWeights.js';

const parse = (fields: object) => parseNetwork(fields, '/m/config.json') as TimmConfig;
const dinov2 = 'vit_small_patch14_dinov2';

test('a name stands for its arguments; those of the file go before them, the size of pretrained_cfg behind', () => {
  const of = (fields: object) => {
    const { family, imageSize, patchSize, hiddenSize, layers, heads, pool, architecture } = parse(fields);
    return [family, imageSize, patchSize, hiddenSize, layers, heads, pool, architecture];
  };
  const wrapper = 'TimmWrapperForImageClassification';
  assert.deepEqual(of({ architecture: dinov2 }), ['timm', 518, 14, 384, 12, 6, 'token', wrapper]);
  const pretrained = { input_size: [3, 98, 98], fixed_input_size: true };
  assert.equal(parse({ architecture: dinov2, pretrained_cfg: pretrained }).imageSize, 98);
  assert.equal(
    parse({ architecture: dinov2, pretrained_cfg: { ...pretrained, fixed_input_size: false } }).imageSize,
    224,
  );
  assert.deepEqual(
    of({
      architecture: dinov2,
      pretrained_cfg: pretrained,
      model_args: { img_size: [56, 56], patch_size: 7, embed_dim: 96, depth: 3, num_heads: 4, global_pool: 'avg' },
      global_pool: 'avg',
    }),
    ['timm', 56, 7, 96, 3, 4, 'avg', wrapper],
  );
});

test('a name of timm goes before the class of transformers that stands beside it', () => {
  const both = parse({ architecture: 'vit_giant_patch14_reg4_dinov2', model_type: 'dinov2', num_classes: 0 });
  assert.deepEqual([both.family, both.hiddenSize, both.registers, both.labels], ['timm', 1536, 4, []]);
});

test('a plain ViT with more to it is read, too', () => {
  const pooled = parse({
    architecture: 'vit_base_patch16_224',
    global_pool: 'avg',
    model_args: { global_pool: 'avg' },
  });
  assert.deepEqual([pooled.family, pooled.pool, pooled.postNorm, pooled.poolNorm], ['timm', 'avg', false, true]);
  const scaled = parse({
    architecture: 'vit_base_patch16_224',
    model_args: { init_values: 1e-5, drop_path_rate: 0.1 },
  });
  assert.deepEqual([scaled.scalesBranches, scaled.postNorm, scaled.layerNormEpsilon], [true, true, 1e-6]);
  const unscaled = parse({ architecture: dinov2, model_args: { init_values: null } });
  assert.equal(unscaled.scalesBranches, false);
});

test('each argument that changes the outputs is applied, or refused by name', () => {
  const refused: [architecture: string, fields: object, field: string][] = [
    [dinov2, { model_args: { qk_norm: true } }, 'model_args.qk_norm'],
    [dinov2, { model_args: { norm_layer: 'rmsnorm' } }, 'model_args.norm_layer'],
    [dinov2, { model_args: { act_layer: 'sinus' } }, 'model_args.act_layer'],
    [dinov2, { model_args: { mlp_layer: 'SwiGLU' } }, 'model_args.mlp_layer'],
    [dinov2, { model_args: { block_fn: 'ResPostBlock' } }, 'model_args.block_fn'],
    [dinov2, { model_args: { dynamic_img_pad: true } }, 'model_args.dynamic_img_pad'],
    [dinov2, { model_args: { num_reg_tokens: 4 } }, 'model_args.num_reg_tokens'],
    [dinov2, { model_args: { reg_tokens: -1 } }, 'model_args.reg_tokens'],
    [dinov2, { model_args: { reg_tokens: 1.5 } }, 'model_args.reg_tokens'],
    [dinov2, { model_args: { class_token: false } }, 'model_args.global_pool'],
    [dinov2, { model_args: { class_token: 'no' } }, 'model_args.class_token'],
    [dinov2, { model_args: { global_pool: 'avgmax' } }, 'model_args.global_pool'],
    [dinov2, { model_args: { pos_embed: 'sincos' } }, 'model_args.pos_embed'],
    [dinov2, { model_args: { fc_norm: 1 } }, 'model_args.fc_norm'],
    [dinov2, { model_args: { mlp_ratio: 0 } }, 'model_args.mlp_ratio'],
    [dinov2, { model_args: { img_size: [56, 28] } }, 'model_args.img_size'],
    [dinov2, { model_args: { in_chans: 1 } }, 'num_channels'],
    [dinov2, { global_pool: 'avg' }, 'global_pool'],
    ['vit_small_patch16_dinov3', { model_args: { rope_type: 'mixed' } }, 'model_args.rope_type'],
    ['vit_small_patch16_dinov3', { model_args: { rope_temperature: 0 } }, 'model_args.rope_temperature'],
    ['vit_small_patch16_dinov3', { model_args: { num_heads: 64 } }, 'model_args.num_heads'],
    ['vit_small_patch16_dinov3', { model_args: { reg_tokens: 4 } }, 'model_args.reg_tokens'],
    ['eva02_tiny_patch14_224', { model_args: { use_post_norm: true } }, 'model_args.use_post_norm'],
    ['eva02_tiny_patch14_224', { model_args: { ref_feat_shape: [16, 8] } }, 'model_args.ref_feat_shape'],
    ['eva02_tiny_patch14_224', { model_args: { num_kv_heads: 2 } }, 'model_args.num_kv_heads'],
  ];
  for (const [architecture, fields, field] of refused)
    assert.throws(() => parse({ architecture, ...fields }), {
      code: 'MODEL_CONFIG_INVALID',
      message: new RegExp(`^${field.replace('.', '\\.')} `),
      place: { file: '/m/config.json' },
    });
  for (const [architecture, argument] of [
    ['vit_base_patch16_rope_mixed_224', 'rope_type'],
    ['vit_large_patch14_xp_224', 'qk_norm'],
    ['eva02_enormous_patch14_clip_224', 'use_post_norm'],
    ['aimv2_large_patch14_224', 'proj_bias'],
    ['test_vit4', 'norm_layer'],
  ] as const)
    assert.throws(() => parse({ architecture }), {
      code: 'ARCHITECTURE_UNKNOWN',
      message: new RegExp(`${architecture} as ${argument}`),
    });
});

test("most of timm's names are read", () => {
  const isRead = (architecture: string): boolean => {
    try {
      return parse({ architecture }).layers > 0;
    } catch {
      return false;
    }
  };
  assert.deepEqual([timmNames.length, timmNames.filter(isRead).length], [244, 209]);
});

test('query, key and value are one tensor in a file of timm, and three in the graph', () => {
  const tensor = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
  const attn = 'blocks.0.attn';
  const graph = (kinds: string[]) => kinds.map((name, i) => [name, tensor(i, i + 0.5)] as [string, Tensor]);
  const rows: [architecture: string, graph: [string, Tensor][], stored: Record<string, number[]>][] = [
    [
      dinov2,
      graph([`${attn}.q_proj.bias`, 'norm.bias', `${attn}.k_proj.bias`, `${attn}.v_proj.bias`]),
      { [`${attn}.qkv.bias`]: [0, 0.5, 2, 2.5, 3, 3.5], 'norm.bias': [1, 1.5] },
    ],
    [
      'eva02_tiny_patch14_224',
      graph([`${attn}.q_proj.bias`, `${attn}.v_proj.bias`]),
      { [`${attn}.q_bias`]: [0, 0.5], [`${attn}.v_bias`]: [1, 1.5] },
    ],
    [
      'eva02_base_patch14_224',
      graph([`${attn}.q_proj.weight`, `${attn}.k_proj.weight`]),
      { [`${attn}.q_proj.weight`]: [0, 0.5], [`${attn}.k_proj.weight`]: [1, 1.5] },
    ],
    [
      'vit_base_patch16_siglip_224',
      graph(['attn_pool.q.bias', 'attn_pool.k.bias', 'attn_pool.v.bias']),
      { 'attn_pool.q.bias': [0, 0.5], 'attn_pool.kv.bias': [1, 1.5, 2, 2.5] },
    ],
  ];
  for (const [architecture, tensors, expected] of rows) {
    const config = parse({ architecture });
    const stored = asStored(config, tensors);
    assert.deepEqual(Object.fromEntries(stored.map(([name, { data }]) => [name, [...data]])), expected);
    assert.deepEqual(asRead(config, new Map(stored)), new Map(tensors));
    assert.deepEqual(
      stored.flatMap(([name]) => familyOf(config).weightNames(config, `timm_model.${name}`)).sort(),
      tensors.map(([name]) => name).sort(),
      'as transformers names them, too',
    );
  }
});

test('what the class of timm leaves aside is neither read nor written again', () => {
  const config = parse({ architecture: 'eva02_tiny_patch14_224' });
  const { weightNames } = familyOf(config);
  for (const name of ['mask_token', 'rope.freqs_cos', 'storage_tokens', 'heads.weight'])
    assert.deepEqual(weightNames(config, name), [], name);
  for (const name of ['cls_token', 'blocks.11.mlp.fc1.bias', 'fc_norm.weight', 'head.bias'])
    assert.deepEqual(weightNames(config, name), [name]);
});

test('a checkpoint says by itself what timm is to make: size, pooling and classes', () => {
  const json = {
    architecture: dinov2,
    num_classes: 3,
    label_names: ['a', 'b', 'c'],
    model_args: { num_classes: 3, init_values: 0.1 },
    pretrained_cfg: { input_size: [3, 518, 518], fixed_input_size: true, num_classes: 3, mean: [0.5, 0.5, 0.5] },
  };
  const config = { ...parse(json), imageSize: 98 };
  const written = familyOf(config).checkpointJson(json, config, ['ash', 'birch']);
  assert.deepEqual(written, {
    architecture: dinov2,
    model_type: 'timm_wrapper',
    num_classes: 2,
    label_names: ['ash', 'birch'],
    global_pool: 'token',
    model_args: { init_values: 0.1, img_size: [98, 98], global_pool: 'token' },
    pretrained_cfg: {
      input_size: [3, 98, 98],
      fixed_input_size: true,
      num_classes: 2,
      label_names: ['ash', 'birch'],
      mean: [0.5, 0.5, 0.5],
    },
  });
  assert.deepEqual(parse(written), { ...config, labels: ['ash', 'birch'] });
});
