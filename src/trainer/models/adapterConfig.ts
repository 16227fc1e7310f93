/** PEFT's adapter_config.json: what is applied exactly, what changes nothing here, and what is refused by name. */
import * as z from 'zod';
import { errors } from '../errors/errors.js';
import { isObject } from '../nn/configFields.js';
import { pythonRegex } from '../peft/pythonRegex.js';
import type { Decomposition } from '../peft/residual.js';

const pattern = z.record(z.string(), z.number().gt(0)).nullish();
const names = z.union([z.string(), z.array(z.string())]).nullish();
const schema = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().min(1).nullish(),
  revision: z.string().nullish(),
  r: z.number().gt(0).default(8),
  lora_alpha: z.number().gt(0).default(8),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  lora_bias: z.boolean().nullish(),
  bias: z.enum(['none', 'all', 'lora_only']).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  alpha_pattern: pattern,
  rank_pattern: pattern,
  target_modules: names,
  exclude_modules: names,
  modules_to_save: z.array(z.string()).nullish(),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  layers_pattern: names,
});
export type AdapterConfig = z.output<typeof schema>;

/** Fields of PEFT's `LoraConfig` that do not change the outputs of a loaded adapter of a vision transformer. */
export const inertFields: readonly string[] = [
  'task_type',
  'auto_mapping',
  'peft_version',
  'inference_mode',
  'lora_dropout',
  // PEFT ignores it for linear layers and convolutions; it is for GPT-2's layers.
  'fan_in_fan_out',
  'megatron_core',
  'runtime_config',
  'ensure_weight_tying',
  'qalora_group_size',
  // Each belongs to a value of `init_lora_weights`.
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
];

/** Fields of PEFT's `LoraConfig` that change the network, and are known only where they are off. */
export const refusedFields: readonly string[] = [
  'megatron_config',
  'trainable_token_indices',
  'velora_config',
  'alora_invocation_tokens',
  'use_qalora',
  'monteclora_config',
  'layer_replication',
  'target_parameters',
  'use_bdlora',
  'arrow_config',
  'kasa_config',
];

export const appliedFields: readonly string[] = Object.keys(schema.shape);

/** Values of `init_lora_weights` that leave the base unchanged once an adapter's own weights are loaded. */
const inertInits: readonly unknown[] = [true, false, undefined, null, 'gaussian', 'orthogonal'];

const isOff = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Throws a `UserError` if the file is damaged or requires something whose outputs would differ from PEFT's. */
export function parseAdapterConfig(json: unknown, file: string): AdapterConfig {
  // The fields of other kinds have other values.
  const kind = isObject(json) ? json.peft_type : undefined;
  if (typeof kind === 'string' && kind !== 'LORA') throw errors.adapterKindUnknown(file, kind);
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw errors.checkpointDamaged(file, z.prettifyError(parsed.error).replaceAll(/\s+/g, ' '));
  const config = parsed.data;
  for (const [field, value] of Object.entries(config))
    if (!appliedFields.includes(field) && !inertFields.includes(field) && !isOff(value))
      throw errors.adapterUnsupported(file, field);
  const { init_lora_weights: init } = config;
  if (!inertInits.includes(init) && decompositionOf(config) === undefined)
    throw errors.adapterInitUnsupported(file, String(init));
  if (config.use_dora && config.lora_bias) throw errors.adapterUnsupported(file, 'lora_bias + use_dora');
  return config;
}

/** What the adapter's initialisation takes out of the base each time it is loaded, if anything. */
export function decompositionOf({ init_lora_weights: init }: AdapterConfig): Decomposition | undefined {
  if (init === 'pissa') return init;
  return String(init).toLowerCase() === 'olora' ? 'olora' : undefined;
}

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value);

const endsIn = (name: string, end: string): boolean => name === end || name.endsWith(`.${end}`);

/** Python's `re.match` or `re.fullmatch` of names. */
function matcher(file: string, field: string, text: string, pieces: [before: string, after: string]) {
  const regex = pythonRegex(`${pieces[0]}${text}${pieces[1]}`);
  if (!regex) throw errors.adapterUnsupported(file, `${field}: ${text}`);
  return (name: string) => regex.exec(name);
}

