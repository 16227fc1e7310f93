/** Installs ONNX Runtime's part for NVIDIA cards, once the user has seen why it cannot be used, or how large it is. */
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { ShownError } from '../errors/shownError.js';
import { downloadWords } from '../hub/hubCommands.js';
import { ask, notify } from '../notify.js';
import { withProgress } from '../progress.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const { t } = vscode.l10n;

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString(vscode.env.language);

/** `onInstalled`: what the doctor found no longer holds. */
export function cudaCommands(launch: Launch, onInstalled: () => Promise<void>) {
  return {
    [commands.installCuda]: async () => {
      const found = outputOf(
        await withProgress(t('Looking for an NVIDIA card…'), (signal) =>
          runCommand(launch, 'cuda', { args: ['status'], signal }),
        ),
        'cuda',
      );
      if (found.refusal) throw new ShownError(found.refusal);
      const where = found.installed ? found.folder : await download(launch, found);
      if (where === undefined) return;
      await onInstalled();
      await notify('info', t("ONNX Runtime's part for CUDA is installed in {0}.", where));
    },
  };
}

/** The folder that it is in then; undefined: the user does not want it. */
async function download(
  launch: Launch,
  { downloadBytes, diskBytes }: { downloadBytes: number; diskBytes: number },
): Promise<string | undefined> {
  const size = t('Download {0} MB, which take {1} MB once unpacked?', megabytes(downloadBytes), megabytes(diskBytes));
  if (!(await ask(size, t('Download')))) return undefined;
  const index = vscode.workspace.getConfiguration('vitune').get<string>('packageIndex')?.trim();
  const outputs = await withProgress(t("Downloading ONNX Runtime's part for CUDA…"), (signal, report) =>
    runCommand(launch, 'cuda', {
      args: ['install', '--yes', ...(index ? ['--index', index] : [])],
      signal,
      onOutput: (output) => {
        if (output.type === 'progress') report(downloadWords(output), (100 * output.done) / Math.max(1, output.total));
      },
    }),
  );
  return outputOf(outputs, 'cuda').folder;
}
