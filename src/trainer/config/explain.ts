/** From the faults that zod found in a file to the one that says most: what is wrong, what is allowed, and where. */
import type * as z from 'zod';
import { nearestName } from '../../shared/nearestName.js';
import { errors, type UserError } from '../errors/errors.js';
import { allowed, keysOf, schemasAt, typeFits } from './allowed.js';
import type { ConfigText, KeyPath } from './configText.js';
import type { JsonSchema } from './jsonSchema.js';
import { overrideWithin, type Override } from './overrides.js';

type Issue = z.core.$ZodIssue;

/** How many keys or values are wrong. */
const faultsIn = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);

/**
 * The issue inside a union's branches that says most: of the branch that took the value and failed deeper with the
 * fewest faults, else the union's own.
 */
function narrow(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const refused = ({ code, path }: Issue) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
  const [branch] = issue.errors.filter((issues) => !issues.some(refused)).sort((a, b) => faultsIn(a) - faultsIn(b));
  if (!branch?.[0]) return issue;
  // A missing key is often the misspelt one.
  const inner = narrow(branch.find(({ code }) => code === 'unrecognized_keys') ?? branch[0]);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

/** What lies at a path of keys; undefined where nothing does. */
export function at(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}

/** A value as shown in a message. */
function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** A fault of a config, and the key or value that it is about. */
export interface Fault {
  path: KeyPath;
  error: UserError;
}

/** The first fault that zod found in `value`; unknown keys first, since they explain missing ones. */
export function explain(
  issues: Issue[],
  { value, text, overrides, schema }: { value: unknown; text: ConfigText; overrides: Override[]; schema: JsonSchema },
): Fault {
  const narrowed = issues.map(narrow);
  const issue = narrowed.find(({ code }) => code === 'unrecognized_keys') ?? narrowed[0]!;
  const path = issue.path as KeyPath;
  const key = path.join('.');
  const schemas = schemasAt(schema, path, value);
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0]!];
    const known = keysOf(schemas);
    const option = overrideWithin(overrides, unknown)?.text;
    const error = errors.config.keyUnknown(
      option ? {} : text.placeOfKey(unknown),
      unknown.join('.'),
      nearestName(issue.keys[0]!, known),
      known,
      option,
    );
    return { path: unknown, error };
  }
  const option = overrideWithin(overrides, path)?.text;
  const place = option ? {} : text.placeOfValue(path);
  const given = at(value, path);
  if (given === undefined) return { path, error: errors.config.keyMissing(place, key, allowed(schemas), option) };
  if (issue.code === 'custom') return { path, error: errors.config.pairNotOrdered(place, key, shown(given), option) };
  const words = { key, value: shown(given), allowed: allowed(schemas) };
  const error = typeFits(schemas, given)
    ? errors.config.value(place, words, option)
    : errors.config.type(place, words, option);
  return { path, error };
}
