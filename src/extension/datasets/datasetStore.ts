/**
 * The folders of images that the workspace lists, and the results of inspecting them. The folders are watched, and
 * inspected again when images come or go.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { excludeFile } from '../../shared/excludeList.js';
import type { ErrorInfo, Inspection } from '../../trainer/protocol.js';
import { errors } from '../errors/errors.js';
import { infoOf, isCancel } from '../errors/showError.js';
import type { PathSetting } from '../config/pathSetting.js';
import type { Launch } from '../trainer/launch.js';
import { withProgress, type Report } from '../progress.js';
import { count } from '../runs/count.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { isImage } from './images.js';

const { t } = vscode.l10n;

/**
 * What is known of a dataset: nothing yet, what was found, or why it cannot be used. Until all images are read
 * (`read` is there), an inspection counts every image as readable.
 */
export type Knowledge =
  { inspection: Inspection; read?: Read; error?: undefined } | { error: ErrorInfo; inspection?: undefined };

/** The errors of a scan that are mended by putting images into class folders. */
const notYet: ReadonlySet<string> = new Set(['DATASET_FLAT', 'DATASET_ONE_CLASS']);

/** Whether a folder is on its way to a dataset: its images have no classes yet, or one. */
export const lacksClasses = ({ code }: ErrorInfo): boolean => notYet.has(code);

/** How many images were read so far, and whether the inspection was cancelled there. */
interface Read {
  done: number;
  total: number;
  isStopped: boolean;
}

/** An inspection under way. */
interface Running {
  controller: AbortController;
  result: Promise<Knowledge>;
  isBackground: boolean;
  /** Shows progress where a notification offers to cancel it. */
  report?: Report;
}

/** From so many images on, a notification shows the progress of an inspection and offers to cancel it. */
const many = 5000;
/** The shortest time between two changes of the counts, in milliseconds. */
const betweenReports = 500;
/** How long a folder has to rest after a change before it is inspected again, in milliseconds. */
const untilInspected = 1500;

