/** Downloads the needed files of a model or an image dataset from the Hugging Face hub into the shared cache. */
import { mkdir, readdir, readFile, statfs } from 'node:fs/promises';
import { basename, join, posix } from 'node:path';
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import * as z from 'zod';
import { errors, reasonOf, UserError, type Place } from '../errors/errors.js';
import { bytesLeft, downloadBlob, findBlob, type RemoteFile } from './downloadBlob.js';
import {
  findOnnx,
  findSnapshot,
  isWholeDataset,
  isWholeModel,
  markOnnx,
  markWholeDataset,
  modelFiles,
  onnxPlaces,
  pointTo,
  shardsOf,
  snapshotFolder,
  writeRef,
} from './hubCache.js';
import { hubFetch, type HubRequest, type Patience } from './hubFetch.js';
import { hubSettings, type HubSettings } from './hubSettings.js';
import { hubName, isCommit, isSafe, mainBranch, type Repository } from './repository.js';

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Receives the downloaded and the total bytes: at the start, at the end, and a few times per second. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  settings?: HubSettings | undefined;
  place?: Place | undefined;
  patience?: Partial<Patience> | undefined;
  /** Of a model: receives the licence that its card states, or that it states none, before any file is requested. */
  onLicence?: ((licence: string | undefined) => void) | undefined;
  /** Throws for the config.json of a model that cannot be read, before its weights are requested. */
  checkConfig?: ((file: string) => Promise<void>) | undefined;
}

export interface Downloaded {
  /** The snapshot in the cache. */
  folder: string;
  /** The commit of the revision. */
  commit: string;
  files: number;
  bytes: number;
}

/** Files downloaded in parallel: for many small images latency counts, not bandwidth. */
const parallel = 4;
/** Milliseconds between two progress reports. */
const pace = 500;

const fileRecord = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().min(0),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/) }).nullish(),
});

/** Converts the error that the library throws for a response that is not JSON or has an unexpected form. */
function asInvalidResponse(error: unknown, { repository, place = {}, signal }: HubRequest): unknown {
  signal.throwIfAborted();
  return error instanceof UserError ? error : errors.hub.responseInvalid(repository.id, reasonOf(error), place);
}

/** What a model's card states as its licence, if anything. */
function licenceOf(card: { cardData?: unknown }): string | undefined {
  const { license, license_name: name } = (card.cardData ?? {}) as Record<string, unknown>;
  // "other" has its name beside it.
  const stated = license === 'other' && typeof name === 'string' ? name : license;
  const all = (Array.isArray(stated) ? stated : [stated]).filter((each) => typeof each === 'string' && each !== '');
  return all.length ? all.join(', ') : undefined;
}

/** The current commit of the repository's revision. */
async function resolveCommit(request: HubRequest, onLicence: DownloadOptions['onLicence']): Promise<string> {
  const { repository, settings } = request;
  const revision = repository.revision ?? mainBranch;
  const parameters = { name: repository.id, revision, hubUrl: settings.endpoint, fetch: hubFetch(request) };
  const info =
    repository.kind === 'model'
      ? modelInfo({ ...parameters, additionalFields: ['sha', 'cardData'] })
      : datasetInfo({ ...parameters, additionalFields: ['sha'] });
  const { sha, ...card } = await info.catch((error: unknown) => {
    throw asInvalidResponse(error, request);
  });
  if (typeof sha !== 'string' || !isCommit(sha))
    throw errors.hub.responseInvalid(repository.id, 'sha', request.place ?? {});
  if (repository.kind === 'model') onLicence?.(licenceOf(card as { cardData?: unknown }));
  return sha;
}

