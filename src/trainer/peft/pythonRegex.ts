/** Regular expressions as Python's `re` writes them, which PEFT matches module names by. */

/** What Python writes otherwise than JavaScript. */
const translations: [RegExp, string][] = [
  [/\(\?P<(\w+)>/g, '(?<$1>'],
  [/\(\?P=(\w+)\)/g, '\\k<$1>'],
];

/**
 * The expression with Python's meaning for names of one line, or undefined where it has none that JavaScript shares:
 * flags, comments, conditions, possessive quantifiers and atomic groups.
 */
export function pythonRegex(text: string): RegExp | undefined {
  const escaped = text.replaceAll(/\\([\s\S])/g, (whole, character: string) => {
    if (character === 'A') return '^';
    if (character === 'Z') return '$';
    // Python takes any punctuation with a backslash for itself; with the flag u JavaScript does so for its own only.
    return /[a-z0-9\\^$.*+?()[\]{}|/-]/i.test(character) ? whole : character;
  });
  const translated = translations.reduce((result, [from, to]) => result.replaceAll(from, to), escaped);
  if (/[*+?}]\+|\(\?>/.test(translated)) return undefined;
  // Outside a class a hyphen needs no backslash, and with the flag u may have none.
  const unhyphened = translated.replaceAll(/\[(?:\\.|[^\]\\])*\]|\\-/g, (part) => (part === '\\-' ? '-' : part));
  try {
    return new RegExp(unhyphened, 'u');
  } catch {
    return undefined;
  }
}
