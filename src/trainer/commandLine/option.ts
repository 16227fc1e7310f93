/** The kinds of options a command takes: each knows how it is written, what it defaults to and how its text is read. */
import * as l10n from '@vscode/l10n';

/** One option of a command; `Value` is what the command receives. */
export interface Option<Value = unknown> {
  help: () => string;
  /** The placeholder of the option's value in the help, e.g. `FOLDER`. A switch has none. */
  placeholder?: string;
  isRequired?: boolean;
  /** May be given several times. */
  isList?: boolean;
  default?: string;
  choices?: readonly string[];
  /** A value for the help. */
  example?: string;
  /** A name that is accepted too, such as that of earlier versions. */
  formerName?: string;
  /** Reads the texts given, in their order (a switch: one empty text each time). `refuse` throws a usage error. */
  read(given: readonly string[], name: string, refuse: (message: string) => never): Value;
}

/** A value option as its row describes it. */
interface ValueWords {
  placeholder: string;
  example: string;
}

export const flag = (help: () => string, formerName?: string): Option<boolean> => ({
  help,
  ...(formerName === undefined ? {} : { formerName }),
  read: (given) => given.length > 0,
});

export const text = (words: ValueWords, help: () => string, formerName?: string): Option<string | undefined> => ({
  ...words,
  help,
  ...(formerName === undefined ? {} : { formerName }),
  read: (given) => given.at(-1),
});

export const requiredText = (words: ValueWords, help: () => string): Option<string> => ({
  ...words,
  help,
  isRequired: true,
  read: (given, name, refuse) => given.at(-1) || refuse(l10n.t('The option --{0} is missing.', name)),
});

export const list = (words: ValueWords, help: () => string): Option<readonly string[]> => ({
  ...words,
  help,
  isList: true,
  read: (given) => given,
});

/** A whole number above 0. */
export const count = (usual: number, words: ValueWords, help: () => string): Option<number> => ({
  ...words,
  help,
  default: String(usual),
  read(given, name, refuse) {
    const number = Number(given.at(-1) ?? usual);
    return Number.isInteger(number) && number > 0
      ? number
      : refuse(l10n.t('--{0} must be a whole number above 0.', name));
  },
});

/** A whole number above 1; undefined where it is not given. */
export const several = (words: ValueWords, help: () => string): Option<number | undefined> => ({
  ...words,
  help,
  read(given, name, refuse) {
    const typed = given.at(-1);
    if (typed === undefined) return undefined;
    const number = Number(typed);
    return Number.isInteger(number) && number > 1
      ? number
      : refuse(l10n.t('--{0} must be a whole number above 1.', name));
  },
});

/** A share of the validation images, from one half to all; undefined where it is not given. */
export const acceptedShare = (help: () => string): Option<number | undefined> => ({
  placeholder: 'SHARE',
  example: '0.95',
  help,
  read(given, name, refuse) {
    const text = given.at(-1);
    if (text === undefined) return undefined;
    const share = text.trim() === '' ? Number.NaN : Number(text);
    return share >= 0.5 && share <= 1 ? share : refuse(l10n.t('--{0} must be a number from 0.5 to 1.', name));
  },
});

/** Points of accuracy, from 0 to 100; undefined where they are not given. */
export const points = (help: () => string): Option<number | undefined> => ({
  placeholder: 'POINTS',
  example: '0.5',
  help,
  read(given, name, refuse) {
    const text = given.at(-1);
    if (text === undefined) return undefined;
    const number = text.trim() === '' ? Number.NaN : Number(text);
    return number >= 0 && number <= 100 ? number : refuse(l10n.t('--{0} must be a number from 0 to 100.', name));
  },
});

/** One of a few texts; the option cannot be left out. */
const requiredChoice = <Choice extends string>(
  choices: readonly Choice[],
  example: Choice,
  help: () => string,
): Option<Choice> => ({
  placeholder: choices.join('|'),
  example,
  choices,
  help,
  isRequired: true,
  read(given, name, refuse) {
    if (!given.at(-1)) return refuse(l10n.t('The option --{0} is missing.', name));
    return (
      choices.find((choice) => choice === given.at(-1)) ??
      refuse(l10n.t('--{0} must be one of {1}.', name, choices.join(', ')))
    );
  },
});

/** One of a few texts; undefined where the option is left out. */
export const choice = <Choice extends string>(
  choices: readonly Choice[],
  example: Choice,
  help: () => string,
): Option<Choice | undefined> => {
  const { isRequired: _, ...option } = requiredChoice(choices, example, help);
  return { ...option, read: (given, ...rest) => (given.length ? option.read(given, ...rest) : undefined) };
};
