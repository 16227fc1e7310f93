/** `vitune audit`: what is probably wrong with a dataset, by the features of a network. */
import { auditDataset } from '../insight/audit.js';
import type { CommandOutputs, FindingKind } from '../protocol.js';
import type { Arguments } from './commands.js';
import { auditLines } from './auditLines.js';
import { auditWatching } from './auditWatching.js';
import type { Output } from './output.js';
import { datasetOf, modelReference, openNamedModel, openSubject } from './subject.js';

export async function audit(
  { operands, model: named = 'embedded' }: Arguments<'audit'>,
  output: Output<CommandOutputs['audit']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  const subject = await openSubject(given, output, signal);
  const model = await openNamedModel(await modelReference(named), output, signal);
  const watching = auditWatching(output, signal);
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
