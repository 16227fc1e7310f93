/** Starts code-server, a real VS Code that serves its window to a browser, on a free port of this machine. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { ensureBrowser, ensureEditor } from '../../../scripts/ensure-editor.mjs';
import { writeLanguagePack } from './languagePack.js';
import type { Launch, LaunchedEditor } from './launch.js';

/**
 * An environment like a user's own shell: the variables of an editor or npm around the test would leak into this one.
 */
function cleanEnvironment(home: string, extra: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VSCODE_|npm_|NODE_|ELECTRON_|VITUNE_)/.test(name));
  return {
    ...Object.fromEntries(own),
    XDG_CONFIG_HOME: join(home, 'config'),
    XDG_DATA_HOME: join(home, 'data'),
    XDG_CACHE_HOME: join(home, 'cache'),
    ...extra,
  };
}

const guard = fileURLToPath(new URL('./guard.mjs', import.meta.url));

/** Resolves with the address that the server says it listens on, or undefined when it ends before. */
function addressOf(
  server: ChildProcessByStdio<Writable, Readable, Readable>,
  log: Writable,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    server.stderr.pipe(log, { end: false });
    createInterface({ input: server.stdout }).on('line', (line) => {
      log.write(`${line}\n`);
      const address = /listening on (http:\/\/[\d.]+:\d+)/.exec(line);
      if (address) resolve(address[1]);
    });
    server.once('error', reject);
    server.once('exit', () => resolve(undefined));
  });
}

/**
 * Starts the server, in a process group of its own, so that the extension hosts under it can be ended with it. Its two
 * processes give each other ten seconds to greet, which a busy machine may need several tries for.
 */
async function startServer(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  logPath: string,
): Promise<{ address: string; stop: () => Promise<void> }> {
  const log = createWriteStream(logPath);
  for (let tries = 0; tries < 10; tries++) {
    const server = spawn(process.execPath, [guard, command, ...args], {
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const address = await addressOf(server, log);
    const stop = async () => {
      if (server.exitCode === null && server.signalCode === null) {
        const ended = once(server, 'exit');
        server.stdin.destroy();
        await ended;
      }
      log.end();
    };
    if (address) return { address, stop };
    if (!readFileSync(logPath, 'utf8').includes('timed out')) break;
  }
  throw new Error(`code-server ended before it listened; its log:\n${readFileSync(logPath, 'utf8')}`);
}

export async function launchCodeServer(launch: Launch): Promise<LaunchedEditor> {
  const executablePath = ensureBrowser();
  const [node, script] = ensureEditor() as [string, string];
  const userData = join(launch.home, 'user-data');
  mkdirSync(join(userData, 'User'), { recursive: true });
  writeFileSync(join(userData, 'User', 'settings.json'), JSON.stringify(launch.settings, null, 2));
  if (launch.locale !== 'en') writeLanguagePack(launch.locale, userData);
  writeFileSync(join(launch.home, 'code-server.yaml'), '');
  const folders = [
    '--config',
    join(launch.home, 'code-server.yaml'),
    '--user-data-dir',
    userData,
    '--extensions-dir',
    join(launch.home, 'extensions'),
  ];
  const env = cleanEnvironment(launch.home, launch.env);

  for (const vsix of launch.extensions) {
    const installed = spawnSync(node, [script, ...folders, '--install-extension', vsix], { env, encoding: 'utf8' });
    if (installed.status !== 0) throw new Error(`Installing ${vsix} failed:\n${installed.stdout}${installed.stderr}`);
  }

  const switches = [
    '--auth=none',
    '--bind-addr=127.0.0.1:0',
    '--disable-telemetry',
    '--disable-update-check',
    ...(launch.isRestricted ? [] : ['--disable-workspace-trust']),
  ];
  const quiet = ['--disable-getting-started-override', '--ignore-last-opened', '--locale', launch.locale];
  const log = join(launch.home, 'code-server.log');
  const { address, stop } = await startServer(node, [script, ...folders, ...switches, ...quiet], env, log);

  const browser = await chromium.launch({
    executablePath,
    timeout: 300_000,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
  const context = await browser.newContext({
    viewport: launch.size,
    locale: launch.locale,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page: Page = await context.newPage();
  const query = launch.isEmpty ? 'ew=true' : `folder=${encodeURIComponent(launch.workspace)}`;
  await page.goto(`${address}/?${query}`, { timeout: 300_000 });
  return {
    page,
    log,
    close: async () => {
      await browser.close();
      await stop();
    },
  };
}
