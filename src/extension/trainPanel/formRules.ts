/**
 * What the form offers, read from the config's JSON Schema: its options, the methods and their options. A key is
 * offered where the schema has words for the form (`x-form`).
 */
import type { FormOption, MethodChoice, MethodOption, NumberRule } from '../../webview/protocol.js';

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
  'x-form'?: { label: string; isFolded?: true; empty?: string; needsTraining?: true; needsRidge?: true };
}

const branches = (schema: Schema): Schema[] =>
  [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((branch) => [branch, ...branches(branch)]);

/** The options of the whole config that the form shows, in the order of the schema. */
export function formOptions(schema: Schema): FormOption[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const option = optionOf(key, property);
    return option ? [{ ...option, needsTraining: option.needsTraining ?? false }] : [];
  });
}

/** The methods with the options that the form shows. */
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

/** @throws Error where the schema has words for the form but no input suits the key. */
function optionOf(key: string, schema: Schema): MethodOption | undefined {
  const form = schema['x-form'];
  if (!form) return undefined;
  // What may also be a word is a number in the form.
  const number = branches(schema).find((branch) => branch.type === 'integer' || branch.type === 'number');
  const { type = number?.type, default: usual, items } = schema;
  const { label, ...rest } = form;
  const common = { key, label, title: schema.description ?? '', isFolded: false, ...rest };
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
  if (type === 'number' || type === 'integer')
    return { ...common, kind: 'number', rule: ruleOf({ ...number, ...schema, type }) };
  if (type === 'boolean') return { ...common, kind: 'check', default: usual === true };
  if (type === 'array' && !Array.isArray(items) && items?.type === 'string')
    return { ...common, kind: 'list', of: 'word' };
  if (type === 'array' && !Array.isArray(items) && items?.type === 'integer')
    return { ...common, kind: 'list', of: 'integer' };
  throw new Error(`The form has no input for ${key}`);
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
