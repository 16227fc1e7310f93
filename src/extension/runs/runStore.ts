/** All runs that the window knows: found in its folders, made by it elsewhere, watched on disk. */
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import { runFiles } from '../../shared/runFolder.js';
import type { RecordedEvent } from '../../trainer/protocol.js';
import { inOwnWords } from './ownWords.js';
import { Run } from './run.js';

const { t: translate } = vscode.l10n;

const knownKey = 'runs';
/** Files of a run folder that are written when something of the run changes. */
const watchedFiles = `{${[runFiles.about, runFiles.lock, runFiles.best, runFiles.last].join(',')}}`;

export class RunStore implements vscode.Disposable {
  readonly #runs = new Map<string, Run>();
  readonly #changed = new vscode.EventEmitter<Run | undefined>();
  readonly #events = new vscode.EventEmitter<{ run: Run; events: RecordedEvent[] }>();
  readonly #gone = new vscode.EventEmitter<Run>();
  readonly #disposables: vscode.Disposable[] = [this.#changed, this.#events, this.#gone];
  readonly #watched = new Map<string, vscode.Disposable>();
  #scanning: Promise<unknown> = Promise.resolve();

  /** The run has changed, or (undefined) the list has. */
  readonly onChange = this.#changed.event;
  readonly onEvents = this.#events.event;
  /** The trainer of a run that was followed is gone. */
  readonly onGone = this.#gone.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.#watch(`**/runs/*/${watchedFiles}`);
  }

  /** Those that are known by now, the newest first. */
  get runs(): Run[] {
    return [...this.#runs.values()].sort((a, b) => b.info.createdAt - a.info.createdAt);
  }

  get(folder: string): Run | undefined {
    return this.#runs.get(folder);
  }

  /** The run that the panel and the status bar show: the newest that is at work, else the newest. */
  get current(): Run | undefined {
    const runs = this.runs.filter((run) => !run.inComparison && !run.damage);
    return runs.find((run) => run.busy) ?? runs[0];
  }

  /** All runs there are, the newest first: not only those that a scan under way has come to. */
  async all(): Promise<Run[]> {
    await this.#scanning;
    return this.runs;
  }

  /** Looks for runs in the window's folders and where this window made some. */
  scan(): Promise<void> {
    const scanning = this.#scan();
    // The caller gets its failure.
    this.#scanning = scanning.catch(() => undefined);
    return scanning;
  }

  async #scan(): Promise<void> {
    const files = await vscode.workspace.findFiles(`**/runs/*/${runFiles.about}`, '**/node_modules/**');
    const found = files.filter((uri) => uri.scheme === 'file').map((uri) => dirname(uri.fsPath));
    const known = this.memory.get<string[]>(knownKey, []);
    for (const folder of known) this.#watchKnown(folder);
    const folders = [...new Set([...found, ...known, ...this.#runs.keys()])];
    // One folder that cannot be read does not hide the others.
    await Promise.all(folders.map((folder) => this.refresh(folder).catch(this.onFailure)));
    this.#changed.fire(undefined);
  }

  /** Looks at one folder again; a new run is added, one that is gone is left out. */
  async refresh(folder: string): Promise<Run | undefined> {
    const known = this.#runs.get(folder);
    const run =
      known ??
      new Run(
        folder,
        {
          onChange: (changed) => this.#runs.get(folder) === changed && this.#changed.fire(changed),
          onEvents: (of, events) => this.#events.fire({ run: of, events }),
          onGone: (of) => this.#gone.fire(of),
          onFailure: this.onFailure,
        },
        (event) => inOwnWords(event, translate),
      );
    this.#runs.set(folder, run);
    if (await run.refresh()) {
      if (!known) this.#changed.fire(undefined);
      return run;
    }
    run.dispose();
    this.#runs.delete(folder);
    if (known) this.#changed.fire(undefined);
    return undefined;
  }

  /** Takes a run that this window started into the list, wherever it lies. */
  async add(folder: string): Promise<Run> {
    const known = this.memory.get<string[]>(knownKey, []);
    if (!known.includes(folder)) await this.memory.update(knownKey, [...known, folder]);
    this.#watchKnown(folder);
    const run = await this.refresh(folder);
    if (!run) throw new Error(`The trainer named ${folder} as its run, but there is no ${runFiles.about} in it`);
    return run;
  }

  /** Forgets a run whose folder was deleted. */
  async forget(folder: string): Promise<void> {
    await this.memory.update(
      knownKey,
      this.memory.get<string[]>(knownKey, []).filter((known) => known !== folder),
    );
    this.#watched.get(folder)?.dispose();
    this.#watched.delete(folder);
    await this.refresh(folder);
  }

  dispose(): void {
    for (const run of this.#runs.values()) run.dispose();
    for (const watcher of this.#watched.values()) watcher.dispose();
    vscode.Disposable.from(...this.#disposables).dispose();
  }

  #watchKnown(folder: string): void {
    if (this.#watched.has(folder)) return;
    this.#watched.set(folder, this.#watcher(new vscode.RelativePattern(vscode.Uri.file(folder), watchedFiles)));
  }

  #watch(pattern: string): void {
    this.#disposables.push(this.#watcher(pattern));
  }

  #watcher(pattern: vscode.GlobPattern): vscode.Disposable {
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    const look = (uri: vscode.Uri) => this.refresh(dirname(uri.fsPath)).catch(this.onFailure);
    return vscode.Disposable.from(
      watcher,
      watcher.onDidCreate(look),
      watcher.onDidChange(look),
      watcher.onDidDelete(look),
    );
  }
}
