/** The folder of everything that ViTune keeps and could get again. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `VITUNE_CACHE`, or the system's usual place for caches. */
export function cacheFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.VITUNE_CACHE) return env.VITUNE_CACHE;
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'vitune', 'Cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'vitune');
  return join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vitune');
}
