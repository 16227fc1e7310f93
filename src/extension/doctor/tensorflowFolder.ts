/**
 * Where trainers look for the optional package of TensorFlow.js: the folder in the settings, or the first one of the
 * workspace.
 */
import * as vscode from 'vscode';
import { openFolders } from '../config/pathSetting.js';
import { fromWorkspacePath } from '../config/workspacePath.js';
import type { Launch } from '../trainer/launch.js';

const key = 'tensorflowFolder';
const variable = 'VITUNE_TENSORFLOW';

export class TensorflowFolder implements vscode.Disposable {
  /** What the environment itself says, for when there is no setting. */
  readonly #inherited: string | undefined;
  readonly #subscriptions: vscode.Disposable[];

  /** `onChanged`: trainers that are started from now on look elsewhere. */
  constructor(
    private readonly launch: Launch,
    onChanged: () => void,
  ) {
    this.#inherited = launch.env[variable];
    const update = (): void => {
      this.#hand();
      onChanged();
    };
    this.#subscriptions = [
      vscode.workspace.onDidChangeConfiguration(
        (event) => void (event.affectsConfiguration(`vitune.${key}`) && update()),
      ),
      vscode.workspace.onDidChangeWorkspaceFolders(update),
    ];
    this.#hand();
  }

  #hand(): void {
    const folders = openFolders();
    const written = vscode.workspace.getConfiguration('vitune').get<string>(key)?.trim();
    const folder = written ? (fromWorkspacePath(folders, written) ?? written) : (this.#inherited ?? folders[0]?.path);
    if (folder === undefined) delete this.launch.env[variable];
    else this.launch.env[variable] = folder;
  }

  dispose(): void {
    for (const each of this.#subscriptions) each.dispose();
  }
}
