/** The map of a dataset: a place in the plane for each image, with what an audit says of it; made once and kept. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { findingKinds, mapFindingOf } from '../../shared/mapFindings.js';
import { ImageListDamaged, type ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../shared/imageListBuilder.js';
import { isMissing } from '../core/files.js';
import { renamePatiently } from '../core/renamePatiently.js';
import type { Dataset } from '../data/dataset.js';
import { LabelColumns, readImageList, writeImageList } from '../data/datasetList.js';
import type { GoodLook } from '../data/lookAtAll.js';
import { targetsOf } from '../data/sample.js';
import { errors } from '../errors/errors.js';
import { mapFolder } from '../runs/cacheFolder.js';
import { auditImages, readableImages, type AuditEvidence, type AuditOptions } from './audit.js';
import type { FeatureModel } from './featureModel.js';
import { featureName } from './featureName.js';
import { mapSettings, umap } from './umap.js';

/** Fewer images have no shape that a map could show. */
export const fewestImages = 5;
/** Maps that are kept; those used longest ago are removed. */
const mostKept = 20;

export interface DatasetMap {
  /** Columns `x`, `y`, `label`, `split`, `finding` and, where the labels are audited, `prediction`, `probability`. */
  list: ImageList;
  /** Whether it was there already. */
  isKept: boolean;
}

/**
 * The map of all readable images of a dataset by the features of a model. The same images, labels, splits and model
 * have the same map, which is then only read.
 * @throws UserError for fewer than five readable images, or what the audit throws.
 */
export async function mapDataset(dataset: Dataset, o: AuditOptions): Promise<DatasetMap> {
  const readable = await readableImages(dataset, o);
  if (readable.length < fewestImages) throw errors.mapTooSmall(dataset.root, readable.length, fewestImages);
  const folder = mapFolder(o.cacheFolder);
  const file = join(folder, `${nameOf(dataset, readable, o.model)}.images`);
  const kept = await read(file);
  if (kept) return { list: kept, isKept: true };
  const { result, evidence } = await auditImages(dataset, readable, o);
  const { images, features, neighbours } = evidence;
  if (images.length < fewestImages) throw errors.mapTooSmall(dataset.root, images.length, fewestImages);
  const places = await umap(features, neighbours, {
    signal: o.signal,
    onProgress: (share) => o.onProgress('place', Math.round(100 * share), 100),
  });
  const list = listOf(dataset, evidence, mapFindingOf(result.findings), places);
  // An image was lost meanwhile: this is not the map of the name.
  if (images.length === readable.length) await keep(folder, file, list);
  return { list, isKept: false };
}

/** Everything that a map depends on, as a hash. */
function nameOf({ tasks }: Dataset, images: readonly GoodLook[], { cut, spec, source }: FeatureModel): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([mapSettings, featureName(cut, spec, source, 'cpu'), tasks]));
  for (const { split, sample, result } of images)
    hash.update(JSON.stringify([sample.path, result.hash, split, targetsOf(sample)]));
  return hash.digest('hex').slice(0, 32);
}

function listOf(
  { tasks }: Dataset,
  { images, predictions }: AuditEvidence,
  findingOf: ReturnType<typeof mapFindingOf>,
  places: Float32Array,
): ImageList {
  const builder = new ImageListBuilder();
  const task = tasks.length > 1 && predictions ? { task: predictions.task.name } : {};
  const labels = new LabelColumns(tasks);
  const split = new ChoiceBuilder({ id: 'split' }, ['train', 'validation', 'test']);
  const prediction = new ChoiceBuilder({ id: 'prediction', ...task }, predictions?.task.labels);
  const probability = new NumberBuilder({ id: 'probability', ...task }, 'percent');
  const finding = new ChoiceBuilder({ id: 'finding' }, findingKinds);
  const x = new NumberBuilder({ id: 'x' }, 'figure');
  const y = new NumberBuilder({ id: 'y' }, 'figure');
  images.forEach(({ sample, split: own }, image) => {
    const row = builder.add(sample.path);
    labels.set(row, targetsOf(sample));
    split.set(row, own);
    x.set(row, places[2 * image]!);
    y.set(row, places[2 * image + 1]!);
    const found = findingOf(sample.path);
    if (found) finding.set(row, found);
    if (!predictions) return;
    const { likeliest, share } = predicted(predictions, image);
    prediction.set(row, predictions.task.labels[likeliest]!);
    probability.set(row, share);
  });
  return builder.list([...labels.columns, ...(predictions ? [prediction, probability] : []), split, finding, x, y]);
}

function predicted({ task, probabilities }: NonNullable<AuditEvidence['predictions']>, image: number) {
  const classes = task.labels.length;
  const row = probabilities.subarray(image * classes, (image + 1) * classes);
  let likeliest = 0;
  for (let label = 1; label < classes; label++) if (row[label]! > row[likeliest]!) likeliest = label;
  return { likeliest, share: row[likeliest]! };
}

/** Undefined: it is not there, or damaged. */
async function read(file: string): Promise<ImageList | undefined> {
  try {
    const list = await readImageList(file);
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined);
    return list;
  } catch (error) {
    if (isMissing(error) || error instanceof ImageListDamaged) return undefined;
    throw error;
  }
}

/** A full disk makes the next map slower, not this one wrong. */
async function keep(folder: string, file: string, list: ImageList): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await writeImageList(temporary, list);
    await renamePatiently(temporary, file);
    await sweep(folder);
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function sweep(folder: string): Promise<void> {
  const files = (await readdir(folder)).map((name) => join(folder, name));
  const used = await Promise.all(files.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
  used.sort((one, other) => other.at - one.at);
  for (const { path } of used.slice(mostKept)) await rm(path, { force: true });
}
