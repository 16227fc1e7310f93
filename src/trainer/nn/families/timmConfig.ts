/**
 * What timm's config.json says of a vision transformer: the arguments that its name stands for, those of `model_args`
 * on top, each applied as timm's classes VisionTransformer and Eva apply it, or refused by name.
 */
import * as l10n from '@vscode/l10n';
import { errors } from '../../errors/errors.js';
import { ConfigFields, isObject, type Fields } from '../configFields.js';
import { oneClassifier } from '../classicBlock.js';
import type { NetworkConfig } from '../networkConfig.js';
import architectures from './timmArchitectures.json' with { type: 'json' };
import { pretrainedOf, timmLabels } from './plainTimm.js';

export interface TimmConfig extends NetworkConfig {
  family: 'timm';
  /** timm's class. */
  kind: 'VisionTransformer' | 'Eva';
  layerNormEpsilon: number;
  activation: string;
  intermediateSize: number;
  /** `packed`: both inner layers of a gated MLP are one; `gated`: they are two. */
  mlpKind: 'plain' | 'packed' | 'gated';
  /** Norms inside of the MLP and of the attention. */
  normsMlp: boolean;
  normsAttention: boolean;
  /** Tokens before the patches. */
  classToken: boolean;
  registers: number;
  /** Whether there are learned positions, and whether the tokens before the patches have some. */
  positions: 'none' | 'patches' | 'all';
  rope?: {
    kind: 'cat' | 'dinov3';
    theta: number;
    half: boolean;
    offset: number;
    columnFirst: boolean;
    reference?: number;
  };
  /** Norms before the blocks, after them, and after pooling. */
  preNorm: boolean;
  postNorm: boolean;
  poolNorm: boolean;
  scalesBranches: boolean;
  /** Whether query, key and value are one layer in timm's files, and which of them have a bias. */
  isFused: boolean;
  qkvBias: { query: boolean; key: boolean; value: boolean };
  pool: 'token' | 'avg' | 'map';
  /** Whether pooling sees the tokens before the patches, too. */
  poolsAll: boolean;
  /** Of attention pooling (`map`). */
  poolHeads: number;
  poolIntermediateSize: number;
}

interface Architecture {
  /** Only those of `TimmConfig.kind` are read. */
  class: TimmConfig['kind'] | 'VisionTransformerDistilled';
  args: Fields;
  /** Image size of the pretrained_cfg that the name has by default. */
  size: number;
}

const known = architectures as Readonly<Record<string, Architecture>>;

/** Every name of timm's modules of vision transformers. */
export const timmNames: readonly string[] = Object.keys(known);

/** What acts while timm trains, or says nothing of the outputs. */
const inert = [
  'num_classes',
  'drop_rate',
  'pos_drop_rate',
  'patch_drop_rate',
  'proj_drop_rate',
  'drop_path_rate',
  'weight_init',
  'fix_init',
  'head_init_scale',
  'dynamic_img_size',
  'rope_shift_coords',
  'rope_jitter_coords',
  'rope_rescale_coords',
];

/** Arguments that have no other value than timm's default here, and that default. */
const fixed: Record<TimmConfig['kind'], Fields> = {
  VisionTransformer: {
    qk_norm: false,
    proj_bias: true,
    dynamic_img_pad: false,
    embed_layer: 'PatchEmbed',
    embed_norm_layer: null,
    block_fn: 'Block',
    attn_layer: 'Attention',
  },
  Eva: {
    qk_norm: false,
    dynamic_img_pad: false,
    num_kv_heads: null,
    attn_only_layer_scale: false,
    rope_mrope_section: null,
    use_post_norm: false,
  },
};

/** timm's names of activation functions. */
const activationNames: Readonly<Record<string, string>> = {
  gelu: 'gelu',
  gelu_tanh: 'gelu_pytorch_tanh',
  quick_gelu: 'quick_gelu',
  silu: 'silu',
  SiLU: 'silu',
  swish: 'silu',
  relu: 'relu',
};

