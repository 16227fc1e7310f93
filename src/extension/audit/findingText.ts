/** What an audit found, in words; and what a grid says of each image of it. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { Finding, ImageMark } from '../../trainer/protocol.js';
import type { ShortcutProperty } from '../../shared/auditOutput.js';
import { formats } from '../formats.js';
import { count } from '../runs/count.js';

const { t } = vscode.l10n;

/** A finding that is of single images. */
export type ImageFinding = Extract<Finding, { path: string } | { paths: string[] }>;

export const isOfImages = (finding: Finding): finding is ImageFinding => 'path' in finding || 'paths' in finding;

const properties: Record<ShortcutProperty, () => string> = {
  width: () => t('the width'),
  height: () => t('the height'),
  shape: () => t('the ratio of width and height'),
  format: () => t('the file format'),
  brightness: () => t('the brightness'),
  contrast: () => t('the contrast'),
  sharpness: () => t('the sharpness'),
  border: () => t('the border'),
  camera: () => t('the camera'),
};

/** In one sentence. */
export function findingText(finding: Finding): string {
  const figure = (value: number): string => formats().figure(value);
  const percent = (share: number): string => formats().percent(share);
  switch (finding.kind) {
    case 'label-error':
      return t('Probably “{0}” ({1}), not “{2}”.', finding.suggested, percent(finding.confidence), finding.given);
    case 'leakage':
    case 'duplicate':
    case 'near-duplicate':
    case 'burst':
      return t('Similarity {0}', percent(finding.similarity));
    case 'outlier':
      return t('{0} deviations from the usual distance to the others', figure(finding.score));
    case 'constant':
      return t('Contrast {0}', figure(finding.score));
    case 'blurred':
      return t('{0} of the usual sharpness', percent(finding.score));
    case 'tiny':
      return t('Shorter side: {0} pixels', count(finding.score));
    case 'stretched':
      return t('{0} times longer than wide', figure(finding.score));
    case 'shortcut':
      return t(
        'From {0} alone the label is guessed right in {1} of images; the largest class alone makes {2}. A model may learn that instead of the content.',
        properties[finding.property](),
        percent(finding.accuracy),
        percent(finding.baseline),
      );
    case 'imbalance':
      return t(
        'The classes differ strongly in size: {0} has {1} images, {2} has {3}.',
        finding.labels[0],
        count(finding.images[0]),
        finding.labels[1],
        count(finding.images[1]),
      );
    case 'tiny-class':
      return finding.images === 1
        ? t('The class “{0}” has only 1 image.', finding.label)
        : t('The class “{0}” has only {1} images.', finding.label, count(finding.images));
    case 'inseparable':
      return t(
        'The features hardly tell “{0}” and “{1}” apart: a choice between the two is right in {2}, a coin in 50 %.',
        finding.labels[0],
        finding.labels[1],
        percent(finding.accuracy),
      );
  }
}

/** Each image with what was found of it; those that are alike are a group. */
export function marksOf(findings: readonly ImageFinding[]): ImageMark[] {
  return findings.flatMap((finding, i): ImageMark[] => {
    const message = findingText(finding);
    if ('path' in finding) return [{ path: finding.path, message }];
    const group = String(i + 1);
    const [first] = finding.paths;
    return finding.paths.map((path) => ({
      path,
      group,
      message: path === first ? message : t('Like {0}: {1}', basename(first!), message),
    }));
  });
}
