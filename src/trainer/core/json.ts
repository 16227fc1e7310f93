/** JSON that distinguishes 1.0 from 1, as Python does: readers of typed configs reject one for the other. */

/** Keys of an object, or places of a list, whose number was written with a point though it is whole. */
const floats = Symbol('floats');
type Marked = Record<string | symbol, unknown> & { [floats]?: ReadonlySet<string> };

/** Strings, to be passed over, and numbers. */
const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Before a number, in a string that stands for it on the way through `JSON`. */
const mark = '\u0001float:';
const marked = /"\\u0001float:([^"]*)"/g;

/**
 * `JSON.parse`, which also remembers in each object which integers were written as floats; a spread copy keeps them.
 */
export function parseJson(text: string): unknown {
  // The error of the text itself, not of the marked one.
  JSON.parse(text);
  const withMarks = text.replaceAll(tokens, (token) =>
    /^-?\d+[.eE]/.test(token) && Number.isSafeInteger(Number(token)) ? JSON.stringify(mark + token) : token,
  );
  return JSON.parse(withMarks, function (this: Marked, key, value: unknown) {
    if (typeof value !== 'string' || !value.startsWith(mark)) return value;
    this[floats] = new Set([...(this[floats] ?? []), key]);
    return Number(value.slice(mark.length));
  });
}

/** JSON with an indent of two, in which the same numbers are floats, and those of any key in `floatKeys`. */
export function jsonText(value: unknown, floatKeys: ReadonlySet<string> = new Set()): string {
  const text = JSON.stringify(
    value,
    function (this: Marked, key, each: unknown) {
      const isFloat = this[floats]?.has(key) === true || floatKeys.has(key);
      return isFloat && Number.isSafeInteger(each) ? `${mark}${String(each)}` : each;
    },
    2,
  );
  return `${text.replaceAll(marked, '$1.0')}\n`;
}
