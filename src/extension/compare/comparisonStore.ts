/** The comparisons of methods that the window knows: found in its folders, made by it elsewhere, watched on disk. */
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { comparisonFileName, comparisonSchema, rowsIn } from '../../shared/comparison.js';
import { readJson } from '../../shared/schema.js';
import type { Comparison } from '../../trainer/protocol.js';
import type { RunStore } from '../runs/runStore.js';
import { isMissing } from '../trainer/runFolder.js';

const knownKey = 'comparisons';

/** A comparison on disk. */
export interface KnownComparison {
  /** Absolute. */
  folder: string;
  /** Of the dataset. */
  name: string;
  comparison: Comparison;
  /** When it was last written, milliseconds since 1970. */
  changedAt: number;
  /** Why its file cannot be read; the comparison is then empty. */
  damage?: string | undefined;
}

export class ComparisonStore implements vscode.Disposable {
  readonly #known = new Map<string, KnownComparison>();
  readonly #changed = new vscode.EventEmitter<string | undefined>();
  readonly #watcher = vscode.workspace.createFileSystemWatcher(`**/runs/*/${comparisonFileName}`);

  /** The comparison in the folder has changed, or (undefined) the list has. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly runs: RunStore,
    private readonly onFailure: (error: unknown) => void,
  ) {
    const look = (uri: vscode.Uri) => this.refresh(dirname(uri.fsPath)).catch(onFailure);
    this.#watcher.onDidCreate(look);
    this.#watcher.onDidChange(look);
    this.#watcher.onDidDelete(look);
  }

  get comparisons(): KnownComparison[] {
    return [...this.#known.values()];
  }

  get(folder: string): KnownComparison | undefined {
    return this.#known.get(folder);
  }

  /** Looks in the window's folders and where this window made some. */
  async scan(): Promise<void> {
    const files = await vscode.workspace.findFiles(`**/runs/*/${comparisonFileName}`, '**/node_modules/**');
    const found = files.filter((uri) => uri.scheme === 'file').map((uri) => dirname(uri.fsPath));
    await Promise.all(
      [...new Set([...found, ...this.memory.get<string[]>(knownKey, []), ...this.#known.keys()])].map((folder) =>
        this.refresh(folder).catch(this.onFailure),
      ),
    );
  }

  /** Looks at one folder again, and at the runs of its methods; one that is gone is left out. */
  async refresh(folder: string): Promise<KnownComparison | undefined> {
    const was = this.#known.get(folder);
    const read = await readComparison(folder);
    if (read) this.#known.set(folder, read);
    else this.#known.delete(folder);
    const runs =
      (read ?? was)?.comparison.rows.flatMap(({ run, seeds }) => seeds?.map((each) => each.run) ?? [run]) ?? [];
    for (const run of runs) await this.runs.refresh(run);
    if (read ?? was) this.#changed.fire(read && was ? folder : undefined);
    return read;
  }

  /** Keeps a folder that this window compares in, wherever it lies. */
  async add(folder: string): Promise<void> {
    const known = this.memory.get<string[]>(knownKey, []);
    if (!known.includes(folder)) await this.memory.update(knownKey, [...known, folder]);
  }

  /** Forgets a comparison whose folder was deleted. */
  async forget(folder: string): Promise<void> {
    await this.memory.update(
      knownKey,
      this.memory.get<string[]>(knownKey, []).filter((known) => known !== folder),
    );
    await this.refresh(folder);
  }

  dispose(): void {
    vscode.Disposable.from(this.#changed, this.#watcher).dispose();
  }
}

/** Undefined where there is none. */
async function readComparison(folder: string): Promise<KnownComparison | undefined> {
  const file = join(folder, comparisonFileName);
  const damaged = (damage: string, changedAt: number): KnownComparison => {
    const comparison: Comparison = { format: 1, dataset: '', settings: [], methods: [], rows: [] };
    return { folder, name: basename(folder), comparison, changedAt, damage };
  };
  try {
    const changedAt = (await stat(file)).mtimeMs;
    const { value, defect } = readJson(comparisonSchema, await readFile(file, 'utf8'));
    if (!value) return damaged(defect, changedAt);
    // The folder may have been moved, and its runs with it; and the file may point to no others.
    const rows = rowsIn(folder, value.rows, join);
    return { folder, name: basename(value.dataset), comparison: { ...value, rows }, changedAt };
  } catch (error) {
    if (isMissing(error)) return undefined;
    return damaged(error instanceof Error ? error.message : String(error), 0);
  }
}
