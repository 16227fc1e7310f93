/**
 * Installs the npm packages of the lock file when they are not the ones in node_modules. Node builtins only: it runs in
 * a bare clone.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * `packages` of a lock file, or undefined where there is none (npm writes the one in node_modules last, so it vouches
 * for the whole install).
 */
function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether node_modules holds what the lock file names. Optional packages may be missing: they are other platforms'. */
export function isInstalled(folder = root) {
  const wanted = lockedPackages(join(folder, 'package-lock.json'));
  const present = lockedPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || (path in present ? present[path].version === entry.version : entry.optional),
  );
}

/** Runs npm with the arguments, on the Node given; `cwd` and `env` as for spawn. Throws where it fails. */
export function npm(args, { node = process.execPath, ...options } = {}) {
  // Started by npm, its own script is known; otherwise `npm` is a .cmd file on Windows, which only a shell can start.
  const script = process.env.npm_execpath?.endsWith('.js') ? process.env.npm_execpath : undefined;
  const settings = { cwd: root, stdio: ['ignore', 2, 2], ...options };
  const done = script
    ? spawnSync(node, [script, ...args], settings)
    : spawnSync('npm', args, { ...settings, shell: process.platform === 'win32' });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`npm ${args.join(' ')} failed with exit code ${done.status ?? done.signal}`);
}

export function ensureInstalled() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    throw new Error(
      `ViTune needs Node 20.19 or later; this is ${process.versions.node}. Install one from https://nodejs.org.`,
    );
  if (isInstalled()) return;
  console.error('Installing packages (npm ci) …');
  npm(['ci', '--no-audit', '--no-fund']);
}
