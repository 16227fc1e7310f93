/** Addresses for the sockets of trainers, and whether an address found in a lock is one. */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOurSocket as isOurs, isPrivate, type PathFacts } from '../../shared/runSocket.js';
import { codeOf } from '../core/files.js';

/** macOS allows 104 bytes with the closing zero, Linux 108. */
const longestSocketPath = 103;

const user = process.getuid?.();

async function look(path: string): Promise<PathFacts | undefined> {
  const found = await lstat(path).catch(() => undefined);
  const kind = found?.isSocket() ? 'socket' : found?.isDirectory() ? 'folder' : 'other';
  return found && { kind, owner: found.uid, mode: found.mode };
}

/** A folder in `parent` that only this user may enter. Another user may have taken the first name. */
async function privateFolder(parent: string): Promise<string> {
  const folder = join(parent, `vitune-${user}`);
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (codeOf(error) !== 'EEXIST') throw error;
  });
  return isPrivate(await look(folder), user) ? folder : mkdtemp(`${folder}-`);
}

/** An address that nobody listens at yet. */
export async function freshAddress(): Promise<string> {
  const name = randomBytes(6).toString('hex');
  if (process.platform === 'win32') return `\\\\.\\pipe\\vitune-${name}`;
  const fits = (folder: string) =>
    Buffer.byteLength(join(folder, `vitune-${user}-123456`, `${name}.sock`)) <= longestSocketPath;
  return join(await privateFolder(fits(tmpdir()) ? tmpdir() : '/tmp'), `${name}.sock`);
}

export const isOurSocket = (address: string): Promise<boolean> =>
  isOurs(address, { isWindows: process.platform === 'win32', user, look });
