/** The program that a campaign runs: built for it alone, so that campaigns do not take each other's away. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../../scripts/build.mjs';
import { root } from '../../scripts/ensure-installed.mjs';

const variable = 'VITUNE_CAMPAIGN_PROGRAM';

/** Builds it; it is gone when this process ends. */
export async function buildProgram(): Promise<void> {
  const folder = join(root, 'build', `campaign-${process.pid}`);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await build({ folder });
  process.env[variable] = join(folder, 'trainer', 'cli.mjs');
}

export function builtProgram(): string {
  const path = process.env[variable];
  if (path === undefined) throw new Error('The program is not built.');
  return path;
}
