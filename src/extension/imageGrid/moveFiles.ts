/** Moves files and folders through the editor, so that open editors follow; says of each why it was not moved. */
import { existsSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import type { Move } from '../../shared/imageChange.js';
import { errors } from '../errors/errors.js';
import { isThere } from './keepFile.js';

/** So many are one request to the editor, between which a cancel is heard. */
const together = 50;

export interface Moved {
  done: Move[];
  /** What a cancel left undone. */
  rest: Move[];
  left: ErrorInfo[];
  /** Folders that were made for it, the innermost first. */
  made: string[];
}

export async function moveFiles(
  moves: readonly Move[],
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Moved> {
  const moved: Moved = { done: [], rest: [], left: [], made: [] };
  const made = new Set<string>();
  for (let at = 0; at < moves.length; at += together) {
    const chunk = moves.slice(at, at + together);
    if (signal.aborted) {
      moved.rest.push(...moves.slice(at));
      break;
    }
    for (const { to } of chunk)
      for (let folder = dirname(to); !existsSync(folder) && !made.has(folder); folder = dirname(folder))
        made.add(folder);
    await moveChunk(chunk, moved);
    onProgress(Math.min(moves.length, at + together));
  }
  moved.made = [...made].sort((a, b) => b.length - a.length);
  return moved;
}

async function moveChunk(chunk: readonly Move[], moved: Moved): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  // One request refuses all where one cannot be: these are told apart first.
  const possible: Move[] = [];
  for (const move of chunk) {
    const reason = await obstacle(move);
    if (reason) moved.left.push(reason);
    else possible.push(move);
  }
  for (const { from, to } of possible)
    edit.renameFile(vscode.Uri.file(from), vscode.Uri.file(to), { overwrite: false });
  // Why one was refused, `moveOne` finds out.
  if (possible.length > 0) await vscode.workspace.applyEdit(edit).then(undefined, () => false);
  for (const move of possible) {
    if (await isMoved(move)) moved.done.push(move);
    else {
      const reason = await moveOne(move);
      if (reason) moved.left.push(reason);
      else moved.done.push(move);
    }
  }
}

async function obstacle({ from, to }: Move): Promise<ErrorInfo | undefined> {
  if (!(await isThere(from))) return errors.moveGone(from).info;
  // A name that only changes its case is there already, where the file system takes both for one.
  const isSame = from.toLowerCase() === to.toLowerCase();
  return !isSame && (await isThere(to)) ? errors.moveTaken(from, to).info : undefined;
}

const isMoved = async ({ from, to }: Move): Promise<boolean> => !(await isThere(from)) && (await isThere(to));

/** The editor said no without a reason: asked for one file alone, the file system gives it. */
async function moveOne({ from, to }: Move): Promise<ErrorInfo | undefined> {
  try {
    await vscode.workspace.fs.createDirectory(vscode.Uri.file(dirname(to)));
    await vscode.workspace.fs.rename(vscode.Uri.file(from), vscode.Uri.file(to), { overwrite: false });
    return undefined;
  } catch (error) {
    return errors.notMoved(from, error instanceof Error ? error.message : String(error)).info;
  }
}

const keepsFolder = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EBUSY', 'EROFS']);

/** Removes the folders that nothing is in. */
export async function prune(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      // Something else lies in it, it is gone, or it may not be removed: an empty folder harms nobody.
      if (!keepsFolder.has(error.code ?? '')) throw error;
    });
}
