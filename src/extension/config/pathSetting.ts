/** Paths that belong to a workspace: they are kept in its settings, so that they can be committed, and are watched. */
import * as vscode from 'vscode';
import { errors } from '../errors/errors.js';
import { fromWorkspacePath, type OpenFolder, toWorkspacePath } from './workspacePath.js';

/** The settings whose values are paths: one, or a list. */
type PathKey = 'datasets' | 'activeCheckpoint';

export class PathSetting implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscription: vscode.Disposable;

  /** The setting was changed, here, by hand or by another window. */
  readonly onChange = this.#changed.event;

  /**
   * `memory` is used in a window without a folder, which has no settings of its own, and for what was chosen before
   * there was the setting.
   */
  constructor(
    private readonly key: PathKey,
    private readonly memory: vscode.Memento,
  ) {
    this.#subscription = vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`vitune.${key}`)) this.#changed.fire();
    });
  }

  /** Absolute paths, in the order of the setting, each once. */
  get paths(): readonly string[] {
    const configuration = vscode.workspace.getConfiguration('vitune');
    const isSet = configuration.inspect(this.key)?.workspaceValue !== undefined;
    if (!isSet) {
      const remembered = this.memory.get<string | string[]>(this.key);
      if (remembered !== undefined) return listOf(remembered);
    }
    const folders = openFolders();
    const paths = listOf(configuration.get(this.key)).flatMap((written) => fromWorkspacePath(folders, written) ?? []);
    return [...new Set(paths)];
  }

  /** Replaces all paths; of a setting with one path, an empty list removes it. Throws `ShownError` where it cannot. */
  async write(paths: readonly string[]): Promise<void> {
    const folders = openFolders();
    if (folders.length === 0) {
      await this.memory.update(this.key, [...paths]);
      this.#changed.fire();
      return;
    }
    // A path of a folder that is not open in this window is somebody else's, and stays in the setting.
    const committed = vscode.workspace.getConfiguration('vitune').inspect(this.key)?.workspaceValue;
    const foreign = listOf(committed).filter((each) => fromWorkspacePath(folders, each) === undefined);
    const written = [...paths.map((path) => toWorkspacePath(folders, path)), ...foreign];
    const value = this.key === 'datasets' ? written : paths.length === 0 ? undefined : written[0];
    try {
      const { Workspace } = vscode.ConfigurationTarget;
      await vscode.workspace.getConfiguration('vitune').update(this.key, value, Workspace);
    } catch (error) {
      throw errors.settingNotWritten(this.key, (error as Error).message);
    }
    await this.memory.update(this.key, undefined);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}

export const openFolders = (): OpenFolder[] =>
  (vscode.workspace.workspaceFolders ?? []).map(({ name, uri }) => ({ name, path: uri.fsPath }));

/** The paths in a value of any form: a setting may be edited by hand. */
function listOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((each): each is string => typeof each === 'string' && each !== '');
}
