/**
 * Downloads one file of a repository into the cache. It continues an interrupted download, and keeps the file only if
 * its hash is that of the hub.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeAll } from '../core/fileBytes.js';
import { renamePatiently } from '../core/renamePatiently.js';
import { errors, UserError } from '../errors/errors.js';
import { acquireBlobLock } from './blobLock.js';
import { repositoryFolder } from './hubCache.js';
import { hubFetch, networkReason, patienceOf, type HubRequest } from './hubFetch.js';

export interface RemoteFile {
  /** In the repository, with `/`. */
  path: string;
  /** In bytes. */
  size: number;
  /** The name of its blob: the SHA-256 of a large file (LFS), the git object id (SHA-1) of a small one. */
  hash: string;
  /** Where it lies, if not in a repository of the hub. */
  address?: string;
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

/** The hash of a file as on the hub: git prepends `blob SIZE\0` to the content. */
async function hashOf(path: string, { hash, size }: RemoteFile, signal: AbortSignal): Promise<string> {
  const found = hash.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path, { signal })) found.update(chunk as Buffer);
  return found.digest('hex');
}

/** The address of a file. That of the library does not escape `#`, `?` and `%` in names. */
function addressOf(file: RemoteFile, { repository: { kind, id }, settings }: HubRequest, commit: string): string {
  if (file.address !== undefined) return file.address;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  return `${settings.endpoint}/${kind === 'dataset' ? 'datasets/' : ''}${id}/resolve/${commit}/${path}`;
}

/** The blob of a completely cached file. */
export async function findBlob(file: RemoteFile, { repository, settings }: HubRequest): Promise<string | undefined> {
  const blob = join(repositoryFolder(repository, settings.cache), 'blobs', file.hash);
  return (await sizeOf(blob)) === file.size ? blob : undefined;
}

/** Bytes of a file from an interrupted download. */
export async function bytesLeft(file: RemoteFile, request: HubRequest): Promise<number> {
  const blob = join(repositoryFolder(request.repository, request.settings.cache), 'blobs', file.hash);
  return Math.min(file.size, (await sizeOf(partOf(blob))) ?? (await sizeOf(`${blob}.incomplete`)) ?? 0);
}

/** Separate from Python's `.incomplete`, which is read but never written: see `acquireBlobLock`. */
const partOf = (blob: string): string => `${blob}.vitune.incomplete`;

/**
 * Downloads a file and returns its blob's path. `onBytes` receives the number of downloaded bytes. An interrupted or
 * cancelled download keeps its bytes.
 * @throws UserError when the hub refuses the file, the hash is wrong or the disk is full.
 */
export async function downloadBlob(
  file: RemoteFile,
  commit: string,
  request: HubRequest,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const { repository, settings, signal } = request;
  const folder = repositoryFolder(repository, settings.cache);
  const blob = join(folder, 'blobs', file.hash);
  const part = partOf(blob);
  await mkdir(dirname(blob), { recursive: true });
  const release = await acquireBlobLock(
    join(settings.cache, '.locks', basename(folder), `${file.hash}.vitune.lock`),
    signal,
    async () => {
      onBytes(Math.min(file.size, (await sizeOf(part)) ?? 0));
    },
  );
  try {
    if (await findBlob(file, request)) return blob;
    if ((await sizeOf(part)) === undefined && (await sizeOf(`${blob}.incomplete`)) !== undefined)
      await copyFile(`${blob}.incomplete`, part);
    const resumed = ((await sizeOf(part)) ?? 0) > 0;
    await fetchInto(part, file, commit, request, onBytes);
    if ((await hashOf(part, file, signal)) !== file.hash) {
      await rm(part, { force: true });
      // The leftover bytes may be corrupt, e.g. after a crash of the machine: start once more from the beginning.
      if (resumed) await fetchInto(part, file, commit, request, onBytes);
      if (!resumed || (await hashOf(part, file, signal)) !== file.hash) {
        await rm(part, { force: true });
        throw errors.hub.hashWrong(repository.id, file.path, request.place ?? {});
      }
    }
    await renamePatiently(part, blob);
    return blob;
  } finally {
    await release();
  }
}

/** Fills `part` up to the file's size, with as many connections as necessary. */
async function fetchInto(
  part: string,
  file: RemoteFile,
  commit: string,
  request: HubRequest,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const { retry, attempts } = patienceOf(request);
  const handle = await open(part, 'a').then(async (made) => {
    await made.close();
    return open(part, 'r+');
  });
  try {
    let failures = 0;
    let position = (await handle.stat()).size;
    if (position > file.size) await handle.truncate((position = 0));
    while (position < file.size) {
      const before = position;
      try {
        position = await fetchFrom(position, handle, file, commit, request, onBytes);
      } catch (error) {
        request.signal.throwIfAborted();
        if (error instanceof UserError || !(error instanceof BrokenConnection)) throw error;
        position = error.position;
        failures = position > before ? 1 : failures + 1;
        if (failures === attempts)
          throw errors.hub.unreachable(new URL(request.settings.endpoint).host, error.message, request.place ?? {});
        await pause(retry * 2 ** (failures - 1), undefined, { signal: request.signal });
      }
    }
  } finally {
    await handle.close();
  }
}

/** The connection ended before the file did, at `position`. */
class BrokenConnection extends Error {
  constructor(
    reason: string,
    readonly position: number,
  ) {
    super(reason);
  }
}

/** Downloads over one connection; returns the new end of the downloaded part. */
async function fetchFrom(
  start: number,
  handle: FileHandle,
  file: RemoteFile,
  commit: string,
  request: HubRequest,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const { stall } = patienceOf(request);
  const silence = new AbortController();
  const response = await hubFetch({ ...request, signal: AbortSignal.any([request.signal, silence.signal]) })(
    addressOf(file, request, commit),
    {
      // Compressed bytes would have other positions.
      headers: { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
    },
  );
  const wrong = (): UserError => errors.hub.responseInvalid(request.repository.id, file.path, request.place ?? {});
  let position = start;
  if (response.status === 206 && !response.headers.get('content-range')?.startsWith(`bytes ${start}-`)) {
    await response.body?.cancel();
    throw wrong();
  }
  // A server without ranges starts from the beginning.
  if (start > 0 && response.status !== 206) await handle.truncate((position = 0));
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      const timer = setTimeout(() => silence.abort(), stall);
      const { done, value } = await reader
        .read()
        .catch((error: unknown) => {
          request.signal.throwIfAborted();
          throw new BrokenConnection(
            silence.signal.aborted ? `${stall / 1000} s without data` : networkReason(error),
            position,
          );
        })
        .finally(() => clearTimeout(timer));
      if (done) break;
      if (position + value.length > file.size) throw wrong();
      await writeAll(handle, value, position);
      position += value.length;
      onBytes(position);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (position < file.size) throw new BrokenConnection('the answer is too short', position);
  return position;
}
