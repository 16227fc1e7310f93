/**
 * Installs a real VS Code that runs without a desktop: code-server with the Node it wants, into .vitune/editor, and the
 * system packages beside it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { npm, root } from './ensure-installed.mjs';

const codeServerVersion = '4.139.1';
/**
 * code-server refuses another major version; the npm registry has Node's own builds, with the headers that native
 * modules are built with.
 */
const nodeVersion = '24.21.0';
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

const folder = join(root, '.vitune', 'editor');
const stamp = join(folder, 'installed.json');

/** Something this machine lacks and this script may not install: the reason, in words. */
export class Unavailable extends Error {}

/**
 * Nothing that needs a network, greets, asks or draws attention to itself; dialogs inside the window, where they can be
 * driven.
 */
export const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'files.simpleDialog.enable': true,
  'git.enabled': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'window.dialogStyle': 'custom',
  'window.menuStyle': 'custom',
  'window.titleBarStyle': 'custom',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};
function isInstalled(versions) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === versions;
}

/** Installs the Debian packages that are missing; only root may. */
export function ensureDebianPackages(names) {
  const missing = names.filter((name) => {
    const query = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
    return query.stdout !== 'install ok installed';
  });
  if (missing.length === 0) return;
  if (process.getuid() !== 0)
    throw new Unavailable(`these Debian packages are missing; as root: apt-get install ${missing.join(' ')}`);
  console.error(`Installing Debian packages: ${missing.join(' ')} …`);
  const settings = { stdio: ['ignore', 2, 2], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  execFileSync('apt-get', ['update', '-qq'], settings);
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], settings);
}

export const isDebian = () => process.platform === 'linux' && spawnSync('dpkg-query', ['--version']).status === 0;

/** The path of a Chromium-like browser for playwright-core to drive; Debian's is installed when there is none. */
export function ensureBrowser() {
  const known = [
    process.env.VITUNE_BROWSER,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  const find = () => known.find((path) => path && existsSync(path));
  if (isDebian() && !find()) ensureDebianPackages(['chromium', 'fonts-liberation', 'fonts-noto-color-emoji']);
  const found = find();
  if (!found)
    throw new Unavailable('no Chrome or Chromium was found; name one in the environment variable VITUNE_BROWSER');
  return found;
}

/** Returns the command that starts code-server: `[node, script]`. Takes about two minutes the first time. */
export function ensureEditor() {
  if (process.platform === 'win32') throw new Unavailable('code-server does not run on Windows');
  const nodeFolder = join(folder, 'node_modules', nodePackage);
  const command = [
    join(nodeFolder, 'bin', 'node'),
    join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
  ];
  const versions = JSON.stringify({ codeServerVersion, nodeVersion, nodePackage });
  if (isInstalled(versions)) return command;
  // What code-server's native modules are compiled with.
  if (isDebian()) ensureDebianPackages(['libkrb5-dev', 'python3', 'make', 'g++', 'pkg-config']);
  console.error('Installing code-server, about two minutes …');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  npm(['install', '--no-audit', '--no-fund', '--save-exact', '--loglevel=error', `${nodePackage}@${nodeVersion}`], {
    cwd: folder,
  });
  const env = {
    ...process.env,
    PATH: join(nodeFolder, 'bin') + delimiter + process.env.PATH,
    npm_config_nodedir: nodeFolder,
    // The project's own installs run no scripts, and npm hands that on; code-server builds itself in its own.
    npm_config_ignore_scripts: 'false',
  };
  // Set by the npm that runs this script: code-server's install script would read this Node's version from it.
  delete env.npm_config_user_agent;
  npm(['install', '--no-audit', '--no-fund', '--save-exact', '--loglevel=error', `code-server@${codeServerVersion}`], {
    cwd: folder,
    node: command[0],
    env,
  });
  writeFileSync(stamp, versions);
  return command;
}
