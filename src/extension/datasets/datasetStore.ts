/** The folders of images that the user added, and the results of inspecting them. */
import { existsSync } from 'node:fs';
import * as vscode from 'vscode';
import type { ErrorInfo, Inspection } from '../../trainer/protocol.js';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

const key = 'datasets';

/** What is known of a dataset: nothing yet, what was found, or why it cannot be used. */
export type Knowledge = { inspection: Inspection; error?: undefined } | { error: ErrorInfo; inspection?: undefined };

export class DatasetStore implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<string | undefined>();
  readonly #known = new Map<string, Knowledge>();
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('vitune-datasets');
  readonly #filesOf = new Map<string, vscode.Uri[]>();
  #queue: Promise<unknown> = Promise.resolve();

  /** A dataset is known better now, or (undefined) the list is another. */
  readonly onChange = this.#changed.event;

  constructor(
    private readonly memory: vscode.Memento,
    private readonly launch: Launch,
  ) {}

  /** Absolute folders, in the order they were added. */
  get folders(): readonly string[] {
    return this.memory.get<string[]>(key, []);
  }

  knowledgeOf(folder: string): Knowledge | undefined {
    return this.#known.get(folder);
  }

  async add(folder: string): Promise<void> {
    if (!this.folders.includes(folder)) await this.memory.update(key, [...this.folders, folder]);
    this.#changed.fire(undefined);
    this.look(folder);
  }

  async remove(folder: string): Promise<void> {
    await this.memory.update(
      key,
      this.folders.filter((each) => each !== folder),
    );
    this.#known.delete(folder);
    this.#clearDiagnostics(folder);
    this.#changed.fire(undefined);
  }

  /** Inspects in the background, one dataset at a time, unless it was done. */
  look(folder: string): void {
    if (this.#known.has(folder)) return;
    this.#queue = this.#queue.then(async () => {
      if (!this.#known.has(folder) && this.folders.includes(folder)) await this.inspect(folder);
    });
  }

  /** Forgets the results, so the datasets are inspected again. */
  forget(): void {
    this.#known.clear();
    this.#changed.fire(undefined);
  }

  /** Inspects now. Problems of the dataset are part of the result; only a cancel is thrown. */
  async inspect(folder: string, signal?: AbortSignal): Promise<Knowledge> {
    const knowledge = await this.#inspect(folder, signal);
    this.#known.set(folder, knowledge);
    this.#showDiagnostics(folder, knowledge.inspection?.problems ?? []);
    this.#changed.fire(folder);
    return knowledge;
  }

  dispose(): void {
    vscode.Disposable.from(this.#changed, this.#diagnostics).dispose();
  }

  async #inspect(folder: string, signal?: AbortSignal): Promise<Knowledge> {
    if (!existsSync(folder)) return { error: errors.folderGone(folder).info };
    try {
      const outputs = await runCommand(this.launch, 'inspect', { script: 'main', args: [folder], signal });
      return { inspection: outputOf(outputs, 'dataset') };
    } catch (error) {
      if (isCancel(error)) throw error;
      return { error: infoOf(error) };
    }
  }

  #clearDiagnostics(folder: string): void {
    for (const uri of this.#filesOf.get(folder) ?? []) this.#diagnostics.delete(uri);
    this.#filesOf.delete(folder);
  }

  /** Images with a problem are listed among the editor's problems too. */
  #showDiagnostics(folder: string, problems: readonly ErrorInfo[]): void {
    this.#clearDiagnostics(folder);
    const files: vscode.Uri[] = [];
    for (const { file, message, remedy, code } of problems) {
      if (file === undefined || file === folder) continue;
      const uri = vscode.Uri.file(file);
      const diagnostic = new vscode.Diagnostic(
        new vscode.Range(0, 0, 0, 0),
        `${message} ${remedy}`,
        vscode.DiagnosticSeverity.Warning,
      );
      diagnostic.source = 'ViTune';
      diagnostic.code = code;
      this.#diagnostics.set(uri, [diagnostic]);
      files.push(uri);
    }
    this.#filesOf.set(folder, files);
  }
}

/** All readable images of an inspected dataset. */
export function imagesIn(inspection: Inspection): number {
  // With several labels an image, or none, the counts of the labels do not add up to the images.
  const rows = inspection.images ? [inspection.images] : inspection.counts;
  return rows.reduce((sum, row) => sum + row.train + row.validation + row.test, 0);
}
