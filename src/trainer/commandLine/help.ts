/** The help of the command line and `docs/commands.md`, made from the rows of `commands.ts`. */
import * as l10n from '@vscode/l10n';
import { wrap } from '../core/wrap.js';
import { commandNames, commands, type CommandName, type CommandRow } from './commands.js';
import type { Option } from './option.js';

const rowOf = (command: CommandName): CommandRow => commands[command];

const written = (name: string, { placeholder }: Option): string =>
  placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`;

/** E.g. `vitune train CONFIG [--set KEY=VALUE]... [--json]`. */
export function usageOf(command: CommandName): string {
  const { operand, options } = rowOf(command);
  const operandWord = operand && `${operand.placeholder}${operand.max > 1 ? '...' : ''}`;
  const parts = Object.entries(options).map(([name, option]) => {
    const word = written(name, option);
    return option.isRequired ? word : `[${word}]${option.isList ? '...' : ''}`;
  });
  const first = operandWord === undefined ? [] : [operand!.min > 0 ? operandWord : `[${operandWord}]`];
  return ['vitune', command, ...first, ...parts].join(' ');
}

/** What an option does, with its default and an example. */
function optionWords(name: string, option: Option): string {
  const { help, example, isRequired, default: usual } = option;
  return [
    help(),
    ...(isRequired ? [l10n.t('Required.')] : []),
    ...(usual === undefined ? [] : [l10n.t('Default: {0}.', usual)]),
    ...(example === undefined ? [] : [l10n.t('Example: {0}', `--${name} ${example}`)]),
  ].join(' ');
}

const [indent, column, widest] = [2, 34, 100];

/** A name and what it means, the meaning in a column of its own. */
function entry(name: string, meaning: string): string[] {
  const lines = wrap(meaning, widest - column).map((line) => ' '.repeat(column) + line);
  const head = ' '.repeat(indent) + name;
  if (head.length + 1 > column) return [head, ...lines];
  return [head.padEnd(column) + lines[0]!.slice(column), ...lines.slice(1)];
}

const section = (title: string, lines: string[]): string[] => (lines.length > 0 ? ['', title, ...lines] : []);

/** Every command with its summary. */
export function helpText(): string {
  return [
    l10n.t('Usage: {0}', 'vitune COMMAND [OPTIONS]'),
    ...section(
      l10n.t('Commands:'),
      commandNames.flatMap((name) => entry(name, rowOf(name).summary())),
    ),
    ...section(l10n.t('Options:'), [
      ...entry('--help', l10n.t('Shows this help, or that of a command.')),
      ...entry('--version', l10n.t('Shows the version.')),
    ]),
    '',
    l10n.t('The options of a command: {0}', 'vitune COMMAND --help'),
    '',
  ].join('\n');
}

/** The help of one command: its usage, arguments, options with their defaults, and examples. */
export function commandHelp(command: CommandName): string {
  const { summary, operand, options, examples } = rowOf(command);
  return [
    summary(),
    '',
    l10n.t('Usage: {0}', usageOf(command)),
    ...section(l10n.t('Arguments:'), operand ? entry(operand.placeholder, operand.help()) : []),
    ...section(l10n.t('Options:'), [
      ...Object.entries(options).flatMap(([name, option]) => entry(written(name, option), optionWords(name, option))),
      ...entry('--help', l10n.t('Shows this help.')),
    ]),
    ...section(
      l10n.t('Examples:'),
      examples.map((example) => `  vitune ${example}`),
    ),
    '',
  ].join('\n');
}

/** A bullet: a name in code and what it means, at most 120 columns wide. */
const bullet = (name: string, meaning: string): string[] =>
  wrap(`- \`${name}\`: ${meaning}`, 118).map((line, i) => (i > 0 ? `  ${line}` : line));

/** `docs/commands.md`. */
export function commandsPage(): string {
  const parts = commandNames.map((name) => {
    const { summary, operand, options, examples } = rowOf(name);
    const bullets = [
      ...(operand ? bullet(operand.placeholder, operand.help()) : []),
      ...Object.entries(options).flatMap(([key, option]) => bullet(written(key, option), optionWords(key, option))),
    ];
    const calls = examples.map((example) => `vitune ${example}`);
    return [`## ${name}`, '', summary(), '', ...bullets, '', '```sh', ...calls, '```', ''].join('\n');
  });
  return [
    '# Commands',
    '',
    '<!-- Made from src/trainer/commandLine/commands.ts by `npm run docs`. Do not edit. -->',
    '',
    'Every command has `--help`; `vitune --version` shows the version. The exit code is 0 when all went well, 2 when',
    'the input is wrong, 130 when the command was cancelled, and 1 when a test failed or for a bug in ViTune.',
    '',
    ...parts,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}