/** Reads the arguments, and knows afterwards which of them nobody asked for. */
class Arguments {
  private readonly asked = new Set<string>(inert);

  private readonly args: Fields;

  /** `own` are those of the architecture, `given` those of the file, which go before them. */
  constructor(
    private readonly own: Fields,
    private readonly given: Fields,
    private readonly fields: ConfigFields,
  ) {
    this.args = { ...own, ...given };
  }

  invalid(name: string, expected: string): Error {
    return Object.hasOwn(this.own, name) && !Object.hasOwn(this.given, name)
      ? errors.timmArgumentUnknown(this.fields.file, String(this.fields.json.architecture), name)
      : this.fields.invalid(`model_args.${name}`, expected);
  }

  value(name: string, fallback: unknown = null): unknown {
    this.asked.add(name);
    return Object.hasOwn(this.args, name) ? this.args[name] : fallback;
  }

  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name, fallback);
    if (typeof value !== 'boolean') throw this.invalid(name, l10n.t('true or false'));
    return value;
  }

  /** A flag that follows from others where it is left out. */
  decided(name: string, otherwise: boolean): boolean {
    return this.value(name) === null ? otherwise : this.flag(name, otherwise);
  }

  number(name: string, fallback: number, least: number, most: number): number {
    const value = this.value(name, fallback);
    if (typeof value !== 'number' || !(value >= least && value <= most))
      throw this.invalid(name, l10n.t('a number from {0} to {1}', least, most));
    return value;
  }

  count(name: string, fallback: number, most: number, least = 1): number {
    const value = this.number(name, fallback, least, most);
    if (!Number.isInteger(value)) throw this.invalid(name, l10n.t('a whole number from {0} to {1}', least, most));
    return value;
  }

  oneOf<T extends string>(name: string, fallback: string, allowed: readonly T[]): T {
    const value = this.value(name, fallback);
    const found = allowed.find((each) => each === value);
    if (found === undefined) throw this.invalid(name, allowed.join(', '));
    return found;
  }

  /** The last of a list of numbers, or the number itself: [3, 224, 224] and [224, 224] are sizes of 224. */
  side(name: string): unknown {
    const value = this.value(name);
    if (!Array.isArray(value)) return value;
    const [first, second] = value as unknown[];
    if (value.length !== 2 || first !== second) throw this.invalid(name, l10n.t('the side of a square'));
    return first;
  }

  refuseOthers(): void {
    for (const name of Object.keys(this.args))
      if (!this.asked.has(name)) throw this.invalid(name, l10n.t('left out: ViTune does not know it'));
  }
}

const objectOr = (value: unknown): Fields => (isObject(value) ? value : {});

/** Reads a config.json that timm wrote; undefined when its architecture is no vision transformer of these classes. */
export function parseTimmConfig(fields: ConfigFields): TimmConfig | undefined {
  const { json, file } = fields;
  const name = json.architecture;
  if (typeof name !== 'string' || !Object.hasOwn(known, name)) return undefined;
  const { class: kind, args: own, size } = known[name]!;
  if (kind === 'VisionTransformerDistilled') return undefined;
  const a = new Arguments(own, objectOr(json.model_args), fields);
  for (const [each, value] of Object.entries(fixed[kind]))
    if (a.value(each, value) !== value) throw a.invalid(each, JSON.stringify(value));
  const { input_size: input, fixed_input_size: isFixed } = pretrainedOf(json);
  const byDefault =
    isObject(json.pretrained_cfg) || 'input_size' in json
      ? isFixed === true && Array.isArray(input)
        ? input[2]
        : 224
      : size;
  const sizes = new ConfigFields(
    {
      image_size: a.side('img_size') ?? byDefault,
      patch_size: a.side('patch_size') ?? 16,
      hidden_size: a.value('embed_dim', 768),
      num_hidden_layers: a.value('depth', 12),
      num_attention_heads: a.value('num_heads', 12),
      num_channels: a.value('in_chans', 3),
    },
    file,
  ).sizes();
  const common = {
    family: 'timm' as const,
    kind,
    ...sizes,
    layerNormEpsilon: epsilon(a, kind),
    classToken: a.flag('class_token', true),
    hiddenDropout: 0,
    attentionDropout: a.number('attn_drop_rate', 0, 0, 0.99),
    labels: labels(fields),
    ...oneClassifier('TimmWrapperForImageClassification', sizes.hiddenSize),
    classifiers: ['head'],
  };
  const pool = a.oneOf('global_pool', kind === 'Eva' ? 'avg' : 'token', ['token', 'avg', 'map']);
  if (pool === 'token' && !common.classToken) throw a.invalid('global_pool', 'avg, map');
  // timm does not read this field: where it differs, the weights are those of another network than timm would make.
  if (json.global_pool !== undefined && json.global_pool !== null && json.global_pool !== pool)
    throw fields.invalid('global_pool', pool);
  const config = { ...common, ...(kind === 'Eva' ? eva(a, common, pool) : visionTransformer(a, common, pool)), pool };
  a.refuseOthers();
  return config;
}

