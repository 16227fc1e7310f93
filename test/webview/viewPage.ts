/**
 * Opens a built view in a browser as VS Code does: its page, policy, colours and message channel, with the host's side
 * in the test's hands.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { ensureBrowser, Unavailable } from '../../scripts/ensure-editor.mjs';
import { root } from '../../scripts/ensure-installed.mjs';
import type { ViewName } from '../../src/webview/protocol.js';
import { type ThemeName, themeOf } from './themes.js';

const origin = 'http://webview.test';

interface Posted {
  type: string;
  [key: string]: unknown;
}

/**
 * Why no browser can be had here, or undefined where there is one. Where nobody looks at the output a missing browser
 * is an error.
 */
export function browserLacks(): string | undefined {
  try {
    ensureBrowser();
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable && !process.env.CI) return error.message;
    throw error;
  }
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: ensureBrowser(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** What VS Code puts into every webview before the view's own style sheet. */
const editorStyles = `@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
  body { overscroll-behavior-x: none; background-color: transparent; color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size); margin: 0; padding: 0 20px; }
  img, video { max-width: 100%; max-height: 100%; }
  a, a code { color: var(--vscode-textLink-foreground); }
  a:focus, input:focus, select:focus, textarea:focus { outline: 1px solid -webkit-focus-ring-color; outline-offset: -1px; }
}`;

/** A message as an expression of JavaScript: VS Code hands blocks of bytes on as they are, which JSON cannot. */
function sourceOf(message: unknown): string {
  const bytes: string[] = [];
  const text = JSON.stringify(message, (_, value: unknown) => {
    if (!(value instanceof ArrayBuffer)) return value;
    bytes.push(Buffer.from(value).toString('base64'));
    return `BYTES ${bytes.length - 1}`;
  });
  return text.replace(/"BYTES (\d+)"/g, (_, number: string) => {
    const list = bytes[Number(number)]!;
    return `Uint8Array.from(atob('${list}'), (letter) => letter.charCodeAt(0)).buffer`;
  });
}

/** The host's end of the channel, as text: a function compiled here may use what only this process has. */
const fakeHost = `() => {
  window.posted = [];
  window.acquireVsCodeApi = () => ({
    postMessage: (sent) => {
      window.posted.push(sent);
      if (sent.type === 'ready') window.postMessage(FIRST, '*');
    },
    getState: () => JSON.parse(sessionStorage.getItem('kept') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('kept', JSON.stringify(state)),
  });
}`;

export class ViewPage {
  private constructor(
    readonly page: Page,
    private readonly problems: string[],
  ) {}

  /** `init` is the state of the first message; it is sent when the view says that it is ready. */
  static async open(
    browser: Browser,
    view: ViewName,
    init: unknown,
    o: {
      theme?: ThemeName;
      width?: number;
      height?: number;
      language?: string;
      bundle?: Record<string, string>;
      reducedMotion?: boolean;
      files?: Record<string, Buffer>;
    } = {},
  ): Promise<ViewPage> {
    const theme = themeOf(o.theme ?? 'dark');
    const page = await browser.newPage({
      viewport: { width: o.width ?? 320, height: o.height ?? 900 },
      reducedMotion: o.reducedMotion ? 'reduce' : 'no-preference',
    });
    // A machine that trains at the same time is slow; no test waits for time itself.
    page.setDefaultTimeout(Number(process.env.VITUNE_PATIENCE ?? 120) * 1000);
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      // An image that cannot be shown is a separate case, which the view handles.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        problems.push(message.text());
    });
    await page.route(`${origin}/**`, async (route) => {
      const path = new URL(route.request().url()).pathname;
      const given = o.files?.[path.slice(1)];
      if (path === '/')
        return route.fulfill({ contentType: 'text/html', body: html(view, theme, view === 'trainPanel') });
      if (given) return route.fulfill({ body: given });
      if (!path.startsWith('/dist/')) return route.fulfill({ status: 404 });
      return route.fulfill({
        contentType: extname(path) === '.css' ? 'text/css' : 'text/javascript',
        body: await readFile(join(root, path)),
      });
    });
    const message = { type: 'init', language: o.language ?? 'en', bundle: o.bundle, state: init };
    await page.addInitScript({ content: `(${fakeHost.replace('FIRST', () => sourceOf(message))})()` });
    const opened = new ViewPage(page, problems);
    await page.goto(`${origin}/`);
    await page
      .locator('body[data-ready]')
      .waitFor({ state: 'attached' })
      .catch((error: unknown) => {
        throw new AggregateError([error, ...problems], `The view did not become ready. ${problems.join('; ')}`);
      });
    await opened.drawn();
    return opened;
  }

  /** A message from the host. Resolves when the view has drawn what it makes of it. */
  async send(message: unknown): Promise<void> {
    await this.page.evaluate(async (sent) => {
      const heard = new Promise((resolve) => window.addEventListener('message', resolve, { once: true }));
      window.postMessage(sent, '*');
      await heard;
    }, message);
    await this.drawn();
  }

  /**
   * Resolves when earlier requests are drawn. The toolkit's elements pass a state on to what is inside them only when
   * they are drawn.
   */
  async drawn(): Promise<void> {
    await this.page.evaluate(
      () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
    );
  }

  /** The messages of the view to the host so far, without `ready`. */
  async posted(type?: string): Promise<Posted[]> {
    const all = await this.page.evaluate(() => (window as unknown as { posted: Posted[] }).posted);
    return all.filter((message) => (type ? message.type === type : message.type !== 'ready'));
  }

  /** Ends the view. An error in its console, a breach of the policy among them, fails the test. */
  async close(): Promise<void> {
    await this.page.close();
    assert.deepEqual(this.problems, []);
  }
}

function html(view: ViewName, theme: ReturnType<typeof themeOf>, sideBar: boolean): string {
  const nonce = 'bm9uY2U';
  const variables = Object.entries(theme.variables)
    .map(([name, value]) => `--vscode-${name}: ${value};`)
    .join(' ');
  const background = theme.variables[sideBar ? 'sideBar-background' : 'editor-background'];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${view}</title>
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-${nonce}'; style-src ${origin} 'nonce-${nonce}'; img-src ${origin} data: blob:">
    <meta property="csp-nonce" content="${nonce}">
    <style nonce="${nonce}">:root { ${variables} background: ${background}; } ${editorStyles}</style>
    <link rel="stylesheet" href="/dist/webview/${view}.css"></head>
    <body data-view="${view}" class="${theme.kind}" data-vscode-theme-kind="${theme.kind}"><main id="view"></main>
    <script nonce="${nonce}" src="/dist/webview/${view}.js"></script></body></html>`;
}
