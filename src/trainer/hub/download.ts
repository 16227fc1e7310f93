/** Downloads what is needed of a model or of a dataset of images from the Hugging Face hub into the shared cache. */
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
  /** Bytes that are there, of all that are needed; told at the beginning, the end, and some times a second. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  settings?: HubSettings | undefined;
  place?: Place | undefined;
  patience?: Partial<Patience> | undefined;
}

export interface Downloaded {
  /** The snapshot in the cache. */
  folder: string;
  /** What the revision is. */
  commit: string;
  files: number;
  bytes: number;
}

/** Files at a time: many small images wait for the line, not for its width. */
const parallel = 4;
/** Milliseconds between two words of progress. */
const pace = 500;

const entry = z.object({
  type: z.string(),
  path: z.string(),
  size: z.int().min(0),
  oid: z.string().regex(/^[0-9a-f]{40}$/),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/) }).nullish(),
});

/** What the library throws when an answer is no JSON, or not what it should be. */
function asWrongAnswer(error: unknown, { repository, place = {}, signal }: HubRequest): unknown {
  signal.throwIfAborted();
  return error instanceof UserError ? error : errors.hub.answerWrong(repository.id, reasonOf(error), place);
}

/** The commit that the repository's revision is now. */
async function resolveCommit(request: HubRequest): Promise<string> {
  const { repository, settings } = request;
  const revision = repository.revision ?? mainBranch;
  const asked = { name: repository.id, revision, hubUrl: settings.endpoint, fetch: hubFetch(request) };
  const answer =
    repository.kind === 'model'
      ? modelInfo({ ...asked, additionalFields: ['sha'] })
      : datasetInfo({ ...asked, additionalFields: ['sha'] });
  const { sha } = await answer.catch((error: unknown) => {
    throw asWrongAnswer(error, request);
  });
  if (typeof sha !== 'string' || !isCommit(sha))
    throw errors.hub.answerWrong(repository.id, 'sha', request.place ?? {});
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
      const { path, size, oid, lfs } = entry.parse(found);
      if (!isSafe(path)) throw errors.hub.nameUnsafe(id, path, place);
      files.push({ path, size, hash: lfs?.oid ?? oid });
    }
  } catch (error) {
    throw asWrongAnswer(error, request);
  }
  return files;
}

/** What the disk says when the cache cannot be written. */
function asCacheError(error: unknown, cache: string): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return errors.hub.diskFull(cache);
  if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|EISDIR)$/.test(code ?? ''))
    return errors.hub.cacheUnwritable(cache, reasonOf(error));
  return error;
}

/** Downloads files and links them into the snapshot, in the order given but for `parallel` at a time. */
class SnapshotDownload {
  readonly #bytes = new Map<string, number>();
  #total = 0;
  #told = 0;

  constructor(
    readonly commit: string,
    private readonly request: HubRequest,
    private readonly onProgress: DownloadOptions['onProgress'],
  ) {}

  get folder(): string {
    return snapshotFolder(this.request.repository, this.commit, this.request.settings.cache);
  }

  /** Adds to what `progress` counts. Checked here, before a byte is fetched: room for all of it. */
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
    this.#tell(true);
  }

  async fetch(files: readonly RemoteFile[]): Promise<void> {
    const waiting = [...files];
    // One that fails ends the others, and they are waited for: nothing goes on after the error is thrown.
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
    this.#tell(true);
  }

  async #fetchOne(file: RemoteFile, request: HubRequest): Promise<void> {
    await pointTo(await this.blob(file, request), join(this.folder, ...file.path.split('/')));
    this.#bytes.set(file.path, file.size);
    this.#tell(false);
  }

  /** The path of a file's content, which is fetched if need be, and which the snapshot does not show yet. */
  async blob(file: RemoteFile, request = this.request): Promise<string> {
    request.signal.throwIfAborted();
    return (
      (await findBlob(file, request)) ??
      downloadBlob(file, this.commit, request, (bytes) => {
        this.#bytes.set(file.path, bytes);
        this.#tell(false);
      })
    );
  }

  #tell(now: boolean): void {
    if (!now && performance.now() - this.#told < pace) return;
    this.#told = performance.now();
    let done = 0;
    for (const bytes of this.#bytes.values()) done += bytes;
    this.onProgress?.(done, this.#total);
  }
}

/** Resolves the revision, lists the files and hands both to `get`, which says what it downloaded. */
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
    const commit = revision !== undefined && isCommit(revision) ? revision : await resolveCommit(request);
    const snapshot = new SnapshotDownload(commit, request, onProgress);
    const got = await get(snapshot, await listRemote(commit, request), request);
    // Last, so that the branch never leads to half a model.
    await writeRef(repository, commit, cache);
    return { folder: snapshot.folder, commit, files: got.length, bytes: got.reduce((sum, { size }) => sum + size, 0) };
  } catch (error) {
    throw asCacheError(error, cache);
  }
}

