/** The models of the hub that lie in the cache, as the trainer finds them. */
import type { CachedModel } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

export async function cachedModels(launch: Launch): Promise<CachedModel[]> {
  return outputOf(await runCommand(launch, 'download', { args: ['--list'] }), 'cached').models;
}
