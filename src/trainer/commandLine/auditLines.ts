/** The findings of an audit as text: the surest of each kind, and what to do about them. */
import { relative } from 'node:path';
import * as l10n from '@vscode/l10n';
import type { AuditResult } from '../insight/audit.js';
import type { Finding, FindingKind, ShortcutProperty } from '../protocol.js';
import { percent, table } from './output.js';

/** How many of a kind are shown; `--json` prints all. */
const shown = 10;

type Of<Kind extends FindingKind> = Extract<Finding, { kind: Kind }>;
type Image = Extract<Finding, { path: string; score: number }>;
type Kindred = Extract<Finding, { paths: string[] }>;

const propertyNames: Record<ShortcutProperty, () => string> = {
  width: () => l10n.t('the width'),
  height: () => l10n.t('the height'),
  shape: () => l10n.t('the ratio of width and height'),
  format: () => l10n.t('the file format'),
  brightness: () => l10n.t('the brightness'),
  contrast: () => l10n.t('the contrast'),
  sharpness: () => l10n.t('the sharpness'),
  border: () => l10n.t('the border'),
  camera: () => l10n.t('the camera'),
};

/** Paths are shown relative to `root`. */
export function auditLines({ root, ...result }: AuditResult & { root: string }): string[] {
  const { findings } = result;
  const short = (path: string): string => relative(root, path) || path;
  const of = <Kind extends FindingKind>(kind: Kind): Of<Kind>[] =>
    findings.filter((finding): finding is Of<Kind> => finding.kind === kind);
  const images = (kind: Image['kind']): Image[] => of(kind);
  const kindred = (kind: Kindred['kind']): Kindred[] => of(kind);
  const blocks: string[][] = [
    accuracyLines(result),
    block(
      of('label-error'),
      (count) => l10n.t('Labels that are probably wrong: {0}', count),
      (all) =>
        table(
          all.map(({ path, given, suggested, confidence }) => [
            short(path),
            given,
            `→ ${suggested}`,
            percent(confidence),
          ]),
        ),
      l10n.t('Look at them in this order: about half of the first ones are real errors, of the later ones fewer.'),
    ),
    ...(['leakage', 'duplicate', 'near-duplicate', 'burst'] as const).map((kind) =>
      block(
        kindred(kind),
        kindredTitles[kind],
        (all) => all.map((each) => kindredLine(each, short)).join('\n'),
        kind === 'leakage'
          ? l10n.t(
              'The accuracy will look better than it is. "split": {"groupBy": "duplicates"} keeps such images on one side.',
            )
          : undefined,
      ),
    ),
    ...(['outlier', 'constant', 'blurred', 'tiny', 'stretched'] as const).map((kind) =>
      block(images(kind), imageTitles[kind], (all) =>
        table(all.map(({ path, score }) => [short(path), score.toFixed(2)])),
      ),
    ),
    ...[shortcutLines(of('shortcut'), of('imbalance')), classLines(of('tiny-class'), of('inseparable'))],
  ];
  const shown = blocks.filter(({ length }) => length).flatMap((lines, i) => (i ? ['', ...lines] : lines));
  return findings.length ? shown : [...shown, '', l10n.t('Nothing else was found.')];
}

const kindredTitles: Record<Kindred['kind'], (count: number) => string> = {
  leakage: (count) => l10n.t('The same or nearly the same image on both sides of a split: {0}', count),
  duplicate: (count) => l10n.t('Files with the same bytes: {0}', count),
  'near-duplicate': (count) => l10n.t('Images that are nearly the same: {0}', count),
  burst: (count) => l10n.t('Bursts or frames of a video: {0}', count),
};

const imageTitles: Record<Image['kind'], (count: number) => string> = {
  outlier: (count) => l10n.t('Images unlike all others, by how many deviations: {0}', count),
  constant: (count) => l10n.t('Images that hardly show anything, by their contrast: {0}', count),
  blurred: (count) => l10n.t('Blurred images, by their sharpness as a share of the usual one: {0}', count),
  tiny: (count) => l10n.t('Tiny images, by their shorter side in pixels: {0}', count),
  stretched: (count) => l10n.t('Very long images, by how many times longer than wide: {0}', count),
};

function block<Each>(
  all: readonly Each[],
  title: (count: number) => string,
  body: (some: readonly Each[]) => string,
  advice?: string,
): string[] {
  if (!all.length) return [];
  const more = all.length > shown ? [l10n.t('and {0} more; --json prints all', all.length - shown)] : [];
  return [title(all.length), body(all.slice(0, shown)), ...more, ...(advice ? [advice] : [])];
}

function kindredLine({ paths, splits, similarity }: Kindred, short: (path: string) => string): string {
  const named = paths.slice(0, 4).map((path, i) => `${short(path)} (${splitWords[splits[i]!]()})`);
  const more = paths.length > 4 ? [l10n.t('{0} more', paths.length - 4)] : [];
  return `${[...named, ...more].join(', ')}  ${similarity.toFixed(2)}`;
}

const splitWords = {
  train: () => l10n.t('train'),
  validation: () => l10n.t('validation'),
  test: () => l10n.t('test'),
};

function accuracyLines({ images, accuracy, honestAccuracy, curve }: AuditResult): string[] {
  const lines = [l10n.t('Images: {0}', images)];
  if (accuracy === null || honestAccuracy === null) return lines;
  lines.push(
    l10n.t('Accuracy of a linear head in cross-validation: {0}', percent(accuracy)),
    l10n.t('With copies and bursts kept on one side: {0}', percent(honestAccuracy)),
  );
  if (!curve) return lines;
  const points = curve.points.map(({ images: count, accuracy: own }) => `${count}: ${percent(own)}`).join(', ');
  lines.push(
    l10n.t('By the number of training images: {0}', points),
    curve.gain >= 0.01
      ? l10n.t('Twice as many images may add about {0} to the accuracy.', percent(curve.gain))
      : l10n.t('More images of the same kind would hardly help.'),
  );
  return lines;
}

function shortcutLines(shortcuts: readonly Of<'shortcut'>[], imbalance: readonly Of<'imbalance'>[]): string[] {
  return [
    ...shortcuts.map(({ property, accuracy, baseline }) =>
      l10n.t(
        'From {0} alone the label is guessed right in {1} of images; the largest class alone makes {2}. A model may learn that instead of the content.',
        propertyNames[property](),
        percent(accuracy),
        percent(baseline),
      ),
    ),
    ...imbalance.map(({ labels, images }) =>
      l10n.t(
        'The classes differ strongly in size: {0} has {1} images, {2} has {3}.',
        labels[0],
        images[0],
        labels[1],
        images[1],
      ),
    ),
  ];
}

function classLines(tiny: readonly Of<'tiny-class'>[], inseparable: readonly Of<'inseparable'>[]): string[] {
  return [
    ...block(
      tiny,
      (count) => l10n.t('Classes with fewer than ten images: {0}', count),
      (all) => all.map(({ label, images }) => `${label} (${images})`).join(', '),
    ),
    ...block(
      inseparable,
      (count) => l10n.t('Pairs of classes that the features hardly tell apart: {0}', count),
      (all) => table(all.map(({ labels, accuracy }) => [labels.join(' – '), percent(accuracy)])),
      l10n.t(
        'A coin would be right in 50 %. Check whether their labels mean different things, or fine-tune more than the head.',
      ),
    ),
  ];
}
