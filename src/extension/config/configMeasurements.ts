/** "Advise" and "Estimate" of a config: the trainer measures, the result is shown, kept, and used on request. */
import { basename, dirname, isAbsolute } from 'node:path';
import * as vscode from 'vscode';
import type { Advice, ConfigEdit, Estimate } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { showError } from '../errors/showError.js';
import { notify, tell } from '../notify.js';
import { withProgress } from '../progress.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { pathInConfig } from './configFile.js';
import { valueAt } from './configPlace.js';
import type { Measured } from './measured.js';
import { adviceWords, estimateWords, shortWords } from './measuredWords.js';
import { savedText } from './savedText.js';
import { editConfig } from './setInConfig.js';

const { t } = vscode.l10n;

export function configMeasurements(launch: Launch, measured: Measured) {
  /** One measurement of a config at a time: a second click asks for nothing new. */
  const working = new Set<string>();
  const measuring = (work: (file: string) => Promise<void>) => async (given?: vscode.Uri) => {
    const file = fileOf(given);
    if (file === undefined || working.has(file)) return;
    working.add(file);
    try {
      await work(file);
    } finally {
      working.delete(file);
    }
  };
  return {
    [commands.estimateConfig]: measuring(async (file) => {
      if ((await savedText(file)) === undefined) return;
      const estimate = await withProgress(t('Estimating “{0}”…', basename(file)), async (signal, report) =>
        outputOf(
          await runCommand(launch, 'train', {
            args: [file, '--dry-run'],
            signal,
            onOutput: (line) => {
              if (line.type === 'progress') report(stepWords(line), (100 * line.done) / Math.max(1, line.total));
            },
          }),
          'estimate',
        ),
      );
      await measured.keepEstimate(estimate);
      showEstimate(estimate).catch(showError);
    }),
    [commands.adviseConfig]: measuring(async (file) => {
      const text = await savedText(file);
      if (text === undefined) return;
      // The model of the config is measured too, where it is at hand.
      const check = outputOf(await runCommand(launch, 'check', { args: [file], answersWith: 2 }), 'check');
      const named = check.model ? valueAt(text, ['model']) : undefined;
      const models = [...new Set(['embedded', ...(typeof named === 'string' ? [named] : [])])];
      const advice = await withProgress(t('Measuring the dataset of “{0}”…', basename(file)), async (signal, report) =>
        outputOf(
          await runCommand(launch, 'advise', {
            args: [file, ...models.flatMap((each) => ['--model', each])],
            cwd: dirname(file),
            signal,
            onOutput: (line) => {
              if (line.type === 'progress') report(stepWords(line), (100 * line.done) / Math.max(1, line.total));
            },
          }),
          'advice',
        ),
      );
      if (check.dataset) await measured.keepAdvice(check.dataset.name, advice);
      showAdvice(file, advice).catch(showError);
    }),
  };
}

const fileOf = (given: vscode.Uri | undefined): string | undefined =>
  // A link of a hover gives the parts of an address.
  given ? vscode.Uri.from(given).fsPath : vscode.window.activeTextEditor?.document.uri.fsPath;

const stepWords = ({ done, total }: { done: number; total: number }): string => t('{0} of {1}', done, total);

function showEstimate(estimate: Estimate): Promise<void> {
  const short = shortWords(estimate);
  return short === undefined ? notify('info', estimateWords(estimate)) : notify('warning', short);
}

function showAdvice(file: string, advice: Advice): Promise<void> {
  const words = adviceWords(advice);
  return notify(
    'info',
    words,
    { title: t('Use It'), run: () => editConfig(file, editsOf(file, advice)) },
    { title: t('Why?'), run: () => tell(words, advice.reasons.join('\n\n')) },
  );
}

/** The advised settings replace those of the config; a rate that was for another method goes. */
function editsOf(file: string, { model, method, settings }: Advice): ConfigEdit[] {
  const named = isAbsolute(model) ? pathInConfig(dirname(file), model) : model;
  return [
    { path: ['model'], value: named },
    { path: ['method'], value: method },
    ...Object.entries(settings).map(([key, value]) => ({ path: [key], value })),
    { path: ['learningRate'] },
  ];
}
