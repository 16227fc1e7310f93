/** The cache folder that Hugging Face's own tools fill and read: `models--owner--name/{blobs,refs,snapshots}`. */
import { copyFile, link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isThere } from '../core/files.js';
import { renamePatiently } from '../core/renamePatiently.js';
import { isCommit, isHubId, isRevision, isSafe, mainBranch, type Repository } from './repository.js';

/** The folder of a repository in the cache. */
export const repositoryFolder = ({ kind, id }: Repository, cache: string): string =>
  join(cache, `${kind}s--${id.replace('/', '--')}`);

export const snapshotFolder = (repository: Repository, commit: string, cache: string): string =>
  join(repositoryFolder(repository, cache), 'snapshots', commit);

/**
 * The folder of a cached repository at its revision; without a revision at `main`, else the newest snapshot. Undefined
 * when it is not cached. Files may be missing.
 */
export async function findSnapshot(repository: Repository, cache: string): Promise<string | undefined> {
  const { id, revision } = repository;
  if (!isHubId(id) || (revision !== undefined && !isRevision(revision))) return undefined;
  const folder = repositoryFolder(repository, cache);
  const snapshots = join(folder, 'snapshots');
  const commits = await readdir(snapshots).catch((): string[] => []);
  const text = await readFile(join(folder, 'refs', ...(revision ?? mainBranch).split('/')), 'utf8').catch(() => '');
  const commit = revision !== undefined && isCommit(revision) ? revision : text.trim();
  if (commits.includes(commit)) return join(snapshots, commit);
  if (revision !== undefined) return undefined;
  const dated = await Promise.all(
    commits.map(async (name) => ({ name, time: (await stat(join(snapshots, name))).mtimeMs })),
  );
  const newest = dated.sort((a, b) => b.time - a.time)[0];
  return newest && join(snapshots, newest.name);
}

export const modelFiles = {
  config: 'config.json',
  preprocessor: 'preprocessor_config.json',
  /** Where transformers 5 puts what images and texts are prepared by. */
  processor: 'processor_config.json',
  weights: 'model.safetensors',
  index: 'model.safetensors.index.json',
};

/** The usual paths of an ONNX file, relative to the folder of the model. */
export const onnxPlaces = ['model.onnx', 'onnx/model.onnx'];

/** The names of the shards in the text of an index; undefined if it is not an index. */
export function shardsOf(index: string): string[] | undefined {
  try {
    const map: unknown = (JSON.parse(index) as { weight_map?: unknown } | null)?.weight_map;
    const shards = Object.values(map as object);
    return shards.every((shard): shard is string => typeof shard === 'string') ? [...new Set(shards)] : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a snapshot has the config and all weights. Only complete files are linked, the weights last. */
export async function isWholeModel(folder: string): Promise<boolean> {
  if (!(await isThere(join(folder, modelFiles.config)))) return false;
  if (await isThere(join(folder, modelFiles.weights))) return true;
  const shards = shardsOf(await readFile(join(folder, modelFiles.index), 'utf8').catch(() => ''));
  if (!shards?.length) return false;
  return (await Promise.all(shards.map((shard) => isThere(join(folder, shard))))).every(Boolean);
}

/**
 * A file next to the snapshots that records what is complete in a commit, where the files themselves do not show it.
 * Hugging Face's tools ignore it.
 */
const markOf = (snapshot: string): string => join(dirname(dirname(snapshot)), '.vitune', basename(snapshot));

async function mark(snapshot: string, text: string): Promise<void> {
  await mkdir(dirname(markOf(snapshot)), { recursive: true });
  await writeFile(markOf(snapshot), text);
}

/** Whether all images of a dataset's commit are cached. */
export const isWholeDataset = (snapshot: string): Promise<boolean> => isThere(markOf(snapshot));
export const markWholeDataset = (snapshot: string): Promise<void> => mark(snapshot, '');

/** Records which ONNX file is the model, for a repository without other weights. */
export const markOnnx = (snapshot: string, file: string): Promise<void> => mark(snapshot, file);

/**
 * The ONNX file of a snapshot that is the model: `named`, else the one that `markOnnx` recorded; undefined if there is
 * none yet.
 */
export async function findOnnx(snapshot: string, named?: string): Promise<string | undefined> {
  const file = named ?? (await readFile(markOf(snapshot), 'utf8').catch(() => ''));
  const path = join(snapshot, ...file.split('/'));
  return isSafe(file) && (await isThere(path)) ? path : undefined;
}

/** Records the commit of a branch or tag. It is renamed into place, so that nobody reads a partial file. */
export async function writeRef(repository: Repository, commit: string, cache: string): Promise<void> {
  const revision = repository.revision ?? mainBranch;
  if (isCommit(revision)) return;
  const file = join(repositoryFolder(repository, cache), 'refs', ...revision.split('/'));
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, commit);
  await renamePatiently(fresh, file);
}

/**
 * Makes `pointer`, a file of a snapshot, point to a blob. It is a relative symbolic link, so the cache can be moved.
 * Windows allows these only to developers and administrators; elsewhere it is a hard link, or a copy if the file system
 * has no hard links.
 */
export async function pointTo(blob: string, pointer: string, makeLink: typeof symlink = symlink): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  // Written under another name, then renamed: other processes may write it too, and a reader always finds one.
  const fresh = `${pointer}.${process.pid}.new`;
  await rm(fresh, { force: true });
  const refused = (error: NodeJS.ErrnoException): void => {
    if (!/^(EPERM|EACCES|ENOSYS|ENOTSUP|EOPNOTSUPP|EINVAL|EXDEV|EMLINK|UNKNOWN)$/.test(error.code ?? '')) throw error;
  };
  await makeLink(relative(dirname(pointer), blob), fresh)
    .catch(async (error: NodeJS.ErrnoException) => {
      refused(error);
      await link(blob, fresh);
    })
    .catch(async (error: NodeJS.ErrnoException) => {
      refused(error);
      await copyFile(blob, fresh);
    });
  await renamePatiently(fresh, pointer);
}
