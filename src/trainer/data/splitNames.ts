/** The names of splits: which words, English and Turkish, mean training, validation or test, as people write them. */
import type { SplitName } from '../protocol.js';

/** In lower case, without marks. */
const words: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  trainval: 'train',
  egitim: 'train',
  validation: 'validation',
  validate: 'validation',
  validating: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  devel: 'validation',
  development: 'validation',
  dogrulama: 'validation',
  gecerleme: 'validation',
  test: 'test',
  testing: 'test',
  tests: 'test',
  sinama: 'test',
  sınama: 'test',
};
/** Some mean the validation split by these, others the test split. */
const evaluationWords = new Set(['eval', 'evaluation', 'evaluate']);

/** Words that may stand before or after: `train_set`, `images-train`, `validationset`, `seg_test`, `eğitim verisi`. */
const fillers =
  'dataset|data|sets|set|splits|split|subset|folder|images|image|imgs|img|pictures|photos|samples|seg|' +
  'veri|veriler|verisi|verileri|seti|kumesi|goruntuler|goruntuleri|resimler|resimleri';
const isFiller = new RegExp(`^(?:${fillers})$`);
const gluedFiller = new RegExp(`(?:${fillers})$`);
const isYear = /^(?:19|20)\d\d$/;

/** Upper case typed on a Turkish keyboard has dots that lower case does not need. */
const plainOf = (name: string): string => name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** The one word of a name that could be a split's; undefined where there is none, or more than one. */
function wordOf(name: string): string | undefined {
  const parts = plainOf(name).match(/\p{L}+|\d+/gu) ?? [];
  const left = parts.filter(
    (part, i) => !isFiller.test(part) && !isYear.test(part) && !(i === 0 && /^\d+$/.test(part)),
  );
  if (left.length !== 1) return undefined;
  const isKnown = (word: string): boolean => Object.hasOwn(words, word) || evaluationWords.has(word);
  return [left[0]!, left[0]!.replace(gluedFiller, '')].find(isKnown);
}

/**
 * The split that each of these names means where they stand side by side; names that mean none are left out. `eval`
 * means validation, or test where another name means validation.
 */
export function splitsNamed(names: Iterable<string>): Map<string, SplitName> {
  const found = [...names].flatMap((name): [string, string][] => {
    const word = wordOf(name);
    return word === undefined ? [] : [[name, word]];
  });
  const hasValidation = found.some(([, word]) => words[word] === 'validation');
  const evaluation = hasValidation ? 'test' : 'validation';
  return new Map(found.map(([name, word]) => [name, words[word] ?? evaluation]));
}

/** Whether a folder of this name only wraps what is inside: `train/train/…`, `test/images/…`. */
export const isWrapperName = (name: string): boolean => wordOf(name) !== undefined || isFiller.test(plainOf(name));
