/** Changes of a config that mend a fault: rename a key, take the nearest name or number, leave something out. */
import * as l10n from '@vscode/l10n';
import { nearestName } from '../../shared/nearestName.js';
import type { ConfigFix } from '../protocol.js';
import { keysOf, schemasAt } from './allowed.js';
import type { KeyPath } from './configText.js';
import type { JsonSchema } from './jsonSchema.js';
import type { GivenFault } from './lenient.js';

export const renameTo = (path: KeyPath, name: string): ConfigFix => ({
  title: l10n.t('Rename to “{0}”', name),
  edits: [{ path: [...path], name }],
});

export const setTo = (path: KeyPath, value: string | number | boolean): ConfigFix => ({
  title: l10n.t('Use {0}', JSON.stringify(value)),
  edits: [{ path: [...path], value }],
});

export const remove = (path: KeyPath): ConfigFix => ({
  title: l10n.t('Remove “{0}”', String(path.at(-1))),
  edits: [{ path: [...path] }],
});

/** The nearest of some names in place of one; no fix where none is near. */
export function nearest(path: KeyPath, given: unknown, known: readonly string[]): ConfigFix[] {
  const name = typeof given === 'string' ? nearestName(given, known) : undefined;
  return name === undefined ? [] : [setTo(path, name)];
}

/** What mends a fault that the schema finds; `value` is that of the whole config. */
export function schemaFixes({ path, given, error }: GivenFault, schema: JsonSchema, value: unknown): ConfigFix[] {
  switch (error.code) {
    case 'CONFIG_KEY_UNKNOWN': {
      const name = nearestName(String(path.at(-1)), keysOf(schemasAt(schema, path.slice(0, -1), value)));
      return [...(name === undefined ? [] : [renameTo(path, name)]), remove(path)];
    }
    case 'CONFIG_KEY_NEEDLESS':
      return [remove(path)];
    case 'CONFIG_VALUE':
    case 'CONFIG_TYPE': {
      const branches = schemasAt(schema, path, value);
      if (typeof given === 'number') return nearestNumber(path, given, branches);
      const words = branches.flatMap((branch) => [branch.const, ...(branch.enum ?? [])]);
      return nearest(
        path,
        given,
        words.filter((word): word is string => typeof word === 'string'),
      );
    }
    default:
      return [];
  }
}

/** The bound that a number is beyond, or the whole number next to it. */
function nearestNumber(path: KeyPath, given: number, branches: readonly JsonSchema[]): ConfigFix[] {
  const branch = branches.find(({ type }) => type === 'integer' || type === 'number');
  if (!branch) return [];
  const whole = branch.type === 'integer' ? Math.round(given) : given;
  const value = Math.min(Math.max(whole, branch.minimum ?? -Infinity), branch.maximum ?? Infinity);
  const isOpen = value <= (branch.exclusiveMinimum ?? -Infinity) || value >= (branch.exclusiveMaximum ?? Infinity);
  return isOpen || value === given ? [] : [setTo(path, value)];
}