/** Every file of the repository at a commit. */
async function listRemote(commit: string, request: HubRequest): Promise<RemoteFile[]> {
  const { repository, settings, place = {} } = request;
  const { kind, id } = repository;
  const files: RemoteFile[] = [];
  try {
    for await (const found of listFiles({
      repo: { type: kind, name: id },
      revision: commit,
      recursive: true,
      hubUrl: settings.endpoint,
      fetch: hubFetch(request),
    })) {
      if (found.type !== 'file') continue;
      const { path, size, oid, lfs } = fileRecord.parse(found);
      if (!isSafe(path)) throw errors.hub.nameUnsafe(id, path, place);
      files.push({ path, size, hash: lfs?.oid ?? oid });
    }
  } catch (error) {
    throw asInvalidResponse(error, request);
  }
  return files;
}

/** Converts the system error of a cache that cannot be written. */
function asCacheError(error: unknown, cache: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return errors.hub.diskFull(cache);
  if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)$/.test(code ?? ''))
    return errors.hub.cacheUnwritable(cache, reasonOf(error));
  return error;
}

/** Downloads files, `parallel` at a time in the given order, and links them into the snapshot. */
class SnapshotDownload {
  readonly #bytes = new Map<string, number>();
  #total = 0;
  #reported = 0;

  constructor(
    readonly commit: string,
    private readonly request: HubRequest,
    private readonly onProgress: DownloadOptions['onProgress'],
  ) {}

  get folder(): string {
    return snapshotFolder(this.request.repository, this.commit, this.request.settings.cache);
  }

  /** Adds files to the total of `progress`, and checks the free disk space before anything is downloaded. */
  async expect(files: readonly RemoteFile[]): Promise<void> {
    const { cache } = this.request.settings;
    await mkdir(cache, { recursive: true });
    let needed = 0;
    for (const file of files) {
      this.#total += file.size;
      if (!(await findBlob(file, this.request))) needed += file.size - (await bytesLeft(file, this.request));
    }
    const { bavail, bsize } = await statfs(cache);
    if (needed > bavail * bsize) throw errors.hub.diskTooSmall(cache, needed, bavail * bsize);
    this.#report(true);
  }

  async fetch(files: readonly RemoteFile[]): Promise<void> {
    const waiting = [...files];
    // A failure cancels the other downloads and waits for them: nothing continues after the error is thrown.
    const failed = new AbortController();
    const request = { ...this.request, signal: AbortSignal.any([this.request.signal, failed.signal]) };
    let reason: unknown;
    const work = async (): Promise<void> => {
      for (let file = waiting.shift(); file && !failed.signal.aborted; file = waiting.shift()) {
        try {
          await this.#fetchOne(file, request);
        } catch (error) {
          if (!failed.signal.aborted) reason = error;
          failed.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, work));
    if (failed.signal.aborted) throw reason;
    this.#report(true);
  }

  async #fetchOne(file: RemoteFile, request: HubRequest): Promise<void> {
    await pointTo(await this.blob(file, request), join(this.folder, ...file.path.split('/')));
    this.#bytes.set(file.path, file.size);
    this.#report(false);
  }

  /** The path of a file's content, downloaded if necessary; it is not linked into the snapshot yet. */
  async blob(file: RemoteFile, request = this.request): Promise<string> {
    request.signal.throwIfAborted();
    return (
      (await findBlob(file, request)) ??
      downloadBlob(file, this.commit, request, (bytes) => {
        this.#bytes.set(file.path, bytes);
        this.#report(false);
      })
    );
  }

