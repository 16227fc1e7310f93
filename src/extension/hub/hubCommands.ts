/** "Download Model from the Hub…" and "Set Hugging Face Token…". */
import * as vscode from 'vscode';
import type { Download } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { notify } from '../notify.js';
import { withProgress } from '../progress.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { isModelName } from './hubName.js';
import type { HubToken } from './hubToken.js';

const { t } = vscode.l10n;

/** Where a downloaded model is offered and chosen. */
export interface ModelOffer {
  offerModel(name: string): Promise<void>;
  chooseModel(name: string): Promise<void>;
}

export function hubCommands(launch: Launch, token: HubToken, panel: ModelOffer) {
  return {
    /** Returns the name to write as `model`; undefined when the user cancelled. */
    [commands.downloadModel]: async (given?: string) => {
      const name = (typeof given === 'string' ? given : await askName())?.trim();
      if (name === undefined) return undefined;
      const { licence } = await downloadModel(launch, name);
      await panel.offerModel(name);
      const said = t(
        '“{0}” is downloaded. The Train view offers it, and a config file can name it as its model.',
        name,
      );
      const terms = licence === null ? t('Its page states no licence.') : licence && t('Its licence: {0}.', licence);
      void notify(
        'info',
        terms ? `${said} ${terms}` : said,
        { title: t('Train with It'), run: () => panel.chooseModel(name) },
        { title: t('Copy Name'), run: () => vscode.env.clipboard.writeText(name) },
      );
      return name;
    },
    [commands.setHubToken]: async () => {
      const given = await vscode.window.showInputBox({
        title: t('Hugging Face token, for private and gated models'),
        prompt: t('It is kept in the secret storage of the editor. Leave it empty to remove it.'),
        password: true,
        ignoreFocusOut: true,
        validateInput: (text) => (/\s/.test(text.trim()) ? t('A token has no spaces in it.') : undefined),
      });
      if (given === undefined) return;
      await token.set(given.trim());
      void notify(
        'info',
        given.trim() === '' ? t('The Hugging Face token is removed.') : t('The Hugging Face token is set.'),
      );
    },
  };
}

function askName(): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: t('Which model? Its name on the Hugging Face hub'),
    placeHolder: t('owner/name, or owner/name@revision'),
    validateInput: (text) =>
      isModelName(text.trim()) ? undefined : t('Write owner/name, for example “{0}”.', 'facebook/dinov2-small'),
  });
}

/** Downloads into the cache, with progress that can be cancelled; what a cancelled download has got stays. */
async function downloadModel(launch: Launch, name: string): Promise<Download> {
  const outputs = await withProgress(t('Downloading “{0}”…', name), (signal, report) =>
    runCommand(launch, 'download', {
      args: [name],
      signal,
      onOutput: (progress) => {
        if (progress.type === 'progress')
          report(downloadWords(progress), (100 * progress.done) / Math.max(1, progress.total));
      },
    }),
  );
  return outputOf(outputs, 'downloaded');
}

/** What a progress notification says of a download. */
export function downloadWords({ done, total }: { done: number; total: number }): string {
  const [here, whole] = [done, total].map((bytes) =>
    (bytes / 1e6).toLocaleString(vscode.env.language, { maximumFractionDigits: 1 }),
  );
  return t('{0} of {1} MB', here!, whole!);
}
