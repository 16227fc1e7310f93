/** Reads a `*.vitune.json`: text, overrides, validation, absolute paths; every fault is a UserError at its place. */
import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import type * as z from 'zod';
import { readInput } from '../core/files.js';
import { errors, reasonOf, type Place } from '../errors/errors.js';
import { nearestName } from '../core/nearestName.js';
import { allowed, keysOf, schemasAt, typeFits } from './allowed.js';
import { parseConfigText, type ConfigText, type KeyPath } from './configText.js';
import { configJsonSchema } from './jsonSchema.js';
import { takesSteps } from './methods.js';
import { needlessKeys } from './needless.js';
import { applyOverrides, overrideOf, overrideWithin, parseOverride, type Override } from './overrides.js';
import { buildSchema, type TrainConfig } from './schema.js';

export interface LoadedConfig {
  /** Absolute path of the file. */
  path: string;
  /** Defaults applied, paths absolute. */
  config: TrainConfig;
  /** What was given to change the file's values, `KEY=VALUE` each. */
  overrides: string[];
  /**
   * Where the value of a key (`method.rank`) lies, for errors that a later stage finds; empty if it came from `--set`.
   */
  placeOf(key: string): Place;
}

type Issue = z.core.$ZodIssue;

/** How many keys or values are wrong. */
const faultsIn = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0);

/**
 * The issue inside a union's branches that says most: of the branch that took the value and failed deeper with the
 * fewest faults, else the union's own.
 */
function narrow(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const refused = ({ code, path }: Issue) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
  const [branch] = issue.errors.filter((issues) => !issues.some(refused)).sort((a, b) => faultsIn(a) - faultsIn(b));
  if (!branch?.[0]) return issue;
  // A missing key is often the misspelt one.
  const inner = narrow(branch.find(({ code }) => code === 'unrecognized_keys') ?? branch[0]);
  return { ...inner, path: [...issue.path, ...inner.path] };
}

function at(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown> | undefined)?.[key], value);
}

/** A value as shown in a message. */
function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/** The UserError of the first fault that zod found in `value`; unknown keys first, since they explain missing ones. */
function explain(issues: Issue[], value: unknown, text: ConfigText, overrides: Override[]): Error {
  const narrowed = issues.map(narrow);
  const issue = narrowed.find(({ code }) => code === 'unrecognized_keys') ?? narrowed[0]!;
  const path = issue.path as KeyPath;
  const key = path.join('.');
  const schemas = schemasAt(configJsonSchema(), path, value);
  if (issue.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0]!];
    const known = keysOf(schemas);
    const option = overrideWithin(overrides, unknown)?.text;
    return errors.config.keyUnknown(
      option ? {} : text.placeOfKey(unknown),
      unknown.join('.'),
      nearestName(issue.keys[0]!, known),
      known,
      option,
    );
  }
  const option = overrideWithin(overrides, path)?.text;
  const place = option ? {} : text.placeOfValue(path);
  const given = at(value, path);
  if (given === undefined) return errors.config.keyMissing(place, key, allowed(schemas), option);
  if (issue.code === 'custom') return errors.config.pairNotOrdered(place, key, shown(given), option);
  const words = { key, value: shown(given), allowed: allowed(schemas) };
  return typeFits(schemas, given)
    ? errors.config.value(place, words, option)
    : errors.config.type(place, words, option);
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
async function resolvePaths(
  config: TrainConfig,
  folder: string,
  placeOf: LoadedConfig['placeOf'],
): Promise<TrainConfig> {
  const { dataset, model, output } = config;
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
  };
}

/**
 * Loads a config with `--set` overrides (`KEY=VALUE`) applied.
 * @throws UserError for every fault of the file or the overrides.
 */
export async function loadConfig(path: string, overrideTexts: string[] = []): Promise<LoadedConfig> {
  const file = resolve(path);
  const bytes = await readInput(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? errors.config.missing(file) : errors.fileUnreadable(file, reasonOf(error));
  });
  const text = parseConfigText(file, bytes);
  const overrides = overrideTexts.map(parseOverride);
  const value = applyOverrides(text.value, overrides);
  const parsed = buildSchema().safeParse(value);
  if (!parsed.success) throw explain(parsed.error.issues, value, text, overrides);
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
    placeOf,
  };
}
