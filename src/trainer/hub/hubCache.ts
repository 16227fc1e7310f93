/** The cache folder that Hugging Face's own tools fill and read: `models--owner--name/{blobs,refs,snapshots}`. */
import {
  access,
  copyFile,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isCommit, isHubId, isRevision, isSafe, mainBranch, type Repository } from './repository.js';

export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The folder of a repository in the cache. */
export const repositoryFolder = ({ kind, id }: Repository, cache: string): string =>
  join(cache, `${kind}s--${id.replace('/', '--')}`);

export const snapshotFolder = (repository: Repository, commit: string, cache: string): string =>
  join(repositoryFolder(repository, cache), 'snapshots', commit);

/**
 * The folder of a cached repository at its revision; without one at `main`, else the newest there is. Undefined when it
 * is not cached. Files of it may be missing.
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
  weights: 'model.safetensors',
  index: 'model.safetensors.index.json',
};

/** Where exporters put an ONNX file, seen from the folder of the model. */
export const onnxPlaces = ['model.onnx', 'onnx/model.onnx'];

/** The names of the shards in the text of an index; undefined when it is none. */
export function shardsOf(index: string): string[] | undefined {
  try {
    const map: unknown = (JSON.parse(index) as { weight_map?: unknown } | null)?.weight_map;
    const shards = Object.values(map as object);
    return shards.every((shard): shard is string => typeof shard === 'string') ? [...new Set(shards)] : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a snapshot holds the config and all weights. Files are linked when they are whole, and weights last. */
export async function isWholeModel(folder: string): Promise<boolean> {
  if (!(await isThere(join(folder, modelFiles.config)))) return false;
  if (await isThere(join(folder, modelFiles.weights))) return true;
  const shards = shardsOf(await readFile(join(folder, modelFiles.index), 'utf8').catch(() => ''));
  if (!shards?.length) return false;
  return (await Promise.all(shards.map((shard) => isThere(join(folder, shard))))).every(Boolean);
}

/**
 * A file beside the snapshots that says what of a commit is there, where its own files do not say it. Hugging Face's
 * tools pass it over.
 */
const markOf = (snapshot: string): string => join(dirname(dirname(snapshot)), '.vitune', basename(snapshot));

async function mark(snapshot: string, text: string): Promise<void> {
  await mkdir(dirname(markOf(snapshot)), { recursive: true });
  await writeFile(markOf(snapshot), text);
}

/** Whether all images of a dataset's commit are there. */
export const isWholeDataset = (snapshot: string): Promise<boolean> => isThere(markOf(snapshot));
export const markWholeDataset = (snapshot: string): Promise<void> => mark(snapshot, '');

/** Notes which ONNX file is the model, of a repository that has no other weights. */
export const markOnnx = (snapshot: string, file: string): Promise<void> => mark(snapshot, file);

/**
 * The ONNX file of a snapshot that is the model: `named`, else what `markOnnx` noted; undefined where there is none, or
 * not yet.
 */
export async function findOnnx(snapshot: string, named?: string): Promise<string | undefined> {
  const file = named ?? (await readFile(markOf(snapshot), 'utf8').catch(() => ''));
  const path = join(snapshot, ...file.split('/'));
  return isSafe(file) && (await isThere(path)) ? path : undefined;
}

/** Notes which commit a branch or a tag is. Renamed into place, so that nobody reads half of it. */
export async function writeRef(repository: Repository, commit: string, cache: string): Promise<void> {
  const revision = repository.revision ?? mainBranch;
  if (isCommit(revision)) return;
  const file = join(repositoryFolder(repository, cache), 'refs', ...revision.split('/'));
  await mkdir(dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, commit);
  await rename(fresh, file);
}

/**
 * Makes `pointer`, a file of a snapshot, lead to a blob: by a relative link, so that the cache can be moved. Windows
 * allows that to developers and administrators only; then by a second name of the same file, or, where the file system
 * has none, by a copy.
 */
export async function pointTo(blob: string, pointer: string, makeLink: typeof symlink = symlink): Promise<void> {
  await mkdir(dirname(pointer), { recursive: true });
  // Beside its place and then renamed: other processes may be at it too, and a reader always finds one.
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
  await rename(fresh, pointer);
}
