/** The tests that the key `tests` of a file asks for: their names, and where each stands in it. */

/** The end of the name of a test file. */
export const testFileEnding = '.vitune-test.json';

export interface NamedTest {
  /** E.g. `accuracy`, `classAccuracy.cat`, `export.sameAnswers`. */
  name: string;
  /** Keys from that of the tests on. */
  path: string[];
}

const single = ['accuracy', 'right', 'unknown', 'maxMegabytes', 'maxMilliseconds'];
const ofExport = ['sameAnswers', 'maxDifference', 'maxMegabytes', 'maxMilliseconds'];

/** The keys of an object; none of another value, as in a file that is being typed. */
const keysOf = (value: unknown): string[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];

/** In the order of the file. `tests` is its JSON, which need not be valid. */
export function testsIn(tests: unknown): NamedTest[] {
  const at = (key: string): unknown => (tests as Record<string, unknown>)[key];
  return keysOf(tests).flatMap((key): NamedTest[] => {
    if (single.includes(key)) return [{ name: key, path: [key] }];
    if (key === 'classAccuracy')
      return keysOf(at(key)).map((label) => ({ name: `${key}.${label}`, path: [key, label] }));
    if (key !== 'export') return [];
    const exported = at(key) as Record<string, unknown>;
    return keysOf(exported)
      .filter((each) => ofExport.includes(each) && exported[each] !== false)
      .map((each) => ({ name: `${key}.${each}`, path: [key, each] }));
  });
}
