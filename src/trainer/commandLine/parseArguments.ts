/** Reads the arguments of a command as its row describes them. */
import { parseArgs } from 'node:util';
import * as l10n from '@vscode/l10n';
import { nearestName } from '../../shared/nearestName.js';
import { errors } from '../errors/errors.js';
import { commands, type Arguments, type CommandName, type CommandRow } from './commands.js';
import { usageOf } from './help.js';
import type { Option } from './option.js';

/** An option by the name given; a former name is accepted too. */
function optionNamed(options: CommandRow['options'], name: string): [string, Option] | undefined {
  return Object.entries(options).find(([key, option]) => key === name || option.formerName === name);
}

/**
 * Reads what follows the command's name.
 * @throws UserError with the command's usage.
 */
export function parseArguments<Name extends CommandName>(command: Name, args: string[]): Arguments<Name> {
  const { options, operand }: CommandRow = commands[command];
  const refuse = (message: string): never => {
    throw errors.usage(message, usageOf(command));
  };
  const types = Object.entries(options).flatMap(([name, { placeholder, formerName = name }]) => {
    const type = placeholder === undefined ? ('boolean' as const) : ('string' as const);
    return [...new Set([name, formerName])].map((each) => [each, { type, multiple: true }] as const);
  });
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const operands: string[] = [];
  const given = new Map<string, string[]>(Object.keys(options).map((name) => [name, []]));
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const [name, option] =
      optionNamed(options, token.name) ?? refuse(unknownOption(token.rawName, Object.keys(options)));
    const isSwitch = option.placeholder === undefined;
    if (isSwitch && token.value !== undefined) refuse(l10n.t('The option --{0} takes no value.', name));
    // `--output --json`: the value was forgotten.
    if (!isSwitch && (token.value === undefined || (!token.inlineValue && token.value.startsWith('-'))))
      refuse(l10n.t('The option --{0} needs a value, e.g. {1}.', name, `--${name} ${option.example}`));
    given.get(name)!.push(token.value ?? '');
  }
  const { min, max } = operand ?? { min: 0, max: 0 };
  if (operands.length < min || operands.length > max)
    refuse(l10n.t('{0} arguments are given, {1} expected.', operands.length, min === max ? min : `${min}+`));
  const wrong = operands.find((each) => operand?.choices && !operand.choices.includes(each));
  if (wrong !== undefined) refuse(l10n.t('{0} is not one of {1}.', wrong, operand!.choices!.join(', ')));
  const values = Object.entries(options).map(([name, option]) => [name, option.read(given.get(name)!, name, refuse)]);
  return { operands, ...Object.fromEntries(values) } as Arguments<Name>;
}

function unknownOption(written: string, known: readonly string[]): string {
  const nearest = nearestName(written.replace(/^-+/, ''), known);
  return nearest === undefined
    ? l10n.t('There is no option {0}.', written)
    : l10n.t('There is no option {0}. Did you mean --{1}?', written, nearest);
}
