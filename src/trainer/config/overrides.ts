/** `--set KEY=VALUE` on the command line: changes a config's value before it is checked. */
import { errors } from '../errors/errors.js';
import type { KeyPath } from './configText.js';
import { defaultMethod } from './methods.js';

export interface Override {
  /** As the user wrote it, e.g. `method.rank=4`. */
  text: string;
  path: string[];
  /** The JSON value of what follows `=`, or its text. */
  value: unknown;
}

export function parseOverride(text: string): Override {
  const equals = text.indexOf('=');
  const path = text.slice(0, Math.max(equals, 0)).split('.');
  if (equals < 1 || path.includes('')) throw errors.config.overrideMalformed(text);
  const given = text.slice(equals + 1);
  try {
    return { text, path, value: JSON.parse(given) };
  } catch {
    return { text, path, value: given };
  }
}

/** What an option of `parent` is set on: a method given by name, or not at all, becomes its object form. */
function objectAt(parent: Record<string, unknown>, key: string, depth: number): unknown {
  const value = Object.hasOwn(parent, key) ? parent[key] : undefined;
  if (depth === 0 && key === 'method' && (value === undefined || typeof value === 'string'))
    return { type: value ?? defaultMethod };
  return value ?? {};
}

function withValue(target: unknown, override: Override, depth: number): unknown {
  if (depth === override.path.length) return override.value;
  if (typeof target !== 'object' || target === null || Array.isArray(target)) {
    throw errors.config.overrideNotInObject(override.text, override.path.slice(0, depth).join('.'));
  }
  const key = override.path[depth]!;
  const parent = target as Record<string, unknown>;
  const child = depth + 1 === override.path.length ? undefined : objectAt(parent, key, depth);
  return { ...parent, [key]: withValue(child, override, depth + 1) };
}

/** The value with all overrides applied, in their order; the argument is unchanged. */
export function applyOverrides(value: Record<string, unknown>, overrides: Override[]): Record<string, unknown> {
  return overrides.reduce((result, override) => withValue(result, override, 0) as Record<string, unknown>, value);
}

/** The last override that gave the value at `path`. */
export function overrideOf(overrides: Override[], path: KeyPath): Override | undefined {
  return overrides.findLast((override) => override.path.every((key, i) => key === String(path[i])));
}

/** The last override that gave the value at `path`, or something inside it. */
export function overrideWithin(overrides: Override[], path: KeyPath): Override | undefined {
  return (
    overrideOf(overrides, path) ??
    overrides.findLast((override) => path.every((key, i) => String(key) === override.path[i]))
  );
}
