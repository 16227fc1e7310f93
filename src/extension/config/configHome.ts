/** Where configs and runs go that are not started from a config file: into the workspace folder of their dataset. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { commands } from '../contributions.js';
import { notify } from '../notify.js';

const { t } = vscode.l10n;

export class ConfigHome {
  #isAnnounced = false;

  /** `storage` is the extension's own folder, for a window without an open folder. */
  constructor(private readonly storage: string) {}

  /** The workspace folder that holds the dataset, else the first one. */
  workspaceFolder(dataset?: string): string | undefined {
    const own = dataset === undefined ? undefined : vscode.workspace.getWorkspaceFolder(vscode.Uri.file(dataset));
    return (own ?? vscode.workspace.workspaceFolders?.[0])?.uri.fsPath;
  }

  folderFor(dataset?: string): string {
    return join(this.workspaceFolder(dataset) ?? this.storage, 'vitune');
  }

  /** Says, once a window, where files go while no folder is open. */
  announce(): void {
    if (this.#isAnnounced || this.workspaceFolder() !== undefined) return;
    this.#isAnnounced = true;
    const folder = this.folderFor();
    const said = t('No folder is open, so the config and the run are kept in {0}.', folder);
    const open = t('Open Folder');
    const reveal = () => vscode.commands.executeCommand(commands.reveal, folder);
    void notify('info', said, { title: open, run: reveal });
  }
}
