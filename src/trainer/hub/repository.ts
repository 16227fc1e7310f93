/**
 * Names of repositories of the Hugging Face hub: `owner/name`, optionally with `@revision` and `:file.onnx`.
 */

export interface Repository {
  kind: 'model' | 'dataset';
  /** `owner/name`. */
  id: string;
  /** A branch, a tag or a commit; without it, the branch `main`. */
  revision?: string | undefined;
  /** For a model: the path of the named ONNX file. */
  file?: string | undefined;
}

export const mainBranch = 'main';

/** `owner/name`, as the hub allows it. */
const hubId = /^[\w-]+(?:\.[\w-]+)*\/[\w-]+(?:\.[\w-]+)*$/;
/** A git ref becomes a path in the cache, so no part of it may lead out of the cache. */
const ref = /^\w(?:[\w+-]|\.(?!\.))*(?:\/\w(?:[\w+-]|\.(?!\.))*)*$/;
const commit = /^[0-9a-f]{40}$/;

export const isHubId = (text: string): boolean => hubId.test(text);
export const isRevision = (text: string): boolean => ref.test(text);
/** Whether a path within a repository stays there, on Windows too. */
export const isSafe = (path: string): boolean =>
  !/[\\:\0]/.test(path) && path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
export const isCommit = (text: string): boolean => commit.test(text);

/** `owner/name`, `owner/name@revision`, and either with `:path/of/a/file.onnx`; undefined for anything else. */
export function parseHubName(text: string): Omit<Repository, 'kind'> | undefined {
  const [, id = '', revision, file] = /^([^@:]+)(?:@([^:]+))?(?::(.+\.onnx))?$/i.exec(text) ?? [];
  return isHubId(id) && (revision === undefined || isRevision(revision)) && (file === undefined || isSafe(file))
    ? { id, revision, file }
    : undefined;
}

/** The name as the user writes it. */
export const hubName = ({ id, revision, file }: Omit<Repository, 'kind'>): string =>
  `${id}${revision === undefined ? '' : `@${revision}`}${file === undefined ? '' : `:${file}`}`;

/** The same for the values of a config: a model without its revision, and the revision. */
export function hubNameAt(model: string, revision: string | undefined): string {
  const named = parseHubName(model);
  return named ? hubName({ ...named, revision }) : model;
}
