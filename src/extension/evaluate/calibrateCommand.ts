/** "Calibrate": how sure a checkpoint may be, and what is unknown to it, where its run did not come to compute that. */
import { basename, dirname } from 'node:path';
import * as vscode from 'vscode';
import { calibrationWords } from '../../shared/calibrationWords.js';
import { stepOfCheckpoint } from '../../shared/runFolder.js';
import type { AcceptedShare } from '../classify/acceptedShare.js';
import { commands } from '../contributions.js';
import { formats } from '../formats.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import { count } from '../runs/count.js';
import { pickCheckpoint, type RunArgument } from '../runs/pickRun.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

export function calibrateCommand(launch: Launch, runs: RunStore, accepted: AcceptedShare) {
  return {
    [commands.calibrate]: async (given?: RunArgument) => {
      const folder = await pickCheckpoint(runs, given, t('Calibrate which checkpoint?'));
      if (folder === undefined) return;
      const run = stepOfCheckpoint(basename(folder)) === undefined ? folder : dirname(dirname(folder));
      const outputs = await withProgress(t('Calibrating “{0}”…', basename(run)), (signal, report) =>
        runCommand(launch, 'calibrate', {
          args: [folder],
          signal,
          onOutput: (output) => {
            if (output.type !== 'progress') return;
            const { done, total } = output;
            report(t('{0} of {1} images', count(done), count(total)), (100 * done) / Math.max(1, total));
          },
        }),
      );
      await runs.refresh(run);
      accepted.tell();
      const words = calibrationWords(outputOf(outputs, 'calibrated'), {
        t,
        percent: (share) => formats().percent(share),
        figure: (value) => formats().figure(value),
      });
      void notify('info', words.join(' '));
    },
  };
}
