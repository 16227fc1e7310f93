/**
 * Starts desktop VS Code, downloaded by @vscode/test-electron, with its window driven by the same Playwright as the
 * browser's.
 */
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath } from '@vscode/test-electron';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import { writeLanguagePack } from './languagePack.js';
import type { Launch, LaunchedEditor } from './launch.js';

const cachePath = fileURLToPath(new URL('../../../.vitune/desktop', import.meta.url));

/** Path of a VS Code executable of the cache; downloads it where it is missing. */
export function ensureDesktop(): Promise<string> {
  const given = process.env.VITUNE_DESKTOP;
  return given ? Promise.resolve(given) : downloadAndUnzipVSCode({ version: 'stable', cachePath });
}

export async function launchDesktop(launch: Launch): Promise<LaunchedEditor> {
  const executablePath = await ensureDesktop();
  const userData = join(launch.home, 'user-data');
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(join(userData, 'User', 'settings.json'), JSON.stringify(launch.settings, null, 2));
  if (launch.locale !== 'en') writeLanguagePack(launch.locale, userData);
  const folders = [`--user-data-dir=${userData}`, `--extensions-dir=${join(launch.home, 'extensions')}`];

  const [cli, ...cliArguments] = resolveCliArgsFromVSCodeExecutablePath(executablePath) as [string, ...string[]];
  for (const vsix of launch.extensions) {
    const windows = process.platform === 'win32';
    const quote = (argument: string) => (windows ? `"${argument}"` : argument);
    const installed = spawnSync(quote(cli), [...cliArguments, ...folders, '--install-extension', vsix].map(quote), {
      encoding: 'utf8',
      shell: windows,
    });
    if (installed.status !== 0) throw new Error(`Installing ${vsix} failed:\n${installed.stdout}${installed.stderr}`);
  }

  const quiet = [
    '--disable-telemetry',
    '--disable-updates',
    ...(launch.isRestricted ? [] : ['--disable-workspace-trust']),
    '--skip-welcome',
    '--skip-release-notes',
    '--no-sandbox',
  ];
  const logs = join(launch.home, 'logs');
  const app = await _electron.launch({
    executablePath,
    args: [
      ...folders,
      ...quiet,
      `--logsPath=${logs}`,
      '--locale',
      launch.locale,
      ...(launch.isEmpty ? [] : [launch.workspace]),
    ],
    env: { ...(process.env as Record<string, string>), ...launch.env },
  });
  const page = await app.firstWindow();
  await page.setViewportSize(launch.size);
  return { page, log: logs, close: () => app.close() };
}
