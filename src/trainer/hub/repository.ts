/** How a repository of the Hugging Face hub is named: `owner/name`, with `@revision` where one is meant. */

export interface Repository {
  kind: 'model' | 'dataset';
  /** `owner/name`. */
  id: string;
  /** A branch, a tag or a commit; without it, the branch `main`. */
  revision?: string | undefined;
}

export const mainBranch = 'main';

/** `owner/name`, as the hub allows it. */
const hubId = /^[\w-]+(?:\.[\w-]+)*\/[\w-]+(?:\.[\w-]+)*$/;
/** A git ref becomes a path in the cache, so that no part of it may lead out of there. */
const ref = /^\w(?:[\w+-]|\.(?!\.))*(?:\/\w(?:[\w+-]|\.(?!\.))*)*$/;
const commit = /^[0-9a-f]{40}$/;

export const isHubId = (text: string): boolean => hubId.test(text);
export const isRevision = (text: string): boolean => ref.test(text);
export const isCommit = (text: string): boolean => commit.test(text);

/** `owner/name` or `owner/name@revision`; undefined for anything else. */
export function parseHubName(text: string): Omit<Repository, 'kind'> | undefined {
  const at = text.indexOf('@');
  const [id, revision] = at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  return isHubId(id) && (revision === undefined || isRevision(revision)) ? { id, revision } : undefined;
}

/** As a person writes it. */
export const hubName = ({ id, revision }: Omit<Repository, 'kind'>): string => (revision === undefined ? id : `${id}@${revision}`);
