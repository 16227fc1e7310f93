/** Words as an English message with its arguments: each reader puts them into their own language. */
import { expected, isObject, type Schema } from './schema.js';

export interface Said {
  /** As the source has it, with `{0}`, `{1}` for the arguments: the key of its translation. */
  text: string;
  args: SaidArgument[];
}

export type SaidArgument = string | number | boolean | Said;

/** The words of an error or a notice. */
export interface SaidWords {
  message: Said;
  remedy: Said;
}

const isArgument = (value: unknown): boolean => ['string', 'number', 'boolean'].includes(typeof value) || isSaid(value);

const isSaid = (value: unknown): value is Said =>
  isObject(value) && typeof value.text === 'string' && Array.isArray(value.args) && value.args.every(isArgument);

export const saidWordsSchema: Schema<SaidWords> = (value, place) =>
  isObject(value) && isSaid(value.message) && isSaid(value.remedy)
    ? undefined
    : expected(place, 'a message and a remedy, each with its arguments');

/** The words in the language of `translate`. */
export function wordsOf(
  { text, args }: Said,
  translate: (message: string, ...args: (string | number | boolean)[]) => string,
): string {
  return translate(text, ...args.map((each) => (typeof each === 'object' ? wordsOf(each, translate) : each)));
}
