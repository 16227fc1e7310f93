/** Models by hub id from the cache that Hugging Face's own tools fill, without network. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `owner/name`, as the hub allows it. */
const hubId = /^[\w-]+(?:\.[\w-]+)*\/[\w-]+(?:\.[\w-]+)*$/;

export const isHubId = (model: string): boolean => hubId.test(model);

/** The folder of the cache, found as huggingface_hub finds it: HF_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub. */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  const home = env.HF_HOME ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface');
  return env.HF_HUB_CACHE ?? join(home, 'hub');
}

/** The folder of the cached model `id` at its `main` revision, or the newest one there is; undefined when it is not cached. */
export async function findCachedModel(id: string, cache: string = hubCache()): Promise<string | undefined> {
  if (!isHubId(id)) return undefined;
  const model = join(cache, `models--${id.replace('/', '--')}`);
  const main = await readFile(join(model, 'refs', 'main'), 'utf8').catch(() => '');
  const snapshots = join(model, 'snapshots');
  const revisions = await readdir(snapshots).catch((): string[] => []);
  const dated = await Promise.all(revisions.map(async (name) => ({ name, time: (await stat(join(snapshots, name))).mtimeMs })));
  const chosen = revisions.includes(main.trim()) ? main.trim() : dated.sort((a, b) => b.time - a.time)[0]?.name;
  return chosen === undefined ? undefined : join(snapshots, chosen);
}
