/** What a map says of an image: of several findings of an audit, the one that matters most. */
import type { Finding } from './auditOutput.js';

/** The findings that are of images, what matters most first. */
export const findingKinds = [
  'label-error',
  'leakage',
  'duplicate',
  'near-duplicate',
  'constant',
  'blurred',
  'tiny',
  'stretched',
  'outlier',
  'burst',
] as const;
export type MapFinding = (typeof findingKinds)[number];

/** The finding of the image at a path, if there is any. */
export function mapFindingOf(findings: readonly Finding[]): (path: string) => MapFinding | undefined {
  const ranks = new Map<string, number>();
  for (const finding of findings) {
    const rank = findingKinds.indexOf(finding.kind as MapFinding);
    const paths = 'path' in finding ? [finding.path] : 'paths' in finding ? finding.paths : [];
    for (const path of paths) ranks.set(path, Math.min(rank, ranks.get(path) ?? rank));
  }
  return (path) => findingKinds[ranks.get(path) ?? -1];
}
