/** The models of the hub that lie in the cache, as the trainer finds them. */
import type { CachedModel, CachedModels } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';

export async function cachedModels(launch: Launch): Promise<CachedModel[]> {
  const objects = await runJson(launch, { script: 'cli', args: ['download', '--list', '--json'] });
  return (objects as CachedModels[]).flatMap(({ type, models }) => (type === 'cached' ? models : []));
}
