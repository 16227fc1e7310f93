/**
 * What the form offers, read from the config's JSON Schema: the rules of its numbers, the methods and their options.
 */
import type { MethodChoice, MethodOption, NumberKey, NumberRule } from '../../webview/protocol.js';

/** The part of JSON Schema that is read here. */
export interface Schema {
  type?: string;
  const?: unknown;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  enumDescriptions?: string[];
  items?: Schema | Schema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
  oneOf?: Schema[];
  'x-learningRate'?: string;
}

const keys: NumberKey[] = [
  'epochs',
  'batchSize',
  'learningRate',
  'seed',
  'validationSplit',
  'warmupRatio',
  'weightDecay',
  'labelSmoothingFactor',
  'earlyStoppingPatience',
];

const branches = (schema: Schema): Schema[] =>
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => [branch, ...branches(branch)]);

export function numberRules(schema: Schema): Record<NumberKey, NumberRule> {
  return Object.fromEntries(
    keys.map((key) => {
      const property = schema.properties?.[key];
      if (!property) throw new Error(`The config's schema has no ${key}`);
      // What may also be a word is a number in the form.
      return [
        key,
        {
          ...ruleOf(branches(property).find(({ type }) => type === 'integer') ?? property),
          default: ruleOf(property).default,
        },
      ];
    }),
  ) as Record<NumberKey, NumberRule>;
}

/** The methods with those options that a form can show; what is more intricate is for the config file. */
export function methodChoices(schema: Schema): MethodChoice[] {
  const methods = branches(schema.properties?.method ?? {}).filter(
    ({ properties }) => properties?.type?.const !== undefined,
  );
  return methods.map(({ description = '', properties, 'x-learningRate': learningRate = '' }) => ({
    type: String(properties!.type!.const),
    tradeOff: description,
    learningRate,
    options: Object.entries(properties!).flatMap(([key, option]) =>
      key === 'type' ? [] : (optionOf(key, option) ?? []),
    ),
  }));
}

/** How frozen layers multiply, which is a choice of the whole config rather than of a method. */
export function frozenPrecision(schema: Schema): Extract<MethodOption, { kind: 'choice' }> {
  const option = optionOf('frozenPrecision', schema.properties?.frozenPrecision ?? {});
  if (option?.kind !== 'choice') throw new Error("The config's schema has no choice frozenPrecision");
  return option;
}

function optionOf(key: string, schema: Schema): MethodOption | undefined {
  const { type, default: usual, items } = schema;
  const common = { key, title: schema.description ?? '' };
  const texts = (list: unknown): string[] => (Array.isArray(list) ? list.map(String) : []);
  if (key === 'targetModules') return { ...common, kind: 'modules', default: texts(usual) };
  if (schema.enum) {
    const { enumDescriptions: details } = schema;
    return {
      ...common,
      kind: 'choice',
      values: texts(schema.enum),
      ...(details ? { details } : {}),
      ...(typeof usual === 'string' ? { default: usual } : {}),
    };
  }
  if (type === 'number' || type === 'integer') return { ...common, kind: 'number', rule: ruleOf(schema) };
  if (type === 'boolean') return { ...common, kind: 'check', default: usual === true };
  if (type === 'array' && !Array.isArray(items) && items?.type === 'string')
    return { ...common, kind: 'list', of: 'word' };
  if (type === 'array' && !Array.isArray(items) && items?.type === 'integer')
    return { ...common, kind: 'list', of: 'integer' };
  return undefined;
}

function ruleOf({ type, minimum, maximum, exclusiveMinimum, exclusiveMaximum, default: usual }: Schema): NumberRule {
  return {
    integer: type === 'integer',
    minimum,
    maximum,
    exclusiveMinimum,
    exclusiveMaximum,
    default: typeof usual === 'number' ? usual : undefined,
  };
}
