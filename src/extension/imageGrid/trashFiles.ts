/** Moves files to the trash and puts them back: each is kept under a second name until its change is forgotten. */
import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import { errors } from '../errors/errors.js';
import { ask } from '../notify.js';
import { count } from '../runs/count.js';
import { isMissing } from '../trainer/runFolder.js';
import { keepFile } from './keepFile.js';
import type { Held } from './work.js';

const { t } = vscode.l10n;

/** Kept files of a window that crashed are removed after so many milliseconds. */
const longest = 24 * 3_600_000;

export class TrashFiles implements vscode.Disposable {
  /** This window's own. */
  readonly #folder: string;

  constructor(private readonly parent: string) {
    this.#folder = join(parent, randomUUID());
  }

  /** Where a file is kept. */
  placeOf(path: string): string {
    return join(this.#folder, randomUUID(), basename(path));
  }

  /** `undefined`: the user wants them to stay, where there is no trash. */
  async trash(
    files: readonly Held[],
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): Promise<{ done: Held[]; rest: Held[]; left: ErrorInfo[] } | undefined> {
    const done: Held[] = [];
    const left: ErrorInfo[] = [];
    let useTrash = true;
    for (const [at, { path, copy }] of files.entries()) {
      if (signal.aborted) return { done, rest: files.slice(at), left };
      try {
        // What an end in the middle left is made anew, as long as the file itself is there.
        if (existsSync(path)) await rm(dirname(copy), { recursive: true, force: true });
        await keepFile(path, copy);
        await remove(path, useTrash);
        done.push({ path, copy });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        if (useTrash && isThereNoTrash(error) && existsSync(path)) {
          if (!(await askForGood(files.length - at)))
            return done.length > 0 ? { done, rest: files.slice(at), left } : undefined;
          useTrash = false;
          await remove(path, false).then(
            () => done.push({ path, copy }),
            (again: Error) => left.push(errors.notTrashed(path, again.message).info),
          );
        } else left.push((isMissing(error) ? errors.moveGone(path) : errors.notTrashed(path, reason)).info);
      }
      onProgress(at + 1);
    }
    return { done, rest: [], left };
  }

  /** Puts files back where they were; none takes the place of another. */
  async restore(files: readonly Held[]): Promise<{ done: Held[]; left: ErrorInfo[] }> {
    const done: Held[] = [];
    const left: ErrorInfo[] = [];
    for (const { path, copy } of files) {
      try {
        await keepFile(copy, path);
        await rm(dirname(copy), { recursive: true, force: true });
        done.push({ path, copy });
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        const reason = error instanceof Error ? error.message : String(error);
        left.push((code === 'EEXIST' ? errors.moveTaken(copy, path) : errors.notMoved(path, reason)).info);
      }
    }
    return { done, left };
  }

  async forget(files: readonly Held[]): Promise<void> {
    for (const { copy } of files) await rm(dirname(copy), { recursive: true, force: true });
  }

  /** What this window keeps ends with it. */
  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Removes what crashed windows left behind. */
  async clear(): Promise<void> {
    const names = await readdir(this.parent).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    for (const name of names) {
      const folder = join(this.parent, name);
      const { mtimeMs } = await stat(folder);
      if (Date.now() - mtimeMs > longest) await rm(folder, { recursive: true, force: true });
    }
  }
}

const remove = (path: string, useTrash: boolean): Thenable<void> =>
  vscode.workspace.fs.delete(vscode.Uri.file(path), { useTrash });

/** A remote window has no trash, and the editor has no code for that. */
const isThereNoTrash = (error: unknown): boolean =>
  !(error instanceof vscode.FileSystemError && ['NoPermissions', 'FileNotFound'].includes(error.code));

const askForGood = (images: number): Promise<boolean> =>
  ask(
    images === 1 ? t('Delete the image for good?') : t('Delete {0} images for good?', count(images)),
    t('Delete for Good'),
    t('There is no trash where this window runs. Undo puts them back until the window is closed.'),
  );