  #report(now: boolean): void {
    if (!now && performance.now() - this.#reported < pace) return;
    this.#reported = performance.now();
    let done = 0;
    for (const bytes of this.#bytes.values()) done += bytes;
    this.onProgress?.(done, this.#total);
  }
}

/** Resolves the revision, lists the files and passes both to `get`, which returns what it downloaded. */
async function download(
  repository: Repository,
  options: DownloadOptions,
  get: (snapshot: SnapshotDownload, files: RemoteFile[], request: HubRequest) => Promise<RemoteFile[]>,
): Promise<Downloaded> {
  const { signal = new AbortController().signal, onProgress, place, patience } = options;
  const request: HubRequest = {
    repository,
    settings: options.settings ?? (await hubSettings()),
    signal,
    place,
    patience,
  };
  const { cache } = request.settings;
  try {
    const { revision } = repository;
    const commit =
      revision !== undefined && isCommit(revision) ? revision : await resolveCommit(request, options.onLicence);
    const snapshot = new SnapshotDownload(commit, request, onProgress);
    const got = await get(snapshot, await listRemote(commit, request), request);
    // Last, so that the branch never points to an incomplete model.
    await writeRef(repository, commit, cache);
    return { folder: snapshot.folder, commit, files: got.length, bytes: got.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    throw asCacheError(error, cache);
  }
}

/** The single safetensors file, or the shards named by an index, with the configs. */
async function getSafetensors(
  snapshot: SnapshotDownload,
  files: readonly RemoteFile[],
  name: string,
  { place = {}, checkConfig }: Pick<DownloadOptions, 'place' | 'checkConfig'>,
): Promise<RemoteFile[]> {
  const of = (path: string): RemoteFile[] => files.filter((file) => file.path === path);
  const config = [modelFiles.config, modelFiles.preprocessor, modelFiles.processor].flatMap(of);
  const weights = of(modelFiles.weights);
  const small = weights.length ? config : [...config, ...of(modelFiles.index)];
  let large = weights;
  if (weights.length) await snapshot.expect([...small, ...large]);
  else await snapshot.expect(small);
  await snapshot.fetch(small);
  await checkConfig?.(join(snapshot.folder, modelFiles.config));
  if (!weights.length) {
    const file = join(snapshot.folder, modelFiles.index);
    const shards = shardsOf(await readFile(file, 'utf8'));
    if (!shards?.length) throw errors.safetensors.indexInvalid(file, 'weight_map');
    large = shards.map((shard) => {
      const [found] = of(shard);
      if (!found || !/^[^/]+\.safetensors$/.test(shard)) throw errors.hub.fileMissing(name, shard, place);
      return found;
    });
    await snapshot.expect(large);
  }
  await snapshot.fetch(large);
  return [...small, ...large];
}

/** An ONNX file, its external weights, and what says how its images are prepared. */
async function getOnnx(
  snapshot: SnapshotDownload,
  files: readonly RemoteFile[],
  onnx: RemoteFile,
  { name, weightFiles, place }: { name: string; weightFiles: WeightFiles; place: Place },
): Promise<RemoteFile[]> {
  const inFolder = (path: string): string => posix.join(posix.dirname(onnx.path), path);
  const configs = [modelFiles.config, modelFiles.preprocessor, modelFiles.processor];
  const prepared = new Set(configs.flatMap((each) => [each, inFolder(each)]));
  const small = files.filter(({ path }) => prepared.has(path));
  await snapshot.expect([...small, onnx]);
  await snapshot.fetch(small);
  const external = [...new Set(await weightFiles(await snapshot.blob(onnx), `${name}:${onnx.path}`))].map(
    (location) => {
      const found = files.find(({ path }) => path === inFolder(location));
      if (!found) throw errors.hub.fileMissing(name, inFolder(location), place);
      return found;
    },
  );
  await snapshot.expect(external);
  await snapshot.fetch(external);
  // Last, so that an existing ONNX file always has its weights.
  await snapshot.fetch([onnx]);
  return [...small, ...external, onnx];
}

/** The ONNX file if none is named: one with the usual name of exporters, or the only one. */
function onlyOnnx(
  files: readonly RemoteFile[],
  repository: Omit<Repository, 'kind'>,
  place: Place,
): RemoteFile | undefined {
  const found = files.filter(({ path }) => /\.onnx$/i.test(path));
  const usual = onnxPlaces.flatMap((usualPath) => found.filter(({ path }) => path === usualPath));
  if (usual.length || found.length < 2) return usual[0] ?? found[0];
  const paths = found.map(({ path }) => path).sort();
  throw errors.hub.onnxFilesMany(hubName(repository), paths, hubName({ ...repository, file: paths[0] }), place);
}

/** The names of the external weight files of an ONNX file; `name` is for messages. */
export type WeightFiles = (path: string, name: string) => Promise<string[]>;

/**
 * Downloads a model: the config, the preprocessor's config and the safetensors weights. If the repository has no such
 * weights, or if an ONNX file is named, it downloads that file with its external weights. Cached files are kept.
 * @throws UserError for every expected failure.
 */
export async function downloadModel(
  repository: Omit<Repository, 'kind'>,
  weightFiles: WeightFiles,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  return download({ ...repository, kind: 'model' }, options, async (snapshot, files, { place = {} }) => {
    const { file, ...whole } = repository;
    const name = hubName(whole);
    const has = (path: string): boolean => files.some((each) => each.path === path);
    if (file === undefined && has(modelFiles.config) && (has(modelFiles.weights) || has(modelFiles.index)))
      return getSafetensors(snapshot, files, name, options);
    const onnx = file === undefined ? onlyOnnx(files, whole, place) : files.find(({ path }) => path === file);
    if (onnx) {
      const got = await getOnnx(snapshot, files, onnx, { name, weightFiles, place });
      if (file === undefined) await markOnnx(snapshot.folder, onnx.path);
      return got;
    }
    if (file !== undefined) throw errors.hub.fileMissing(name, file, place);
    const pickle = files.find(({ path }) => /^[^/]+\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$/.test(path));
    throw pickle && has(modelFiles.config)
      ? errors.hub.pickleOnly(name, pickle.path, place)
      : errors.hub.notModel(name, place);
  });
}

/** The folder of a dataset's classes or splits: many repositories keep them in `data`. */
async function imagesIn(snapshot: string): Promise<string> {
  const entries = await readdir(snapshot, { withFileTypes: true });
  const folders = entries.filter((found) => found.isDirectory() && !found.name.startsWith('.'));
  return folders.length === 1 && folders[0]!.name === 'data' ? join(snapshot, 'data') : snapshot;
}

/**
 * Downloads the images of a dataset in ImageFolder form (`class/…` or `train/class/…`, optionally within `data/`), and
 * its `labels.csv`. `folder` is the folder of the classes or splits.
 * @throws UserError for every expected failure, also for a dataset without image files.
 */
export async function downloadDataset(
  repository: Omit<Repository, 'kind'>,
  isImage: (path: string) => boolean,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const done = await download({ ...repository, kind: 'dataset' }, options, async (snapshot, files, { place = {} }) => {
    const images = files.filter(({ path }) => path.includes('/') && isImage(path));
    if (!images.length) {
      const packed = files.find(({ path }) => /\.(parquet|arrow|zip|tar|tgz|gz|7z|tfrecord|jsonl)$/i.test(path));
      throw errors.hub.notImageFolder(hubName(repository), packed?.path, place);
    }
    const wanted = [...files.filter(({ path }) => /(^|\/)labels\.csv$/.test(path)), ...images];
    await snapshot.expect(wanted);
    await snapshot.fetch(wanted);
    await markWholeDataset(snapshot.folder);
    return wanted;
  });
  return { ...done, folder: await imagesIn(done.folder) };
}

/** The snapshot of a model that is completely cached. */
export async function findModel(repository: Omit<Repository, 'kind'>, cache: string): Promise<string | undefined> {
  const found = await findSnapshot({ ...repository, kind: 'model' }, cache);
  if (found === undefined) return undefined;
  const isWhole = repository.file === undefined && (await isWholeModel(found));
  return isWhole || (await findOnnx(found, repository.file)) !== undefined ? found : undefined;
}

/** The image folder of a completely cached dataset, and its commit. */
export async function findDataset(
  repository: Omit<Repository, 'kind'>,
  cache: string,
): Promise<Pick<Downloaded, 'folder' | 'commit'> | undefined> {
  const found = await findSnapshot({ ...repository, kind: 'dataset' }, cache);
  return found !== undefined && (await isWholeDataset(found))
    ? { folder: await imagesIn(found), commit: basename(found) }
    : undefined;
}
