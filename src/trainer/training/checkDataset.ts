/** The dataset of a config that is being written: what is in it by the names of its files, or what mends its name. */
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { nearestName } from '../../shared/nearestName.js';
import type { KeyPath } from '../config/configText.js';
import { at } from '../config/explain.js';
import { nearest, setTo } from '../config/fixes.js';
import type { LoadedConfig } from '../config/load.js';
import { drawOf } from '../config/schema.js';
import { rootOf, type Dataset, type DatasetSpec } from '../data/dataset.js';
import { defaultLabelFile } from '../data/labelFile.js';
import { readLabelTable } from '../data/labelTable.js';
import { scanDataset } from '../data/scan.js';
import { UserError } from '../errors/errors.js';
import { findDataset } from '../hub/download.js';
import { hubCache } from '../hub/hubSettings.js';
import { parseHubName } from '../hub/repository.js';
import { hubPrefix } from '../models/hubSources.js';
import type { ConfigFix, ConfigProblem } from '../protocol.js';

/** Where a config may name a folder of images. */
const folderKeys: readonly KeyPath[] = [
  ['dataset'],
  ['dataset', 'folder'],
  ['dataset', 'train'],
  ['dataset', 'validation'],
  ['dataset', 'test'],
];
const columnKeys = ['columns', 'multiLabel', 'image', 'split'];

export interface FoundDataset {
  dataset?: Dataset;
  columns?: string[];
  problem?: ConfigProblem;
}

/** Nothing of a dataset on the hub that is not on this machine. Groups of a split are not kept together. */
export async function findDatasetOf({ config, text }: LoadedConfig, signal: AbortSignal): Promise<FoundDataset> {
  const spec = await specOf(config.dataset);
  if (spec === undefined) return {};
  try {
    const dataset = await scanDataset(spec, { ...drawOf(config), signal });
    return { dataset, ...(dataset.columns && { columns: dataset.columns.map(({ name }) => name) }) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const columns = await columnsOf(spec);
    const { path, fixes } = await mending(error, text.value, spec, columns ?? []);
    const problem = { ...error.at(text.placeOfValue(path)).toInfo(), fixes, isWarning: false };
    return { problem, ...(columns && { columns }) };
  }
}

async function specOf(dataset: DatasetSpec): Promise<DatasetSpec | undefined> {
  if (typeof dataset !== 'string' || !dataset.startsWith(hubPrefix)) return dataset;
  const repository = parseHubName(dataset.slice(hubPrefix.length));
  return repository && (await findDataset(repository, hubCache()))?.folder;
}

/** Of a label file that can be read. */
async function columnsOf(spec: DatasetSpec): Promise<string[] | undefined> {
  const named = typeof spec === 'object' && 'folder' in spec ? spec.labels : undefined;
  const file = typeof spec === 'string' && /\.csv$/i.test(spec) ? spec : join(rootOf(spec), named ?? defaultLabelFile);
  return readLabelTable(resolve(file)).then(
    ({ columns }) => columns,
    () => undefined,
  );
}

/** The key that an error of the scan is about, and what mends it; `value` is that of the config as written. */
async function mending(
  { code, place, said }: UserError,
  value: unknown,
  spec: DatasetSpec,
  columns: readonly string[],
): Promise<{ path: KeyPath; fixes: ConfigFix[] }> {
  if (code === 'LABELS_COLUMN_MISSING') {
    const [name] = said.message.args;
    const path = columnKeys
      .flatMap((key): KeyPath[] => {
        const given = at(value, ['dataset', key]);
        return Array.isArray(given) ? given.map((_, i) => ['dataset', key, i]) : [['dataset', key]];
      })
      .find((each) => at(value, each) === name);
    if (path) return { path, fixes: nearest(path, name, columns) };
  }
  if (code === 'LABELS_NO_LABEL_COLUMN' && typeof spec === 'object')
    return { path: ['dataset'], fixes: columns.map((name) => setColumns(name)) };
  if (/^DATASET_(MISSING|NOT_FOLDER)$/.test(code) && place.file !== undefined) {
    const missing = place.file;
    const path = folderKeys.find((each) => {
      const given = at(value, each);
      return typeof given === 'string' && basename(given) === basename(missing);
    });
    if (path) return { path, fixes: await nearestFolder(path, at(value, path) as string, missing) };
  }
  return { path: ['dataset'], fixes: [] };
}

const setColumns = (name: string): ConfigFix => {
  const { title } = setTo(['dataset', 'columns'], name);
  return { title, edits: [{ path: ['dataset', 'columns'], value: [name] }] };
};

/** The folder beside a missing one whose name is nearest; `given` ends as `missing`, an absolute path, does. */
export async function nearestFolder(path: KeyPath, given: string, missing: string): Promise<ConfigFix[]> {
  const entries = await readdir(dirname(missing), { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((each) => each.isDirectory() && !each.name.startsWith('.')).map(({ name }) => name);
  const name = nearestName(basename(missing), folders);
  return name === undefined ? [] : [setTo(path, given.slice(0, given.length - basename(missing).length) + name)];
}
