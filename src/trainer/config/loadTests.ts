/** Reads the tests of a `*.vitune-test.json` or of a config; every fault is a UserError at its place. */
import { dirname, resolve } from 'node:path';
import { testFileEnding, testsIn, type NamedTest } from '../../shared/testNames.js';
import { isThere, readInput } from '../core/files.js';
import { errors, reasonOf, type Place } from '../errors/errors.js';
import { parseConfigText, type ConfigText, type KeyPath } from './configText.js';
import { explain } from './explain.js';
import { testFileJsonSchema } from './jsonSchema.js';
import { loadConfig, type LoadedConfig } from './load.js';
import { absoluteTests, testFileSchema, type Tests } from './testsSchema.js';

export interface LoadedTests {
  /** Absolute path of the file. */
  file: string;
  /** Of a test file: the absolute path of its checkpoint. */
  checkpoint?: string;
  /** Of a config, whose newest run is tested. */
  config?: LoadedConfig;
  /** Absolute, or `hub:…`; undefined: that of the run. */
  dataset: string | undefined;
  /** With absolute paths. */
  tests: Tests;
  /** Their names, in the order of the file. */
  names: NamedTest[];
  /** Where a key lies, e.g. `tests`, `right` and the absolute path of an image. */
  placeOf(...path: string[]): Place;
}

const isHub = (dataset: string): boolean => dataset.startsWith('hub:');

/** @throws UserError for every fault of the file, and where something that it names is not there. */
export async function loadTests(path: string): Promise<LoadedTests> {
  const file = resolve(path);
  const loaded = file.endsWith(testFileEnding) ? await loadTestFile(file) : await loadOfConfig(file);
  const { tests, names, placeOf } = loaded;
  if (!names.length) throw errors.tests.none(placeOf('tests'));
  const named: [path: string | undefined, place: Place][] = [
    [loaded.checkpoint, placeOf('checkpoint')],
    [loaded.dataset !== undefined && isHub(loaded.dataset) ? undefined : loaded.dataset, placeOf('dataset')],
    ...Object.keys(tests.right ?? {}).map((image): [string, Place] => [image, placeOf('tests', 'right', image)]),
    ...(tests.unknown ?? []).map((image): [string, Place] => [image, placeOf('tests', 'unknown', image)]),
    [tests.export?.folder, placeOf('tests', 'export', 'folder')],
  ];
  for (const [each, place] of named)
    if (each !== undefined && !(await isThere(each))) throw errors.tests.pathMissing(place, each);
  return loaded;
}

async function loadTestFile(file: string): Promise<LoadedTests> {
  const bytes = await readInput(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? errors.tests.fileMissing(file) : errors.fileUnreadable(file, reasonOf(error));
  });
  const text = parseConfigText(file, bytes);
  const parsed = testFileSchema().safeParse(text.value);
  if (!parsed.success)
    throw explain(parsed.error.issues, { value: text.value, text, overrides: [], schema: testFileJsonSchema() }).error;
  const { checkpoint, dataset, tests } = parsed.data;
  const absolute = (each: string): string => resolve(dirname(file), each);
  return {
    checkpoint: absolute(checkpoint),
    dataset: dataset === undefined || isHub(dataset) ? dataset : absolute(dataset),
    ...located(file, text, absoluteTests(tests, absolute)),
  };
}

async function loadOfConfig(file: string): Promise<LoadedTests> {
  if (!(await isThere(file))) throw errors.tests.fileMissing(file);
  const config = await loadConfig(file);
  const { tests } = config.config;
  if (!tests) throw errors.tests.none({ file });
  return { config, dataset: undefined, ...located(file, config.text, tests) };
}

/** `tests` with absolute paths, which the text has as they were written. */
function located(
  file: string,
  text: ConfigText,
  tests: Tests,
): Pick<LoadedTests, 'file' | 'tests' | 'names' | 'placeOf'> {
  const written = text.value.tests as Partial<Record<string, object>>;
  const isWritten = (path: string) => (each: unknown) => resolve(dirname(file), String(each)) === path;
  const placeOf = (...path: string[]): Place => {
    const [, list, image] = path;
    if (list === 'unknown' && image !== undefined)
      return text.placeOfValue(['tests', list, (written.unknown as unknown[]).findIndex(isWritten(image))]);
    const keys: KeyPath =
      list === 'right' && image !== undefined
        ? ['tests', list, Object.keys(written.right!).find(isWritten(image))!]
        : path;
    return keys.length > 2 ? text.placeOfKey(keys) : text.placeOfValue(keys);
  };
  return { file, tests, names: testsIn(written), placeOf };
}
