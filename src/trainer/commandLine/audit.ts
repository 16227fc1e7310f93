/** `vitune audit`: what is probably wrong with a dataset, by the features of a network. */
import * as l10n from '@vscode/l10n';
import { auditDataset, type AuditOptions } from '../insight/audit.js';
import type { AuditProgress, CommandOutputs, FindingKind } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { auditLines } from './auditLines.js';
import { bar, type Output } from './output.js';
import { datasetOf, modelReference, openNamedModel, openSubject } from './subject.js';

const phases: Record<AuditProgress['phase'], () => string> = {
  look: () => l10n.t('Reading images'),
  features: () => l10n.t('Computing features'),
  compare: () => l10n.t('Comparing images'),
};

export async function audit(
  { operands, model: named = 'embedded' }: Arguments<'audit'>,
  output: Output<CommandOutputs['audit']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  const subject = await openSubject(given, output, signal);
  const model = await openNamedModel(await modelReference(named), output, signal);
  let reported = 0;
  const watching: Omit<AuditOptions, 'model'> = {
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
  const dataset = await datasetOf(subject, watching);
  const { images, findings, curve, accuracy, honestAccuracy } = await auditDataset(dataset, { model, ...watching });
  const counts: Partial<Record<FindingKind, number>> = {};
  for (const finding of findings) {
    output.json(finding);
    counts[finding.kind] = (counts[finding.kind] ?? 0) + 1;
  }
  if (curve) output.json(curve);
  output.json({ type: 'audit', images, findings: counts, accuracy, honestAccuracy });
  const lines = auditLines({ root: dataset.root, images, findings, curve, accuracy, honestAccuracy });
  for (const line of lines) output.line(line);
}
