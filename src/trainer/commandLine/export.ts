/** `vitune export`: a checkpoint as others read it, compared with the original before it is kept. */
import * as l10n from '@vscode/l10n';
import { exportModel } from '../export/exportModel.js';
import type { CommandOutputs, ExportStage } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import { sampleFor } from '../inference/sample.js';
import type { Arguments } from './commands.js';
import { bar, type Output } from './output.js';

const stages: Record<ExportStage, () => string> = {
  open: () => l10n.t('Opening the checkpoint'),
  write: () => l10n.t('Writing the export'),
  compare: () => l10n.t('Comparing its predictions in a fresh process'),
};

export async function exportCheckpoint(
  { checkpoint, format, output: target, dataset }: Arguments<'export'>,
  output: Output<CommandOutputs['export']>,
  signal: AbortSignal,
): Promise<void> {
  const folder = await resolveCheckpoint(checkpoint);
  const names = Object.keys(stages) as ExportStage[];
  const exported = await exportModel({
    checkpoint: folder,
    format,
    output: target,
    images: await sampleFor(folder, dataset, signal),
    signal,
    onNotice: (notice) => output.problem(notice.toInfo()),
    onProgress(stage) {
      output.json({ type: 'progress', stage, done: names.indexOf(stage), total: names.length });
      output.status(`${bar(names.indexOf(stage) / names.length)} ${stages[stage]()}`);
    },
  });
  output.json({ type: 'exported', ...exported });
  const { pictures, largestDifference } = exported.parity;
  output.line(l10n.t('Exported to {0}: {1}', exported.folder, exported.files.join(', ')));
  output.line(
    l10n.t(
      'Checked in a fresh process: equal predictions for {0} images; probabilities differ by at most {1}.',
      pictures,
      largestDifference.toExponential(1),
    ),
  );
}
