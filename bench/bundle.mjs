/** Bundles ViTune's side as it ships, so that the measured process has no TypeScript loader. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from '../scripts/ensure-installed.mjs';

/** Bundles bench/NAME.ts and returns the program's path. */
export async function bundle(name) {
  const outfile = join(root, 'build', 'bench', `${name}.mjs`);
  await build({
    entryPoints: [join(root, 'bench', `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
  });
  return outfile;
}

/** Builds dist/ and returns the command line's program. */
export function buildCli() {
  const built = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: ['ignore', 2, 2] });
  if (built.status !== 0) throw new Error('the build failed');
  return join(root, 'dist', 'trainer', 'cli.mjs');
}
