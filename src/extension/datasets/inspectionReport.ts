/** The report on an inspected dataset: its classes and splits, and what is wrong with it, by kind. */
import { basename, relative } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo, Inspection } from '../../trainer/protocol.js';
import type { Report, ReportProblems } from '../../webview/protocol.js';
import { classesText, count, imagesText } from '../runs/count.js';
import { imagesIn } from './datasetStore.js';
import { isImage } from './images.js';

const { t } = vscode.l10n;

export interface InspectionData {
  folder: string;
  inspection: Inspection;
}

export function inspectionReport({ folder, inspection }: InspectionData): Report {
  const { labels, counts, problems } = inspection;
  const origin =
    inspection.splits === 'folders'
      ? t('The splits are the folders that are there.')
      : t('The splits are drawn from the seed, with the same share of each class.');
  const task = inspection.tasks && inspection.tasks.length > 1 ? inspection.tasks[0]!.name : null;
  const place = vscode.workspace.asRelativePath(folder);
  return {
    title: t('Dataset {0}', basename(folder)),
    heading: basename(folder),
    lead: [
      ...(place === basename(folder) ? [] : [place]),
      [imagesText(imagesIn(inspection)), classesText(labels.length), origin].join(' · '),
    ],
    links: [{ label: t('Train on this dataset'), action: { type: 'trainDataset', dataset: folder } }],
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: t('Class'), kind: 'name' },
          { title: t('Share of the images'), kind: 'bar', isHidden: true },
          { title: t('Training'), kind: 'count' },
          { title: t('Validation'), kind: 'count' },
          { title: t('Test'), kind: 'count' },
        ],
        rows: counts.map(({ label, train, validation, test }) => ({
          cells: [label, train + validation + test, train, validation, test],
          action: { type: 'showClass', dataset: folder, label, task },
        })),
      },
      {
        kind: 'problems',
        heading: problems.length === 0 ? t('No problems found') : t('Problems ({0})', count(problems.length)),
        groups: groupsOf(problems, folder),
      },
    ],
  };
}

/** Problems with the same code together, in the order in which the first of each came. */
function groupsOf(problems: readonly ErrorInfo[], root: string): ReportProblems[] {
  const byCode = new Map<string, ErrorInfo[]>();
  for (const problem of problems) byCode.set(problem.code, [...(byCode.get(problem.code) ?? []), problem]);
  return [...byCode.values()].map((group) => {
    const [{ code, message, remedy, file }] = group as [ErrorInfo, ...ErrorInfo[]];
    const fileOf = (path: string, note?: string) => ({ path, name: nameIn(root, path), note });
    const heading =
      group.length === 1 ? message : (headingOf(code, group.length) ?? `${message} (${count(group.length)})`);
    const isOfImages = group.some((each) => each.file !== undefined && isImage(each.file));
    const action: ReportProblems['action'] = isOfImages ? { type: 'showProblems', code, heading } : undefined;
    if (group.length === 1) return { message, remedy, files: file === undefined ? [] : [fileOf(file)], action };
    return {
      message: heading,
      remedy,
      action,
      files: group.map((each) => fileOf(each.file ?? root, each.message)),
    };
  });
}

/** A path inside the dataset relative to it. */
function nameIn(root: string, path: string): string {
  const way = relative(root, path);
  return way === '' || way.startsWith('..') ? vscode.workspace.asRelativePath(path) : way;
}

/** What several problems of one kind have in common. */
function headingOf(code: string, problems: number): string | undefined {
  const number = count(problems);
  const headings: Record<string, () => string> = {
    DUPLICATE_ACROSS_CLASSES: () => t('{0} images are in two classes at once.', number),
    DUPLICATE_ACROSS_SPLITS: () =>
      t('{0} images are in two splits at once: the accuracy will look better than it is.', number),
    IMAGE_ENDING_WRONG: () =>
      t('{0} images have another format than their name says. They are read all the same.', number),
    IMAGE_FORMAT_UNSUPPORTED: () => t('{0} images have a format that is not supported.', number),
    IMAGE_TINY: () => t('{0} images have very few pixels.', number),
    IMAGE_UNREADABLE: () => t('{0} images cannot be read.', number),
  };
  return headings[code]?.();
}
