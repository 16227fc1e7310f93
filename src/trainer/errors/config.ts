/** Errors of the config. `option` is the text of the --set that gave the value; `place` is then empty. */
import { t, Words } from './l10n.js';
import { type Place, UserError } from './userError.js';

const ofOption = (option: string | undefined, message: Words): Words =>
  option === undefined ? message : new Words('--set {0}: {1}', [option, message]);

export const config = {
  missing: (file: string) =>
    new UserError(
      'CONFIG_MISSING',
      t('There is no such config file.'),
      t('Check the path; a config is a file whose name ends in .vitune.json or .vitune.jsonc.'),
      { file },
    ),
  syntax: (place: Place, what: string) =>
    new UserError(
      'CONFIG_SYNTAX',
      t('The file is not valid JSON: {0}.', what),
      t('Correct the file at this place.'),
      place,
    ),
  notObject: (place: Place) =>
    new UserError(
      'CONFIG_NOT_OBJECT',
      t('The file is not a JSON object.'),
      t('Begin it with { and end it with }.'),
      place,
    ),
  keyTwice: (place: Place, key: string) =>
    new UserError('CONFIG_KEY_TWICE', t('The key "{0}" appears twice.', key), t('Remove one of the two.'), place),
  keyUnknown: (place: Place, key: string, nearest: string | undefined, known: string[], option?: string) =>
    new UserError(
      'CONFIG_KEY_UNKNOWN',
      ofOption(option, t('There is no key "{0}".', key)),
      nearest === undefined ? t('Known keys here: {0}.', known.join(', ')) : t('Did you mean "{0}"?', nearest),
      place,
    ),
  keyMissing: (place: Place, key: string, allowed: string, option?: string) =>
    new UserError(
      'CONFIG_KEY_MISSING',
      ofOption(option, t('The key "{0}" is missing.', key)),
      t('Add it. Allowed: {0}.', allowed),
      place,
    ),
  type: (place: Place, given: { key: string; value: string; allowed: string }, option?: string) =>
    new UserError(
      'CONFIG_TYPE',
      ofOption(option, t('The value of "{0}" is {1}, which is of the wrong type.', given.key, given.value)),
      t('Allowed: {0}.', given.allowed),
      place,
    ),
  value: (place: Place, given: { key: string; value: string; allowed: string }, option?: string) =>
    new UserError(
      'CONFIG_VALUE',
      ofOption(option, t('The value of "{0}" is {1}, which is not allowed.', given.key, given.value)),
      t('Allowed: {0}.', given.allowed),
      place,
    ),
  needless: (place: Place, keys: readonly string[], solver: 'sgd' | 'ridge') =>
    new UserError(
      'CONFIG_KEY_NEEDLESS',
      t('The solver {0} does not read {1}.', solver, keys.join(', ')),
      solver === 'ridge'
        ? t('Remove what it does not read: a head in closed form takes no steps. Or set the solver "sgd".')
        : t('Remove what it does not read, or set the solver "ridge".'),
      place,
    ),
  pairNotOrdered: (place: Place, key: string, value: string, option?: string) =>
    new UserError(
      'CONFIG_VALUE',
      ofOption(option, t('The value of "{0}" is {1}, whose first number is greater than its second.', key, value)),
      t('Put the smaller number first.'),
      place,
    ),
  overrideMalformed: (option: string) =>
    new UserError(
      'OPTION_INVALID',
      ofOption(option, t('this is not of the form KEY=VALUE.')),
      t('Write for example --set epochs=3 or --set method.rank=4.'),
    ),
  overrideNotInObject: (option: string, key: string) =>
    new UserError(
      'OPTION_INVALID',
      ofOption(option, t('"{0}" has no keys inside, since the config gives it as a single value.', key)),
      t('Set "{0}" as a whole, or change it in the file.', key),
    ),
};