function labels(fields: ConfigFields): string[] {
  const names = timmLabels(fields.json);
  return names.length ? names : fields.labelsIfValid();
}

/** timm's norm is LayerNorm, of 1e-6; another one changes the outputs. */
function epsilon(a: Arguments, kind: TimmConfig['kind']): number {
  const norm = a.value('norm_layer');
  if (norm === null || (norm === 'layernorm' && kind === 'VisionTransformer')) return 1e-6;
  if (!isObject(norm) || norm.name !== 'LayerNorm' || typeof norm.eps !== 'number')
    throw a.invalid('norm_layer', 'LayerNorm');
  return norm.eps;
}

type Common = Pick<TimmConfig, 'hiddenSize' | 'heads' | 'classToken'>;
type Particular = Omit<
  TimmConfig,
  keyof NetworkConfig | keyof Common | 'kind' | 'layerNormEpsilon' | 'pool' | 'family'
>;

/** How wide the inner layers of an MLP are, cut to a whole number as by Python's `int`. */
const inner = (a: Arguments, { hiddenSize }: Common): number =>
  Math.trunc(hiddenSize * a.number('mlp_ratio', 4, 1 / hiddenSize, 64));

const positionsOf = (isThere: boolean, noEmbedClass: boolean): TimmConfig['positions'] =>
  isThere ? (noEmbedClass ? 'patches' : 'all') : 'none';

function visionTransformer(a: Arguments, common: Common, pool: TimmConfig['pool']): Particular {
  const isPacked = packed(a);
  const wide = inner(a, common);
  const hasBias = a.flag('qkv_bias', true);
  const poolNorm = a.decided('fc_norm', pool === 'avg');
  const isNormed = a.flag('final_norm', true);
  return {
    activation: activationOf(a),
    // Of the two halves of a packed one, each is half as wide.
    intermediateSize: isPacked ? Math.trunc(wide / 2) : wide,
    mlpKind: isPacked ? 'packed' : 'plain',
    normsMlp: a.flag('scale_mlp_norm', false),
    normsAttention: a.flag('scale_attn_norm', false),
    registers: a.count('reg_tokens', 0, 1024, 0),
    positions: positionsOf(
      a.oneOf('pos_embed', 'learn', ['learn', 'none', '']) === 'learn',
      a.flag('no_embed_class', false),
    ),
    preNorm: a.flag('pre_norm', false),
    postNorm: isNormed && !poolNorm,
    poolNorm: isNormed && poolNorm,
    scalesBranches: Boolean(a.value('init_values')),
    isFused: true,
    qkvBias: { query: hasBias, key: hasBias, value: hasBias },
    poolsAll: a.flag('pool_include_prefix', false),
    poolHeads: common.heads,
    poolIntermediateSize: wide,
  };
}

