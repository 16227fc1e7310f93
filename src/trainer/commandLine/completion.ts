/** `vitune completion`: scripts for bash, zsh and fish, made from the rows of `commands.ts`. */
import { commandNames, commands, type Arguments, type CommandRow, type Shell } from './commands.js';
import type { CommandOutputs } from '../protocol.js';
import type { Output } from './output.js';

interface Command extends CommandRow {
  name: string;
}
const all = (): Command[] => commandNames.map((name) => ({ name, ...(commands[name] as CommandRow) }));

const help = '--help';
const optionNames = ({ options }: CommandRow): string[] => [...Object.keys(options).map((name) => `--${name}`), help];

/** A text in single quotes, as every POSIX shell reads it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function bash(): string {
  const choices = all().flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([key, option]) =>
      option.choices ? [`    ${quoted(`${name} --${key}`)}) words=${quoted(option.choices.join(' '))} ;;`] : [],
    ),
  );
  const values = all().flatMap(({ name, options }) =>
    Object.entries(options).flatMap(([key, option]) =>
      option.placeholder !== undefined && !option.choices ? [quoted(`${name} --${key}`)] : [],
    ),
  );
  const rest = all().map((command) => {
    const operands = command.operand?.choices?.join(' ') ?? '';
    return `      ${command.name}) words=${quoted(optionNames(command).join(' '))}; operands=${quoted(operands)} ;;`;
  });
  return `# Completion of vitune for bash. Put this line into ~/.bashrc: source <(vitune completion bash)
_vitune() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words='' operands=''
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    mapfile -t COMPREPLY < <(compgen -W ${quoted([...commandNames, 'help', help, '--version'].join(' '))} -- "$current")
    return
  fi
  case "$command \${COMP_WORDS[COMP_CWORD-1]}" in
${choices.join('\n')}
    ${values.join('|')}) return ;;
    *) case "$command" in
${rest.join('\n')}
      help) operands=${quoted(commandNames.join(' '))} ;;
    esac
    [[ $current == -* ]] || words=$operands ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _vitune vitune
`;
}

/** In a description of zsh's \`_arguments\` these characters have a meaning. */
const plainInZsh = (text: string): string => text.replace(/[[\]:\\]/g, (mark) => `\\${mark}`);

function zsh(): string {
  const described = all().map(({ name, summary }) => `    ${quoted(`${name}:${plainInZsh(summary())}`)}`);
  const rest = all().map(({ name, options, operand }) => {
    const lines = Object.entries(options).map(([key, option]) => {
      const what = option.choices ? `(${option.choices.join(' ')})` : '_files';
      const value = option.placeholder === undefined ? '' : `:${plainInZsh(option.placeholder)}:${what}`;
      return quoted(`${option.isList ? '*' : ''}--${key}[${plainInZsh(option.help())}]${value}`);
    });
    const operands = operand
      ? [
          quoted(
            `*:${plainInZsh(operand.placeholder)}:${operand.choices ? `(${operand.choices.join(' ')})` : '_files'}`,
          ),
        ]
      : [];
    return `    ${name}) _arguments ${[...lines, quoted(help), ...operands].join(' \\\n      ')} ;;`;
  });
  return `#compdef vitune
# Completion of vitune for zsh. Put this line into ~/.zshrc, after compinit: source <(vitune completion zsh)
_vitune() {
  local -a commands=(
${described.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT-- ))
  case "$command" in
${rest.join('\n')}
    help) _describe command commands ;;
  esac
}
compdef _vitune vitune
`;
}

/** A text in single quotes, as fish reads it. */
const quotedInFish = (text: string): string => `'${text.replace(/[\\']/g, (mark) => `\\${mark}`)}'`;

function fish(): string {
  const lines = all().flatMap(({ name, summary, options, operand }) => {
    const here = `complete -c vitune -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c vitune -n __fish_use_subcommand -f -a ${name} -d ${quotedInFish(summary())}`,
      ...Object.entries(options).map(([key, { placeholder, choices, help: words }]) => {
        const value = placeholder === undefined ? '' : choices ? ` -x -a ${quotedInFish(choices.join(' '))}` : ' -r';
        return `${here} -l ${key}${value} -d ${quotedInFish(words())}`;
      }),
      ...(operand?.choices ? [`${here} -f -a ${quotedInFish(operand.choices.join(' '))}`] : []),
    ];
  });
  return `# Completion of vitune for fish. Put this line into config.fish: vitune completion fish | source
${lines.join('\n')}
complete -c vitune -l help
`;
}

const scripts: Record<Shell, () => string> = { bash, zsh, fish };

export const completionScript = (shell: Shell): string => scripts[shell]();

export async function completion(
  { operands }: Arguments<'completion'>,
  output: Output<CommandOutputs['completion']>,
): Promise<void> {
  const shell = operands[0] as Shell;
  const script = completionScript(shell);
  output.json({ type: 'completion', shell, script });
  output.line(script.trimEnd());
}
