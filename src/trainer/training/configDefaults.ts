/** What each key means where a config does not say: its default, in this config, for its model and dataset. */
import * as l10n from '@vscode/l10n';
import type { LoadedConfig } from '../config/load.js';
import { defaultMethod, learningRateWords } from '../config/methods.js';
import { buildSchema, learningRateOf } from '../config/schema.js';
import type { ConfigCheck, ConfigDefault, ModelInspection } from '../protocol.js';

/** By the path of the key, e.g. `method.rank`. */
export function defaultsOf(
  { config }: LoadedConfig,
  model: ModelInspection | undefined,
  plan: ConfigCheck['plan'],
): Record<string, ConfigDefault> {
  const { type } = config.method;
  const usual = buildSchema().parse({ dataset: config.dataset, method: { type } });
  const { dataset: _, method, ...rest } = usual;
  const { type: _1, ...options } = method;
  const keys = [...flat(rest), ['method', defaultMethod] as const, ...flat({ method: options })];
  return {
    ...Object.fromEntries(keys.map(([key, value]) => [key, { value }])),
    ...rateDefault(config, model),
    ...(model && {
      imageSize: { value: model.imageSize, reason: l10n.t('The size of the model’s own images.') },
    }),
    ...(plan && plan.stepsPerEpoch > 0 && epochDefaults(plan)),
    evalBatchSize: { value: config.batchSize, reason: l10n.t('As “batchSize”.') },
  };
}

function rateDefault(
  { method }: LoadedConfig['config'],
  model: ModelInspection | undefined,
): Record<string, ConfigDefault> {
  if (method.type === 'pretrained' || !model) return {};
  const value = Number(learningRateOf({ method }, model.width).toPrecision(3));
  const reason = l10n.t(
    'The rate of {0} is {1}; this model has the width {2}.',
    method.type,
    learningRateWords(method.type),
    model.width,
  );
  return { learningRate: { value, reason } };
}

function epochDefaults({ stepsPerEpoch }: NonNullable<ConfigCheck['plan']>): Record<string, ConfigDefault> {
  const ofEpoch = { value: stepsPerEpoch, reason: l10n.t('After each epoch.') };
  return { evalSteps: ofEpoch, saveSteps: ofEpoch };
}

/** Values by their paths, those of objects one by one; what has no default is left out. */
function flat(value: object, prefix = ''): (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (inner === undefined) return [];
    const isGroup = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    return isGroup ? flat(inner, `${prefix}${key}.`) : [[`${prefix}${key}`, inner] as const];
  });
}
