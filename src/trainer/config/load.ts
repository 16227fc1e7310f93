/** Reads a `*.vitune.json`: text, overrides, validation, absolute paths; every fault is a UserError at its place. */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { readInput } from '../core/files.js';
import { errors, reasonOf, type Place } from '../errors/errors.js';
import { parseConfigText, type ConfigText } from './configText.js';
import { explain } from './explain.js';
import { configJsonSchema } from './jsonSchema.js';
import { takesSteps } from './methods.js';
import { needlessKeys } from './needless.js';
import { applyOverrides, overrideOf, parseOverride } from './overrides.js';
import { buildSchema, type TrainConfig } from './schema.js';
import { absoluteTests } from './testsSchema.js';

export interface LoadedConfig {
  /** Absolute path of the file. */
  path: string;
  /** Defaults applied, paths absolute. */
  config: TrainConfig;
  /** What was given to change the file's values, `KEY=VALUE` each. */
  overrides: string[];
  text: ConfigText;
  /**
   * Where the value of a key (`method.rank`) lies, for errors that a later stage finds; empty if it came from `--set`.
   */
  placeOf(key: string): Place;
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function absoluteDataset(
  dataset: TrainConfig['dataset'],
  absolute: <Path extends string | undefined>(path: Path) => Path,
): TrainConfig['dataset'] {
  if (typeof dataset === 'string') return dataset.startsWith('hub:') ? dataset : absolute(dataset);
  if ('folder' in dataset) return { ...dataset, folder: absolute(dataset.folder) };
  return { train: absolute(dataset.train), validation: absolute(dataset.validation), test: absolute(dataset.test) };
}

/** A model on the hub as `owner/name` (perhaps with `:file.onnx`) and `revision`, whichever way they were given. */
function withRevision(config: TrainConfig, placeOf: LoadedConfig['placeOf']): TrainConfig {
  const { model, revision } = config;
  const [, id, given, file = ''] = /^([^@:]*)@([^:]*)(:.*)?$/.exec(model) ?? [];
  if (id === undefined) return config;
  if (revision !== undefined) throw errors.hub.revisionTwice(model, placeOf('revision'));
  return { ...config, model: id + file, revision: given };
}

/**
 * Makes paths absolute; a model is one when it looks like it, is a folder or ends like an ONNX file
 * (`owner/name:file.onnx` is one of the hub), else a name. A dataset on the hub stays unchanged.
 */
export async function resolvePaths(
  config: TrainConfig,
  folder: string,
  placeOf: LoadedConfig['placeOf'],
): Promise<TrainConfig> {
  const { dataset, model, output, tests } = config;
  const modelPath = resolve(folder, model);
  const isFileOfHub = /^[^:/\\]+\/[^:/\\@]+(@[^:]+)?:/.test(model);
  const looksLikePath = /^\.{0,2}[\\/]|\\/.test(model) || (/\.onnx$/i.test(model) && !isFileOfHub) || isAbsolute(model);
  const isPath = model !== 'embedded' && (looksLikePath || (await isFolder(modelPath)));
  const absolute = <Value extends string | undefined>(path: Value) =>
    (path === undefined ? path : resolve(folder, path)) as Value;
  return {
    ...(isPath ? { ...config, model: modelPath } : withRevision(config, placeOf)),
    dataset: absoluteDataset(dataset, absolute),
    output: absolute(output),
    ...(tests && { tests: absoluteTests(tests, absolute) }),
  };
}

/** The bytes of a config. Throws a `UserError` where they cannot be read. */
export async function readConfig(file: string): Promise<Uint8Array> {
  return readInput(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? errors.config.missing(file) : errors.fileUnreadable(file, reasonOf(error));
  });
}

/**
 * Loads a config with `--set` overrides (`KEY=VALUE`) applied.
 * @throws UserError for every fault of the file or the overrides.
 */
export async function loadConfig(path: string, overrideTexts: string[] = []): Promise<LoadedConfig> {
  const file = resolve(path);
  const bytes = await readConfig(file);
  const text = parseConfigText(file, bytes);
  const overrides = overrideTexts.map(parseOverride);
  const value = applyOverrides(text.value, overrides);
  const parsed = buildSchema().safeParse(value);
  if (!parsed.success) throw explain(parsed.error.issues, { value, text, overrides, schema: configJsonSchema() }).error;
  const placeOf = (key: string): Place => {
    const keys = key.split('.');
    return overrideOf(overrides, keys) ? {} : text.placeOfValue(keys);
  };
  const needless = needlessKeys(parsed.data, value as object);
  if (needless.length)
    throw errors.config.needless(placeOf(needless[0]!), needless, takesSteps(parsed.data.method) ? 'sgd' : 'ridge');
  return {
    path: file,
    config: await resolvePaths(parsed.data, dirname(file), placeOf),
    overrides: overrideTexts,
    text,
    placeOf,
  };
}
