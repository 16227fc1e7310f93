/** `vitune evaluate`: how right a checkpoint is on a folder of labelled pictures. */
import * as l10n from '@vscode/l10n';
import { cacheFolder } from '../run/cacheFolder.js';
import { evaluate as evaluateCheckpoint } from '../run/evaluate.js';
import { provideDataset } from '../run/hubSources.js';
import { resolveCheckpoint } from '../run/runFolder.js';
import { parseArguments } from './arguments.js';
import { bar, confusionTable, downloadStatus, percent, table, type Output } from './output.js';

export async function evaluate(args: string[], output: Output, signal: AbortSignal): Promise<void> {
  const { checkpoint, dataset } = parseArguments('evaluate', args, { least: 0, most: 0 });
  const { skipped, ...evaluation } = await evaluateCheckpoint({
    checkpoint: await resolveCheckpoint(checkpoint!),
    dataset: await provideDataset(dataset!, { signal, onProgress: (done, total) => output.status(downloadStatus(done, total)) }),
    cacheFolder: cacheFolder(),
    signal,
    onProgress: (done, total) => output.status(`${bar(done / total)} ${done}/${total}`),
  });
  skipped.forEach((info) => output.problem(info));
  output.json(evaluation);
  output.line(l10n.t('Accuracy {0}, loss {1}', percent(evaluation.accuracy), evaluation.loss.toFixed(4)));
  const header = [l10n.t('class'), l10n.t('precision'), l10n.t('recall'), 'F1', l10n.t('pictures')];
  const rows = evaluation.perClass.map(({ label, precision, recall, f1, support }) => [
    label,
    percent(precision),
    percent(recall),
    percent(f1),
    String(support),
  ]);
  output.line(`\n${table([header, ...rows])}`);
  output.line(`\n${confusionTable(evaluation.labels, evaluation.confusion)}`);
}