/** The one safetensors file or the shards that an index names, with the configs. */
async function getSafetensors(
  snapshot: SnapshotDownload,
  files: readonly RemoteFile[],
  name: string,
  place: Place,
): Promise<RemoteFile[]> {
  const of = (path: string): RemoteFile[] => files.filter((file) => file.path === path);
  const config = [...of(modelFiles.config), ...of(modelFiles.preprocessor)];
  const weights = of(modelFiles.weights);
  const small = weights.length ? config : [...config, ...of(modelFiles.index)];
  let large = weights;
  if (weights.length) await snapshot.expect([...small, ...large]);
  else await snapshot.expect(small);
  await snapshot.fetch(small);
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

/** An ONNX file, the weights beside it, and how images are prepared for it. */
async function getOnnx(
  snapshot: SnapshotDownload,
  files: readonly RemoteFile[],
  onnx: RemoteFile,
  { name, weightFiles, place }: { name: string; weightFiles: WeightFiles; place: Place },
): Promise<RemoteFile[]> {
  const inFolder = (path: string): string => posix.join(posix.dirname(onnx.path), path);
  const prepared = new Set([modelFiles.preprocessor, inFolder(modelFiles.preprocessor)]);
  const small = files.filter(({ path }) => prepared.has(path));
  await snapshot.expect([...small, onnx]);
  await snapshot.fetch(small);
  const beside = [...new Set(await weightFiles(await snapshot.blob(onnx), `${name}:${onnx.path}`))].map((location) => {
    const found = files.find(({ path }) => path === inFolder(location));
    if (!found) throw errors.hub.fileMissing(name, inFolder(location), place);
    return found;
  });
  await snapshot.expect(beside);
  await snapshot.fetch(beside);
  // Last, so that whoever sees it has its weights, too.
  await snapshot.fetch([onnx]);
  return [...small, ...beside, onnx];
}

/** The ONNX file that is meant where none is named: the one that exporters call so, or the only one. */
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

/** The names of the files beside an ONNX file in which it has weights; `name` is for messages. */
export type WeightFiles = (path: string, name: string) => Promise<string[]>;

/**
 * Downloads a model; what is in the cache already is not fetched again. It is the config, the preprocessor's config and
 * the safetensors weights; of a repository that has no such weights, or where one is named, an ONNX file with the
 * weights beside it.
 * @throws UserError for each reason for which that may fail.
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
      return getSafetensors(snapshot, files, name, place);
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

/** The folder in which a dataset's classes or splits are: many repositories keep them in `data`. */
async function imagesIn(snapshot: string): Promise<string> {
  const entries = await readdir(snapshot, { withFileTypes: true });
  const folders = entries.filter((found) => found.isDirectory() && !found.name.startsWith('.'));
  return folders.length === 1 && folders[0]!.name === 'data' ? join(snapshot, 'data') : snapshot;
}

/**
 * Downloads the images of a dataset in ImageFolder form (`class/…` or `train/class/…`, all perhaps in `data/`), and
 * its `labels.csv`. `folder` is where the classes or splits are.
 * @throws UserError for each reason for which that may fail; for one that has no images as files, too.
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

/** The snapshot of a model that is wholly in the cache. */
export async function findModel(repository: Omit<Repository, 'kind'>, cache: string): Promise<string | undefined> {
  const found = await findSnapshot({ ...repository, kind: 'model' }, cache);
  if (found === undefined) return undefined;
  const isWhole = repository.file === undefined && (await isWholeModel(found));
  return isWhole || (await findOnnx(found, repository.file)) !== undefined ? found : undefined;
}

/** The folder of images of a dataset that is wholly in the cache, and its commit. */
export async function findDataset(
  repository: Omit<Repository, 'kind'>,
  cache: string,
): Promise<Pick<Downloaded, 'folder' | 'commit'> | undefined> {
  const found = await findSnapshot({ ...repository, kind: 'dataset' }, cache);
  return found !== undefined && (await isWholeDataset(found))
    ? { folder: await imagesIn(found), commit: basename(found) }
    : undefined;
}
