/**
 * Opens the extension on a folder: in desktop VS Code where its command `code` is found, else in a browser through
 * code-server.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensureEditor, quietSettings } from './ensure-editor.mjs';
import { root } from './ensure-installed.mjs';
import { makePackage } from './package.mjs';

/** `code` is a .cmd file on Windows, which only a shell can start; a shell needs quotes around paths. */
function code(args) {
  const shell = process.platform === 'win32';
  return spawnSync('code', shell ? args.map((arg) => `"${arg}"`) : args, { shell, encoding: 'utf8' });
}

async function openInBrowser(folder) {
  const [node, script] = ensureEditor();
  const profile = join(root, '.vitune', 'profile');
  const settings = join(profile, 'user-data', 'User', 'settings.json');
  mkdirSync(dirname(settings), { recursive: true });
  if (!existsSync(settings)) writeFileSync(settings, JSON.stringify(quietSettings, null, 2));
  writeFileSync(join(profile, 'config.yaml'), '');
  const folders = [
    '--config',
    join(profile, 'config.yaml'),
    '--user-data-dir',
    join(profile, 'user-data'),
    '--extensions-dir',
    join(profile, 'extensions'),
  ];
  const vsix = await makePackage({ out: join(root, '.vitune', 'vitune.vsix') });
  const installed = spawnSync(node, [script, ...folders, '--install-extension', vsix, '--force'], { encoding: 'utf8' });
  if (installed.status !== 0)
    throw new Error(`Installing the extension failed:\n${installed.stdout}${installed.stderr}`);

  const switches = [
    '--auth=none',
    '--bind-addr=127.0.0.1:0',
    '--disable-telemetry',
    '--disable-update-check',
    '--disable-workspace-trust',
  ];
  const server = spawn(node, [script, ...folders, ...switches], { stdio: ['ignore', 'pipe', 'inherit'] });
  // It waits for open windows to go, which a user who presses Ctrl+C does not.
  process.once('SIGINT', () => server.kill('SIGKILL'));
  for await (const line of createInterface({ input: server.stdout })) {
    const address = /listening on (http:\/\/[\d.]+:\d+)/.exec(line);
    if (address)
      console.log(
        `\nOpen this address in a browser; Ctrl+C here ends it.\n\n  ${address[1]}/?folder=${encodeURIComponent(folder)}\n`,
      );
  }
  if (server.exitCode) throw new Error(`code-server ended with exit code ${server.exitCode}`);
}

/** Returns when the window is open; for the browser, when its server was ended. */
export async function openEditor(folder) {
  if (code(['--version']).status !== 0) return openInBrowser(folder);
  const opened = code(['--new-window', `--extensionDevelopmentPath=${root}`, folder]);
  if (opened.status !== 0) throw new Error(`code failed:\n${opened.stdout}${opened.stderr}`);
  console.log('VS Code opens with the extension on the sample.');
}
