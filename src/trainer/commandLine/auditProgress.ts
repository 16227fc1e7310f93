/** What the commands that look at a whole dataset say while they do. */
import * as l10n from '@vscode/l10n';
import type { AuditOptions } from '../insight/audit.js';
import type { AuditProgress } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { bar, type Output } from './output.js';

const phases: Record<AuditProgress['phase'], () => string> = {
  look: () => l10n.t('Reading images'),
  features: () => l10n.t('Computing features'),
  compare: () => l10n.t('Comparing images'),
  place: () => l10n.t('Placing images'),
};

/** Progress as a bar and as lines of JSON, ten times a second at most. */
export function auditWatching(output: Output<AuditProgress>, signal: AbortSignal): Omit<AuditOptions, 'model'> {
  let reported = 0;
  return {
    cacheFolder: cacheFolder(),
    signal,
    onProgress(phase, done, total) {
      output.status(`${bar(done / Math.max(1, total))} ${phases[phase]()} ${done}/${total}`);
      if (done < total && performance.now() - reported < 100) return;
      reported = performance.now();
      output.json({ type: 'progress', phase, done, total });
    },
    onNotice: (notice) => output.problem(notice),
  };
}