export class DatasetStore implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<string | undefined>();
  readonly #known = new Map<string, Knowledge>();
  readonly #diagnostics = vscode.languages.createDiagnosticCollection('vitune-datasets');
  readonly #filesOf = new Map<string, vscode.Uri[]>();
  readonly #running = new Map<string, Running>();
  readonly #watchers = new Map<string, vscode.Disposable>();
  readonly #subscription: vscode.Disposable;
  #queue: Promise<unknown> = Promise.resolve();

  /** A dataset is known better now, or (undefined) the list is another. */
  readonly onChange = this.#changed.event;

  readonly #onDisk = new vscode.EventEmitter<string>();
  /** Images, label files or folders of this dataset have changed on disk. */
  readonly onDisk = this.#onDisk.event;

  constructor(
    private readonly setting: PathSetting,
    private readonly launch: Launch,
  ) {
    this.#subscription = setting.onChange(() => this.#follow());
    this.#watch();
  }

  /** Absolute folders, in the order they were added. */
  get folders(): readonly string[] {
    return this.setting.paths;
  }

  knowledgeOf(folder: string): Knowledge | undefined {
    return this.#known.get(folder);
  }

  async add(folder: string): Promise<void> {
    if (!this.folders.includes(folder)) await this.setting.write([...this.folders, folder]);
    this.look(folder);
  }

  async remove(folder: string): Promise<void> {
    await this.setting.write(this.folders.filter((each) => each !== folder));
  }

  /** The list has changed: ends what goes on for folders that are no longer in it. */
  #follow(): void {
    const { folders } = this;
    for (const folder of [...this.#known.keys(), ...this.#running.keys()]) {
      if (folders.includes(folder)) continue;
      this.#running.get(folder)?.controller.abort();
      this.#known.delete(folder);
      this.#clearDiagnostics(folder);
    }
    this.#watch();
    this.#changed.fire(undefined);
  }

  #watch(): void {
    const { folders } = this;
    for (const [folder, watcher] of this.#watchers) {
      if (folders.includes(folder)) continue;
      watcher.dispose();
      this.#watchers.delete(folder);
    }
    for (const folder of folders)
      if (!this.#watchers.has(folder))
        this.#watchers.set(
          folder,
          watchImages(folder, () => this.changed(folder)),
        );
  }

  /** Something of a dataset was changed by this window: what is known of it is looked up without waiting. */
  changed(folder: string): void {
    this.#onDisk.fire(folder);
    if (this.folders.includes(folder)) this.#lookAgain(folder);
  }

  /** Inspects again what was inspected before; one that was not is inspected when it is looked at. */
  #lookAgain(folder: string): void {
    if (!this.#known.has(folder)) return;
    const running = this.#running.get(folder)?.result.catch(() => undefined);
    this.#queue = Promise.all([this.#queue, running]).then(async () => {
      if (!this.folders.includes(folder)) return;
      await this.inspect(folder).catch((error: unknown) => {
        if (!isCancel(error)) throw error;
      });
    });
  }

  /** Inspects in the background, one dataset at a time, unless it was done; the classes are shown at once. */
  look(folder: string): void {
    if (this.#known.has(folder)) return;
    if (this.#running.size > 0 && !this.#running.has(folder)) void this.#peek(folder);
    this.#queue = this.#queue.then(async () => {
      const known = this.#known.get(folder);
      const isPeeked = known?.inspection && known.read?.isStopped === false;
      if ((known && !isPeeked) || !this.folders.includes(folder)) return;
      // A cancel, e.g. by removing the dataset, ends this one only.
      await this.inspect(folder).catch((error: unknown) => {
        if (!isCancel(error)) throw error;
      });
    });
  }

  /** The classes of a dataset whose inspection waits for others: the inspection is ended as soon as it knows them. */
  async #peek(folder: string): Promise<void> {
    const controller = new AbortController();
    const run = runCommand(this.launch, 'inspect', {
      script: 'main',
      args: [folder, '--background'],
      signal: controller.signal,
      onOutput: (output) => {
        if (output.type !== 'found' || controller.signal.aborted) return;
        controller.abort();
        if (!this.#known.has(folder) && this.folders.includes(folder))
          this.#note(folder, { inspection: output, read: { done: 0, total: imagesIn(output), isStopped: false } });
      },
    });
    // What is wrong with the dataset is said by the inspection that follows.
    await run.catch(() => undefined);
  }

  /** Forgets the results, so the datasets are inspected again. */
  forget(): void {
    this.#known.clear();
    this.#changed.fire(undefined);
  }

  /** Inspects now. Problems of the dataset are part of the result; only a cancel is thrown. */
  async inspect(folder: string, signal?: AbortSignal): Promise<Knowledge> {
    signal?.throwIfAborted();
    const running = this.#running.get(folder) ?? this.#start(folder, signal === undefined);
    const cancel = () => running.controller.abort();
    signal?.addEventListener('abort', cancel, { once: true });
    return running.result.finally(() => signal?.removeEventListener('abort', cancel));
  }

  /** Starts the one process that inspects a dataset. */
  #start(folder: string, isBackground: boolean): Running {
    const controller = new AbortController();
    const result = this.#inspect(folder, controller.signal)
      .then((knowledge) => {
        this.#note(folder, knowledge);
        this.#showDiagnostics(folder, knowledge.inspection?.problems ?? []);
        return knowledge;
      })
      .catch((error: unknown) => {
        this.#noteStopped(folder);
        throw error;
      })
      .finally(() => this.#running.delete(folder));
    const running: Running = { controller, result, isBackground };
    this.#running.set(folder, running);
    return running;
  }

  /** What is known before all images are read. */
  #noteFound(folder: string, inspection: Inspection, { done, total }: { done: number; total: number }): void {
    this.#note(folder, { inspection, read: { done, total, isStopped: false } });
    const running = this.#running.get(folder);
    if (!running) return;
    running.report?.(t('{0} of {1} images', count(done), count(total)), (100 * done) / Math.max(1, total));
    if (running.isBackground && !running.report && total >= many) this.#offerCancel(folder, running);
  }

  #offerCancel(folder: string, running: Running): void {
    void withProgress(t('Checking the images of “{0}”…', basename(folder)), (signal, report) => {
      running.report = report;
      signal.addEventListener('abort', () => running.controller.abort(), { once: true });
      return running.result.then(
        () => undefined,
        () => undefined,
      );
    });
  }

  /** Keeps what is known of a dataset whose inspection was cancelled, unless the dataset was removed. */
  #noteStopped(folder: string): void {
    const known = this.#known.get(folder);
    if (known?.inspection && known.read && this.folders.includes(folder))
      this.#note(folder, { ...known, read: { ...known.read, isStopped: true } });
  }

  #note(folder: string, knowledge: Knowledge): void {
    this.#known.set(folder, knowledge);
    this.#changed.fire(folder);
  }

  dispose(): void {
    for (const { controller } of this.#running.values()) controller.abort();
    vscode.Disposable.from(
      this.#subscription,
      ...this.#watchers.values(),
      this.#changed,
      this.#onDisk,
      this.#diagnostics,
    ).dispose();
  }

  async #inspect(folder: string, signal: AbortSignal): Promise<Knowledge> {
    if (!existsSync(folder)) return { error: errors.folderGone(folder).info };
    try {
      let found: Inspection | undefined;
      let reported = 0;
      const outputs = await runCommand(this.launch, 'inspect', {
        script: 'main',
        args: [folder, '--background'],
        signal,
        onOutput: (output) => {
          if (signal.aborted) return;
          if (output.type === 'found') this.#noteFound(folder, (found = output), { done: 0, total: imagesIn(output) });
          if (output.type !== 'progress' || !found || performance.now() - reported < betweenReports) return;
          reported = performance.now();
          this.#noteFound(folder, found, output);
        },
      });
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

/** Calls `onChange` after images, label files or folders of a folder have changed, once for changes close together. */
function watchImages(folder: string, onChange: () => void): vscode.Disposable {
  const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(vscode.Uri.file(folder), '**'));
  let waiting: NodeJS.Timeout | undefined;
  const note = ({ fsPath }: vscode.Uri) => {
    const name = basename(fsPath);
    if (name.startsWith('.') || !(isImage(fsPath) || /^[^.]+$|\.[ct]sv$/i.test(name) || name === excludeFile)) return;
    clearTimeout(waiting);
    waiting = setTimeout(onChange, untilInspected);
  };
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(note),
    watcher.onDidChange(note),
    watcher.onDidDelete(note),
    new vscode.Disposable(() => clearTimeout(waiting)),
  );
}
