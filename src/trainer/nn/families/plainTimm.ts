/** The plain ViT and DeiT as timm names them: its config.json and its weights, read as those of transformers. */
import * as l10n from '@vscode/l10n';
import { oneClassifier } from '../classicBlock.js';
import { ConfigFields, isObject, type Fields } from '../configFields.js';
import { twoClassifiers, type VitConfig } from './vitConfig.js';

/** timm's sizes by name: width, blocks, heads. */
const sizes: Record<string, readonly [number, number, number]> = {
  tiny: [192, 12, 3],
  small: [384, 12, 6],
  base: [768, 12, 12],
  large: [1024, 24, 16],
  huge: [1280, 32, 16],
};
/** The plain ones only: CLIP's, DeiT III's or DINOv2's compute other things (`timm.ts`). */
const plain = /^(?:vit|deit)_(tiny|small|base|large|huge)(_distilled)?_patch(\d+)_(\d+)$/;
const knownArgs = new Set([
  'img_size',
  'patch_size',
  'embed_dim',
  'depth',
  'num_heads',
  'mlp_ratio',
  'num_classes',
  'in_chans',
  'global_pool',
]);

const objectOr = (value: unknown): Fields => (isObject(value) ? value : {});

/** Old versions of timm wrote what stands in pretrained_cfg without that around it. */
const isOld = (json: Fields): boolean => !('pretrained_cfg' in json) && ('input_size' in json || 'mean' in json);

/** The part of config.json about the weights. */
export const pretrainedOf = (json: Fields): Fields => (isOld(json) ? json : objectOr(json.pretrained_cfg));

/** A config.json of an old version of timm as it writes one today. */
export function renewed(json: Fields): Fields {
  if (!isOld(json)) return json;
  const { architecture, num_features, labels: _, ...pretrained } = json;
  return { architecture, num_features, pretrained_cfg: pretrained };
}

/** The names of the classes; none where it names none, as timm itself leaves them out. */
export function timmLabels(json: Fields): string[] {
  const pretrained = pretrainedOf(json);
  const names = json.label_names ?? pretrained.label_names ?? (isOld(json) ? json.labels : undefined);
  const isName = (name: unknown) => typeof name === 'string' || typeof name === 'number';
  return Array.isArray(names) && names.every(isName) ? names.map(String) : [];
}

/** How many classes timm gives a network. */
export function timmClasses(json: Fields): number | undefined {
  const count = json.num_classes ?? pretrainedOf(json).num_classes;
  const isTimms = typeof json.architecture === 'string' && typeof count === 'number';
  return isTimms && Number.isInteger(count) && count > 0 && count <= 1_000_000 ? count : undefined;
}

/**
 * Reads a config.json that timm wrote, as one of the `family` (`deit` has a distillation token); undefined when it is
 * of another.
 */
export function parseTimm(fields: ConfigFields, family: 'vit' | 'deit'): VitConfig | undefined {
  const { json, file } = fields;
  const match = plain.exec(String(json.architecture));
  if (!match || (match[2] !== undefined) !== (family === 'deit')) return undefined;
  const [, size, , patch, side] = match;
  const [hiddenSize, layers, heads] = sizes[size!]!;
  const args = objectOr(json.model_args);
  const pretrained = pretrainedOf(json);
  const other = Object.keys(args).find((name) => !knownArgs.has(name));
  const pool = args.global_pool ?? json.global_pool ?? 'token';
  const isPlain = other === undefined && (pool === 'token' || pool === '');
  // What has more to it is read by `timm.ts`, but for a distilled one.
  if (!isPlain && family === 'vit') return undefined;
  if (other !== undefined) throw fields.invalid(`model_args.${other}`, l10n.t('left out: ViTune does not know it'));
  if (!isPlain) throw fields.invalid('global_pool', 'token');
  const first = (value: unknown): unknown => (Array.isArray(value) ? (value as unknown[]).at(-1) : value);
  const read = new ConfigFields(
    {
      image_size: first(args.img_size) ?? first(pretrained.input_size) ?? Number(side),
      patch_size: args.patch_size ?? Number(patch),
      hidden_size: args.embed_dim ?? hiddenSize,
      num_hidden_layers: args.depth ?? layers,
      num_attention_heads: args.num_heads ?? heads,
      num_channels: args.in_chans ?? 3,
    },
    file,
  );
  const common = read.sizes();
  const ratio = args.mlp_ratio ?? 4;
  if (typeof ratio !== 'number' || !(ratio > 0 && ratio <= 64)) throw fields.invalid('model_args.mlp_ratio', '4');
  const isDistilled = family === 'deit';
  return {
    family,
    ...common,
    intermediateSize: Math.trunc(common.hiddenSize * ratio),
    activation: 'gelu',
    layerNormEpsilon: 1e-6,
    qkvBias: true,
    hiddenDropout: 0,
    attentionDropout: 0,
    specialTokens: isDistilled ? 2 : 1,
    head: isDistilled ? 'distilled' : 'classifier',
    labels: timmLabels(json),
    ...(isDistilled
      ? twoClassifiers(common.hiddenSize)
      : oneClassifier('ViTForImageClassification', common.hiddenSize)),
  };
}

const modules: Record<string, string> = {
  norm1: 'layernorm_before',
  norm2: 'layernorm_after',
  'attn.proj': 'attention.output.dense',
  'mlp.fc1': 'intermediate.dense',
  'mlp.fc2': 'output.dense',
};
const tokens: Record<string, string> = {
  cls_token: 'cls_token',
  dist_token: 'distillation_token',
  pos_embed: 'position_embeddings',
};

/**
 * transformers' names of a weight that timm calls `stored`: three for a fused query, key and value; undefined when timm
 * has no such name.
 */
export function timmNames({ family, classifiers }: VitConfig, stored: string): readonly string[] | undefined {
  const embedding = tokens[stored];
  if (embedding) return [`${family}.embeddings.${embedding}`];
  const [, module, kind] = /^(.+)\.(weight|bias)$/.exec(stored) ?? [];
  if (module === 'patch_embed.proj') return [`${family}.embeddings.patch_embeddings.projection.${kind}`];
  if (module === 'norm') return [`${family}.layernorm.${kind}`];
  if (module === 'head') return [`${classifiers[0]}.${kind}`];
  if (module === 'head_dist') return classifiers[1] ? [`${classifiers[1]}.${kind}`] : [];
  const [, number, part] = /^blocks\.(\d+)\.(.+)$/.exec(module ?? '') ?? [];
  const block = `${family}.encoder.layer.${number}`;
  if (part === 'attn.qkv')
    return ['query', 'key', 'value'].map((name) => `${block}.attention.attention.${name}.${kind}`);
  return part !== undefined && Object.hasOwn(modules, part) ? [`${block}.${modules[part]}.${kind}`] : undefined;
}

/** timm's config.json says by itself how images are prepared; transformers reads it by this class, too. */
export function timmPreprocessor(json: Fields): Fields | undefined {
  if (typeof json.architecture !== 'string') return undefined;
  const size = objectOr(json.model_args).img_size;
  const side: unknown[] = Array.isArray(size) ? size : [size, size];
  const pretrained = pretrainedOf(json);
  // A model that was saved again by transformers has no pretrained_cfg: the network still says its own size. Where the
  // size is fixed, timm goes by that of the network, too.
  const ofNetwork = size === undefined || size === null ? {} : { input_size: [3, ...side] };
  return {
    image_processor_type: 'TimmWrapperImageProcessor',
    pretrained_cfg: { ...ofNetwork, ...pretrained, ...(pretrained.fixed_input_size === true ? ofNetwork : {}) },
  };
}
