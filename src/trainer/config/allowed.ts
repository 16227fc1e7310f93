/** Words for what the config's JSON Schema allows at a key. */
import * as l10n from '@vscode/l10n';
import type { KeyPath } from './configText.js';
import type { JsonSchema } from './jsonSchema.js';

const branchesOf = (schema: JsonSchema): JsonSchema[] =>
  (schema.anyOf ?? schema.oneOf)?.flatMap(branchesOf) ?? [schema];

/**
 * To an object fits an object's branch whose constant keys (a method's `type`) have the values given; to all else, any
 * branch.
 */
function fits(branch: JsonSchema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  if (!branch.properties) return typeof branch.additionalProperties === 'object';
  return Object.entries(branch.properties).every(([key, property]) => {
    const given = (value as Record<string, unknown>)[key];
    return property.const === undefined || given === undefined || given === property.const;
  });
}

/** The schemas that apply at `path` in `value`: several where a union leaves the choice open. */
export function schemasAt(schema: JsonSchema, path: KeyPath, value: unknown): JsonSchema[] {
  const all = branchesOf(schema);
  const fitting = all.filter((branch) => fits(branch, value));
  const branches = fitting.length > 0 ? fitting : all;
  const [key, ...rest] = path;
  if (key === undefined) return branches;
  const child = (value as Record<string | number, unknown> | undefined)?.[key];
  return branches.flatMap(({ properties, additionalProperties, items }) => {
    const next =
      properties?.[key] ??
      (typeof additionalProperties === 'object' ? additionalProperties : undefined) ??
      (Array.isArray(items) ? items[Number(key)] : items);
    return next ? schemasAt(next, rest, child) : [];
  });
}

/** The keys that an object may have where these schemas apply. */
export function keysOf(schemas: JsonSchema[]): string[] {
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function numberWords(schema: JsonSchema): string {
  const finite = (bound: number | undefined) =>
    Math.abs(bound ?? Infinity) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const minimum = finite(schema.minimum);
  const maximum = finite(schema.maximum);
  const { multipleOf = 1 } = schema;
  const noun =
    multipleOf > 1
      ? l10n.t('a multiple of {0}', multipleOf)
      : schema.type === 'integer'
        ? l10n.t('a whole number')
        : l10n.t('a number');
  if (minimum !== undefined && maximum !== undefined) return l10n.t('{0} from {1} to {2}', noun, minimum, maximum);
  const bounds = [
    ...(minimum !== undefined ? [`≥ ${minimum}`] : []),
    ...(schema.exclusiveMinimum !== undefined ? [`> ${schema.exclusiveMinimum}`] : []),
    ...(maximum !== undefined ? [`≤ ${maximum}`] : []),
    ...(schema.exclusiveMaximum !== undefined ? [`< ${schema.exclusiveMaximum}`] : []),
  ];
  return [noun, ...bounds].join(' ');
}

function words(schema: JsonSchema): string[] {
  if (schema.anyOf ?? schema.oneOf) return branchesOf(schema).flatMap(words);
  if (schema.const !== undefined) return [JSON.stringify(schema.const)];
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value));
  switch (schema.type) {
    case 'integer':
    case 'number':
      return [numberWords(schema)];
    case 'boolean':
      return ['true', 'false'];
    case 'string':
      return [schema.minLength ? l10n.t('a text that is not empty') : l10n.t('a text')];
    case 'array':
      return [
        Array.isArray(schema.items)
          ? `[${schema.items.map((item) => allowed([item])).join(', ')}]`
          : l10n.t('a list of: {0}', allowed([schema.items ?? {}])),
      ];
    case 'object':
      return [
        typeof schema.additionalProperties === 'object'
          ? l10n.t('an object whose every value is {0}', allowed([schema.additionalProperties]))
          : l10n.t('an object with {0}', keysOf([schema]).join(', ')),
      ];
    default:
      return [l10n.t('anything')];
  }
}

/** What may stand where these schemas apply, e.g. `a whole number from 1 to 4096`. */
export function allowed(schemas: JsonSchema[]): string {
  const all = [...new Set(schemas.flatMap(words))];
  const last = all.pop()!;
  return all.length > 0 ? l10n.t('{0} or {1}', all.join(', '), last) : last;
}

/** Whether a value's type alone is one that these schemas allow: then its value or range is at fault. */
export function typeFits(schemas: JsonSchema[], value: unknown): boolean {
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return schemas.some((schema) => (schema.type === 'integer' ? 'number' : schema.type) === type);
}
