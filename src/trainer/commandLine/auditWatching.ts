/** How far a command is that computes the features of images and compares them. */
import * as l10n from '@vscode/l10n';
import type { AuditOptions } from '../insight/audit.js';
import type { AuditProgress } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { bar, type Output } from './output.js';

const phases: Record<AuditProgress['phase'], () => string> = {
  look: () => l10n.t('Reading images'),
  features: () => l10n.t('Computing features'),
  compare: () => l10n.t('Comparing images'),
};

/** Milliseconds between two lines of progress. */
const between = 100;

export function auditWatching(output: Output<AuditProgress>, signal: AbortSignal): Omit<AuditOptions, 'model'> {
  let reported = 0;
  return {
    cacheFolder: cacheFolder(),
    signal,
    onProgress(phase, done, total) {
      output.status(`${bar(done / Math.max(1, total))} ${phases[phase]()} ${done}/${total}`);
      if (done < total && performance.now() - reported < between) return;
      reported = performance.now();
      output.json({ type: 'progress', phase, done, total });
    },
    onNotice: (notice) => output.problem(notice),
  };
}
