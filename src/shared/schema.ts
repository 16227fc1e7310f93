/** Describes what a JSON value must look like, and finds the first place where it does not. */

/**
 * Says where a value does not fit, and why; undefined where it fits. `place` names the value: `rows[2].method`.
 * `Value` is what a value that fits may be used as; keys that a schema does not name are allowed and left alone.
 */
export type Schema<Value> = ((value: unknown, place: string) => string | undefined) & { readonly fits?: Value };

export const expected = (place: string, what: string): string => `${place || 'it'}: expected ${what}`;
const basic =
  <Value>(what: string, fits: (value: unknown) => boolean): Schema<Value> =>
  (value, place) =>
    fits(value) ? undefined : expected(place, what);

export const text = basic<string>('text', (value) => typeof value === 'string');
export const flag = basic<boolean>('true or false', (value) => typeof value === 'boolean');
export const number = basic<number>('a number', (value) => Number.isFinite(value));
export const count = basic<number>(
  'a whole number from 0',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
/** The name of a file or folder in another, which cannot lead out of it. */
export const plainName = basic<string>(
  'a name without slashes',
  (value) => typeof value === 'string' && /^[^\\/:\0]+$/.test(value) && !/^\.+$/.test(value),
);
/** JSON has no word for a number that is not finite: it writes null. */
export const numberOrNotFinite = basic<number>('a number or null', (value) => value === null || Number.isFinite(value));

/** One of the keys of `names`, a record so that the compiler sees whether one is missing. */
export const oneOf = <Name extends string>(names: Readonly<Record<Name, true>>): Schema<Name> =>
  basic(`one of ${Object.keys(names).join(', ')}`, (value) => typeof value === 'string' && Object.hasOwn(names, value));

export const exactly = <Value extends string | number | true>(only: Value): Schema<Value> =>
  basic(JSON.stringify(only), (value) => value === only);

export const listOf =
  <Value>(item: Schema<Value>): Schema<Value[]> =>
  (value, place) => {
    if (!Array.isArray(value)) return expected(place, 'a list');
    for (let i = 0; i < value.length; i++) {
      const defect = item(value[i], `${place}[${i}]`);
      if (defect) return defect;
    }
    return undefined;
  };

/** A key that may be left out. */
export const optional =
  <Value>(schema: Schema<Value>): Schema<Value | undefined> =>
  (value, place) =>
    value === undefined ? undefined : schema(value, place);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with a schema for each key of its type: the compiler reports one that is forgotten. */
export const objectOf =
  <Value extends object>(fields: { readonly [Key in keyof Value]-?: Schema<Value[Key]> }): Schema<Value> =>
  (value, place) => {
    if (!isObject(value)) return expected(place, 'an object');
    for (const [key, schema] of Object.entries<Schema<unknown>>(fields)) {
      // What an object inherits (`constructor`) is none of its keys.
      const defect = schema(Object.hasOwn(value, key) ? value[key] : undefined, place ? `${place}.${key}` : key);
      if (defect) return defect;
    }
    return undefined;
  };

/** A value that fits its schema, or what is wrong with it. */
export type Read<Value> = { value: Value; defect?: undefined } | { value?: undefined; defect: string };

/** Holds a value against a schema. */
export function read<Value>(schema: Schema<Value>, value: unknown): Read<Value> {
  const defect = schema(value, '');
  return defect === undefined ? { value: value as Value } : { defect };
}

/** Holds the JSON of a text against a schema. */
export function readJson<Value>(schema: Schema<Value>, json: string): Read<Value> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    return { defect: error instanceof Error ? error.message : String(error) };
  }
  return read(schema, value);
}
