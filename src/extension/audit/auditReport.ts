/** The page of an audit: what was found, by kind, each with its images, and how well the classes can be learnt. */
import { basename, relative } from 'node:path';
import * as vscode from 'vscode';
import type { Audit, CurveReport, Finding, FindingKind } from '../../trainer/protocol.js';
import type { Report, ReportBlock, ReportProblems } from '../../webview/protocol.js';
import { formats } from '../formats.js';
import { count, imagesText } from '../runs/count.js';
import { findingText, isOfImages, marksOf, type ImageFinding } from './findingText.js';

const { t } = vscode.l10n;

export interface AuditData {
  folder: string;
  audit: Audit;
  findings: Finding[];
  curve: CurveReport | undefined;
}

/** In the order in which they matter. */
const order: readonly FindingKind[] = [
  'label-error',
  'leakage',
  'shortcut',
  'duplicate',
  'near-duplicate',
  'burst',
  'constant',
  'blurred',
  'tiny',
  'stretched',
  'outlier',
  'imbalance',
  'tiny-class',
  'inseparable',
];

export function auditReport({ folder, audit, findings, curve }: AuditData): Report {
  const { images, accuracy, honestAccuracy } = audit;
  const name = basename(folder);
  const percent = (share: number): string => formats().percent(share);
  const accuracies =
    accuracy === null || honestAccuracy === null
      ? []
      : [
          t(
            'A linear head that has not seen the image is right in {0}; with copies and bursts kept on one side in {1}, which is what new images will see.',
            percent(accuracy),
            percent(honestAccuracy),
          ),
        ];
  const groups = order.flatMap((kind) =>
    groupsOf(
      kind,
      findings.filter((each) => each.kind === kind),
      folder,
    ),
  );
  return {
    title: t('Audit of {0}', name),
    heading: t('Audit of {0}', name),
    lead: [imagesText(images), ...accuracies],
    links: [
      { label: t('Show Images'), action: { type: 'showDataset', dataset: folder } },
      { label: t('Show Map'), action: { type: 'showMap', dataset: folder } },
      { label: t('Train on this dataset'), action: { type: 'trainDataset', dataset: folder } },
    ],
    blocks: [
      {
        kind: 'problems',
        heading: groups.length === 0 ? t('Nothing was found') : t('What was found'),
        groups,
      },
      ...(curve ? [curveBlock(curve)] : []),
    ],
  };
}

function groupsOf(kind: FindingKind, findings: readonly Finding[], root: string): ReportProblems[] {
  const ofImages = findings.filter(isOfImages);
  // What is of the whole has its own words each.
  if (ofImages.length === 0) return findings.map((each) => ({ message: findingText(each), remedy: '', files: [] }));
  const { heading, advice } = imageKinds[ofImages[0]!.kind];
  return [
    {
      message: heading(count(ofImages.length)),
      remedy: advice(),
      files: marksOf(ofImages).map(({ path, message }) => ({ path, name: relative(root, path), note: message })),
      action: { type: 'showFindings', kind, heading: heading(count(ofImages.length)) },
    },
  ];
}

const imageKinds: Record<ImageFinding['kind'], { heading: (findings: string) => string; advice: () => string }> = {
  'label-error': {
    heading: (n) => t('Labels that are probably wrong: {0}', n),
    advice: () =>
      t('Look at them in this order: about half of the first ones are real errors, of the later ones fewer.'),
  },
  leakage: {
    heading: (n) => t('The same or nearly the same image on both sides of a split: {0}', n),
    advice: () =>
      t('The accuracy will look better than it is. "split": {"groupBy": "duplicates"} keeps such images on one side.'),
  },
  duplicate: {
    heading: (n) => t('Files with the same bytes: {0}', n),
    advice: () => t('Keep one of each.'),
  },
  'near-duplicate': {
    heading: (n) => t('Images that are nearly the same: {0}', n),
    advice: () => t('Keep one of each, or keep them on one side of the split.'),
  },
  burst: {
    heading: (n) => t('Bursts or frames of a video: {0}', n),
    advice: () => t('They teach little more than one of them, and must lie on one side of the split.'),
  },
  constant: {
    heading: (n) => t('Images that hardly show anything: {0}', n),
    advice: () => t('Exclude them where they show nothing of their class.'),
  },
  blurred: {
    heading: (n) => t('Blurred images: {0}', n),
    advice: () => t('Keep them where the images that you will classify are blurred too.'),
  },
  tiny: {
    heading: (n) => t('Tiny images: {0}', n),
    advice: () => t('They are enlarged, and show less than the model can see.'),
  },
  stretched: {
    heading: (n) => t('Very long images: {0}', n),
    advice: () => t('Their ends are cut off, or they are squeezed.'),
  },
  outlier: {
    heading: (n) => t('Images unlike all others: {0}', n),
    advice: () => t('They may belong to no class.'),
  },
};

function curveBlock({ points, gain }: CurveReport): ReportBlock {
  return {
    kind: 'table',
    heading: t('Would more images help?'),
    lead:
      gain >= 0.01
        ? t('Twice as many images may add about {0} to the accuracy.', formats().percent(gain))
        : t('More images of the same kind would hardly help.'),
    columns: [
      { title: t('Training images'), kind: 'count' },
      { title: t('Accuracy'), kind: 'share' },
    ],
    rows: points.map(({ images, accuracy }) => ({ cells: [images, accuracy] })),
  };
}