function activationOf(a: Arguments): string {
  const name = a.value('act_layer') ?? 'gelu';
  if (typeof name !== 'string' || !Object.hasOwn(activationNames, name))
    throw a.invalid('act_layer', Object.keys(activationNames).join(', '));
  return activationNames[name]!;
}

/** Whether the MLP is timm's GluMlp, gate first. */
function packed(a: Arguments): boolean {
  const mlp = a.value('mlp_layer', 'Mlp');
  if (mlp === 'Mlp') return false;
  if (!isObject(mlp) || mlp.name !== 'GluMlp' || mlp.gate_last !== false) throw a.invalid('mlp_layer', 'Mlp');
  if (a.flag('scale_mlp_norm', false)) throw a.invalid('scale_mlp_norm', 'false');
  return true;
}

function eva(a: Arguments, common: Common, pool: TimmConfig['pool']): Particular {
  const wide = inner(a, common);
  const [isGated, align] = [a.flag('swiglu_mlp', false), a.count('swiglu_align_to', 0, 4096, 0)];
  const normsMlp = a.flag('scale_mlp', false);
  const mlpKind = isGated ? (normsMlp || align ? 'gated' : 'packed') : 'plain';
  const hasBias = a.flag('qkv_bias', true);
  const isOfRope = a.oneOf('attn_type', 'eva', ['eva', 'rope']) === 'rope';
  const poolNorm = a.decided('use_fc_norm', pool === 'avg');
  return {
    activation: isGated ? 'silu' : 'gelu',
    intermediateSize: mlpKind === 'gated' && align ? Math.ceil(wide / align) * align : wide,
    mlpKind,
    normsMlp,
    normsAttention: a.flag('scale_attn_inner', false),
    registers: a.count('num_reg_tokens', 0, 1024, 0),
    positions: positionsOf(a.flag('use_abs_pos_emb', true), a.flag('no_embed_class', false)),
    ...ropeOf(a, common),
    preNorm: a.flag('use_pre_transformer_norm', false),
    postNorm: a.decided('use_post_transformer_norm', !poolNorm),
    poolNorm,
    scalesBranches: a.value('init_values') !== null,
    isFused: a.flag('qkv_fused', true),
    qkvBias: { query: hasBias, key: hasBias && isOfRope, value: hasBias },
    // Attention pooling takes all tokens here, the mean those of the patches.
    poolsAll: pool === 'map',
    poolHeads: a.value('attn_pool_num_heads') === null ? common.heads : a.count('attn_pool_num_heads', 8, 1024),
    poolIntermediateSize: Math.trunc(
      common.hiddenSize *
        (a.value('attn_pool_mlp_ratio') === null
          ? a.number('mlp_ratio', 4, 1 / common.hiddenSize, 64)
          : a.number('attn_pool_mlp_ratio', 4, 1 / common.hiddenSize, 64)),
    ),
  };
}

function ropeOf(a: Arguments, { hiddenSize, heads }: Common): Pick<TimmConfig, 'rope'> {
  const isThere = a.flag('use_rot_pos_emb', false);
  const kind = a.oneOf('rope_type', 'cat', isThere ? ['cat', 'dinov3'] : ['cat', 'dinov3', 'mixed', 'mrope']);
  const given = {
    theta: a.number('rope_temperature', 10000, 1e-6, 1e9),
    half: a.flag('rope_rotate_half', false),
    offset: a.number('rope_grid_offset', 0, -1e6, 1e6),
    columnFirst: a.oneOf('rope_grid_indexing', 'ij', ['ij', 'xy']) === 'xy',
  };
  const reference = a.side('ref_feat_shape');
  if (reference !== null && !(typeof reference === 'number' && reference > 0 && reference < 1e6))
    throw a.invalid('ref_feat_shape', l10n.t('the side of a square'));
  if (!isThere || kind === 'mixed' || kind === 'mrope') return {};
  if ((hiddenSize / heads) % 4) throw a.invalid('num_heads', String(hiddenSize / 64));
  return { rope: { kind, ...given, ...(kind === 'cat' && reference !== null ? { reference } : {}) } };
}
