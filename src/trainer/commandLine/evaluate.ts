/** `vitune evaluate`: how right a checkpoint is on a folder of labelled images. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { coverageWords } from '../../shared/coverage.js';
import type { CommandOutputs, TaskEvaluation } from '../protocol.js';
import { errors } from '../errors/errors.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { evaluate as evaluateCheckpoint } from '../inference/evaluate.js';
import { provideDataset } from '../models/hubSources.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { bar, confusionTable, downloadStatus, figureWords, percent, table, type Output } from './output.js';

export async function evaluate(
  { checkpoint, dataset, split, all, images, list }: Arguments<'evaluate'>,
  output: Output<CommandOutputs['evaluate']>,
  signal: AbortSignal,
): Promise<void> {
  if (dataset === undefined && split === undefined)
    throw errors.usage(l10n.t('The option --{0} is missing.', 'dataset'), usageOf('evaluate'));
  if (all && split !== undefined)
    throw errors.usage(l10n.t('--{0} and --{1} exclude each other.', 'all', 'split'), usageOf('evaluate'));
  const onDownload = (done: number, total: number) => output.status(downloadStatus(done, total));
  const { problems, ...evaluation } = await evaluateCheckpoint({
    checkpoint: await resolveCheckpoint(checkpoint),
    dataset:
      dataset === undefined ? undefined : (await provideDataset(dataset, { signal, onProgress: onDownload })).folder,
    images: split ?? (all ? 'all' : 'heldOut'),
    ...(list === undefined ? {} : { list: resolve(list) }),
    cacheFolder: cacheFolder(),
    signal,
    onProgress(done, total) {
      if (list !== undefined) output.json({ type: 'progress', phase: 'evaluate', done, total });
      output.status(`${bar(done / total)} ${done}/${total}`);
    },
    onImage: images
      ? (image) => {
          output.json(image);
          for (const { truth, prediction } of image.answers) {
            if (truth !== prediction.label)
              output.line(`${image.path}: ${truth} → ${prediction.label} ${percent(prediction.probability)}`);
          }
        }
      : undefined,
  });
  problems.forEach((info) => output.problem(info));
  output.json({ type: 'evaluation', ...evaluation });
  const { tasks } = evaluation;
  const whole = l10n.t('Accuracy {0}, loss {1}', percent(evaluation.accuracy), evaluation.loss.toFixed(4));
  output.line(tasks ? whole : whole + figureWords(evaluation));
  for (const line of coverageWords(evaluation.coverage, l10n.t)) output.line(line);
  for (const { task, ...each } of tasks ?? []) {
    output.line(`\n${l10n.t('{0}: accuracy {1}', task, percent(each.accuracy))}${figureWords(each)}`);
    show(each, output);
  }
  if (!tasks) show(evaluation, output);
}

function show({ perClass, labels, confusion }: TaskEvaluation, output: Output): void {
  const header = [l10n.t('class'), l10n.t('precision'), l10n.t('recall'), 'F1', l10n.t('images')];
  const rows = perClass.map(({ label, precision, recall, f1, support }) => [
    label,
    percent(precision),
    percent(recall),
    percent(f1),
    String(support),
  ]);
  output.line(`\n${table([header, ...rows])}`);
  if (confusion.length) output.line(`\n${confusionTable(labels, confusion)}`);
}