/** Whether PEFT puts an adapter on the module of that name, as its `check_target_module_exists` decides. */
export function targetsOf(config: AdapterConfig, file: string): (name: string, isLinear: boolean) => boolean {
  const { target_modules: targets, exclude_modules: excluded, modules_to_save: saved } = config;
  const full = (field: string, text: string) => matcher(file, field, text, ['^(?:', ')$']);
  const isExcluded =
    typeof excluded === 'string' && excluded !== ''
      ? full('exclude_modules', excluded)
      : (name: string) => listOf(excluded ?? []).some((each) => each !== '' && endsIn(name, each));
  const savedMatchers = (saved ?? []).map((name) =>
    matcher(file, 'modules_to_save', name, ['^(?:(^|.*\\.)', '($|\\..*))']),
  );
  const isIncluded = includedBy(config, file);
  if (targets === undefined || targets === null) return (name) => !savedMatchers.some((matches) => matches(name));
  return (name, isLinear) =>
    !isExcluded(name) && !savedMatchers.some((matches) => matches(name)) && isIncluded(name, isLinear);
}

/** Whether PEFT saves a weight of that name whole: one of its modules ends in a name of `modules_to_save`. */
export function savedBy({ modules_to_save: saved }: AdapterConfig): (weight: string) => boolean {
  const ends = (saved ?? []).filter((name) => name !== '');
  return (weight) => {
    const parts = weight.split('.').slice(0, -1);
    return parts.some((_, i) =>
      ends.some((end) =>
        parts
          .slice(0, i + 1)
          .join('.')
          .endsWith(end),
      ),
    );
  };
}

function includedBy(config: AdapterConfig, file: string): (name: string, isLinear: boolean) => boolean {
  const { target_modules: targets, layers_to_transform: indices, layers_pattern: patterns } = config;
  if (typeof targets === 'string') {
    if (targets.toLowerCase() === 'all-linear') return (_name, isLinear) => isLinear;
    const matches = matcher(file, 'target_modules', targets, ['^(?:', ')$']);
    return (name) => matches(name) !== null;
  }
  const blocks = typeof indices === 'number' ? [indices] : (indices ?? []);
  const given = listOf(patterns ?? []).filter((text) => text !== '');
  const indexMatchers = given.length
    ? given.map((text) => matcher(file, 'layers_pattern', text, ['^(?:^|.*?\\.)', '\\.(?<idx>\\d+)\\.']))
    : [matcher(file, 'layers_pattern', '', ['^.*?\\.[^.]*\\.(?<idx>\\d+)\\.', ''])];
  return (name) => {
    // A whole name counts whatever its block.
    if ((targets ?? []).includes(name)) return true;
    if (!(targets ?? []).some((target) => endsIn(name, target))) return false;
    if (!blocks.length) return true;
    const index = indexMatchers.map((matches) => matches(name)?.groups?.idx).find((found) => found !== undefined);
    return index !== undefined && blocks.includes(Number(index));
  };
}

/**
 * The value of a pattern for a module: that of the first key that matches (`re.match(rf"(.*\.)?({key})$", name)`), else
 * `otherwise`. Throws a `UserError` for a key that matches none of the `adapted` modules.
 */
function patternOf(
  file: string,
  field: 'alpha_pattern' | 'rank_pattern',
  pattern: AdapterConfig['alpha_pattern'],
  otherwise: number,
  adapted: readonly string[],
): (module: string) => number {
  const rows = Object.entries(pattern ?? {}).map(([key, value]) => {
    const matches = matcher(file, field, key, ['^(.*\\.)?(', ')$']);
    if (!adapted.some((name) => matches(name))) throw errors.adapterPatternUnmatched(file, field, key);
    return { matches, value };
  });
  return (module) => rows.find(({ matches }) => matches(module))?.value ?? otherwise;
}

/** Rank and scaling of each of the `adapted` modules. */
export function strengthsOf(config: AdapterConfig, file: string, adapted: readonly string[]) {
  const rankOf = patternOf(file, 'rank_pattern', config.rank_pattern, config.r, adapted);
  const alphaOf = patternOf(file, 'alpha_pattern', config.alpha_pattern, config.lora_alpha, adapted);
  return (module: string): { rank: number; scaling: number } => {
    const rank = rankOf(module);
    return { rank, scaling: alphaOf(module) / (config.use_rslora ? Math.sqrt(rank) : rank) };
  };
}
