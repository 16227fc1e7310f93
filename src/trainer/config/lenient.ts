/**
 * Reads a config that is being written: every fault by itself, and what the rest of it says as if the faulty keys were
 * not there.
 */
import { dirname, resolve } from 'node:path';
import { errors, UserError, type Place } from '../errors/errors.js';
import { parseConfigText, type ConfigText, type KeyPath } from './configText.js';
import { at, explain, type Fault } from './explain.js';
import { configJsonSchema } from './jsonSchema.js';
import { readConfig, resolvePaths, type LoadedConfig } from './load.js';
import { takesSteps } from './methods.js';
import { needlessKeys } from './needless.js';
import { buildSchema, type TrainConfig } from './schema.js';

/** A fault with what the config says there; a fault of the text as a whole has an empty path. */
export interface GivenFault extends Fault {
  given: unknown;
}

export interface Draft {
  faults: GivenFault[];
  /** Undefined where the text says nothing that could be read as a config. */
  loaded?: LoadedConfig;
  /** Whether it names a dataset; without one `loaded` has an empty name. */
  namesDataset: boolean;
}

/** More faults than these are not worth reading. */
const mostFaults = 50;

/** Without the key or value at a path; a list loses all, since places in it would move. */
function without(value: Record<string, unknown>, path: KeyPath): Record<string, unknown> {
  const list = path.findIndex((key) => typeof key === 'number');
  const [key, ...rest] = path.slice(0, list < 0 ? undefined : list) as string[];
  const { [key!]: child, ...others } = value;
  if (!rest.length || typeof child !== 'object' || child === null) return others;
  return { ...others, [key!]: without(child as Record<string, unknown>, rest) };
}

/**
 * Reads `text`, by default what is in the file.
 * @throws UserError where the file cannot be read.
 */
export async function loadDraft(path: string, text?: string): Promise<Draft> {
  const file = resolve(path);
  const bytes = text === undefined ? await readConfig(file) : new TextEncoder().encode(text);
  const faults: GivenFault[] = [];
  const ofText = (error: UserError): void => void faults.push({ path: [], error, given: undefined });
  let source: ConfigText;
  try {
    source = parseConfigText(file, bytes, ofText);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    ofText(error);
    return { faults, namesDataset: false };
  }
  const { config, namesDataset } = readable(source, faults);
  if (!config) return { faults, namesDataset };
  const placeOf = (key: string): Place => source.placeOfValue(key.split('.'));
  const needless = needlessKeys(config, source.value);
  for (const key of needless) {
    const keys = key.split('.');
    const error = errors.config.needless(source.placeOfKey(keys), [key], takesSteps(config.method) ? 'sgd' : 'ridge');
    faults.push({ path: keys, error, given: at(source.value, keys) });
  }
  try {
    const resolved = await resolvePaths(config, dirname(file), placeOf);
    return { faults, namesDataset, loaded: { path: file, config: resolved, overrides: [], text: source, placeOf } };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    faults.push({ path: ['revision'], error, given: config.revision });
    return { faults, namesDataset };
  }
}

/** What is left of a config when all that its schema refuses is left out. */
function readable(
  source: ConfigText,
  faults: GivenFault[],
): { config: TrainConfig | undefined; namesDataset: boolean } {
  const context = { text: source, overrides: [], schema: configJsonSchema() };
  let { value } = source;
  let namesDataset = true;
  for (let tries = 0; tries < mostFaults; tries++) {
    const parsed = buildSchema().safeParse(value);
    if (parsed.success) return { config: parsed.data, namesDataset };
    const fault = explain(parsed.error.issues, { ...context, value });
    const given = at(value, fault.path);
    const isRemoved = given === undefined && at(source.value, fault.path) !== undefined;
    if (!isRemoved) faults.push({ ...fault, given });
    if (given !== undefined) value = without(value, fault.path);
    else if (fault.path.length > 1) value = without(value, fault.path.slice(0, -1));
    else {
      namesDataset = false;
      value = { ...value, dataset: '.' };
    }
  }
  return { config: undefined, namesDataset };
}
