/** The audit of a dataset: what is wrong with its labels, images and splits, by the features of a network. */
import { spansOf } from '../core/tasks.js';
import type { Dataset } from '../data/dataset.js';
import { type GoodLook, lookAtAll } from '../data/lookAtAll.js';
import { targetsOf } from '../data/sample.js';
import { errors, UserError } from '../errors/errors.js';
import type { AuditProgress, CurveReport, ErrorInfo, Finding, Task } from '../protocol.js';
import { checkedFolder } from '../runs/cacheFolder.js';
import { labelFindings } from './labelFindings.js';
import type { FeatureModel } from './featureModel.js';
import { featuresOf, type Features } from './features.js';
import { imageFaults, outliers } from './imageFaults.js';
import { kindredImages, kindredFindings } from './kindred.js';
import { nearestNeighbours, type Neighbours } from './nearest.js';

export interface AuditOptions {
  model: FeatureModel;
  cacheFolder: string;
  signal: AbortSignal;
  onProgress: (phase: AuditProgress['phase'], done: number, total: number) => void;
  /** What is left out, and why. */
  onNotice: (notice: ErrorInfo) => void;
}

/** What an audit works on, and what it learns about each image: `labels` are -1 where an image has none. */
export interface AuditEvidence {
  images: GoodLook[];
  features: Features;
  neighbours: Neighbours;
  /** Of the task whose labels are audited, by heads that were not trained on the image: [images, classes]. */
  predictions?: { task: Task; labels: Int32Array; probabilities: Float32Array };
}

export interface AuditResult {
  images: number;
  findings: Finding[];
  curve: CurveReport | undefined;
  accuracy: number | null;
  honestAccuracy: number | null;
}

/** Neighbours of each image that are kept: for votes of those in other folds, and for near-duplicates. */
export const neighboursKept = 64;

/**
 * Audits all images of a dataset, whatever their split. Images that cannot be read, and tasks that are not audited,
 * are notices.
 * @throws UserError when no image can be read, or the model cannot be used.
 */
export async function auditDataset(dataset: Dataset, o: AuditOptions): Promise<AuditResult> {
  return (await auditImages(dataset, await readableImages(dataset, o), o)).result;
}

/**
 * The images that can be read, with what was seen of them; the others are notices.
 * @throws UserError when there is none.
 */
export async function readableImages(
  dataset: Dataset,
  { cacheFolder, signal, onProgress, onNotice }: Omit<AuditOptions, 'model'>,
): Promise<GoodLook[]> {
  dataset.problems.forEach(onNotice);
  const looks = await lookAtAll(dataset, {
    memory: checkedFolder(cacheFolder),
    signal,
    onProgress: (done, total) => onProgress('look', done, total),
  });
  for (const { result } of looks) if (result instanceof UserError) onNotice(result.toInfo());
  const readable = looks.filter((look): look is GoodLook => !(look.result instanceof UserError));
  if (!readable.length) throw errors.noReadableImages(dataset.root);
  return readable;
}

/** Audits these images of a dataset; tasks that are not audited are notices. */
export async function auditImages(
  dataset: Dataset,
  readable: readonly GoodLook[],
  { model, cacheFolder, signal, onProgress, onNotice }: AuditOptions,
): Promise<{ result: AuditResult; evidence: AuditEvidence }> {
  const computed = await featuresOf(
    model,
    dataset.root,
    readable.map(({ sample }) => sample.path),
    { cacheFolder, signal, onProgress: (done, total) => onProgress('features', done, total), onNotice },
  );
  const { rows, ...features } = computed;
  // An image that was lost since it was looked at has been noticed.
  const images = rows.map((row) => readable[row]!);
  const checks = images.map(({ result }) => result);
  const neighbours = await nearestNeighbours(features, neighboursKept, signal, (share) =>
    onProgress('compare', Math.round(100 * share), 100),
  );
  const kindred = await kindredImages(images, neighbours, signal);
  const pathOf = (image: number): string => images[image]!.sample.path;
  const faults = [...imageFaults(checks), ...outliers(neighbours, images.length)];
  const findings: Finding[] = [
    ...kindredFindings(images, kindred),
    ...faults.map(({ image, kind, score }): Finding => ({ type: 'finding', kind, path: pathOf(image), score })),
  ];
  const evidence: AuditEvidence = { images, features, neighbours };
  const result = { images: images.length, findings, curve: undefined, accuracy: null, honestAccuracy: null };
  const span = auditedTask(dataset.tasks, dataset.root, onNotice);
  if (!span) return { result, evidence };
  const { start, end, task } = span;
  const labels = Int32Array.from(images, ({ sample }) => {
    const own = targetsOf(sample).find((target) => target >= start && target < end);
    return own === undefined ? -1 : own - start;
  });
  const { probabilities, ...ofLabels } = await labelFindings({
    features,
    labels,
    task,
    checks,
    neighbours,
    groups: kindred.groups,
    pathOf,
  });
  return {
    result: { ...result, ...ofLabels, findings: [...ofLabels.findings, ...findings] },
    evidence: { ...evidence, predictions: { task, labels, probabilities } },
  };
}

/** The first task with one label an image; what else there is to learn is said not to be audited. */
function auditedTask(tasks: readonly Task[], root: string, onNotice: AuditOptions['onNotice']) {
  const spans = spansOf(tasks);
  const chosen = spans.find(({ task }) => !task.multiLabel);
  const others = spans.filter((span) => span !== chosen).map(({ task }) => task.name);
  if (others.length) onNotice(errors.tasksNotAudited(root, others, chosen?.task.name).toInfo());
  return chosen;
}
