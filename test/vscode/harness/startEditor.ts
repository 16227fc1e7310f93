/** Starts a real VS Code with the packaged extension installed in it, with profile and extensions of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import type { RunLock } from '../../../src/trainer/protocol.js';
import { quietSettings } from '../../../scripts/ensure-editor.mjs';
import { makePackage } from '../../../scripts/package.mjs';
import { launchCodeServer } from './codeServer.js';
import { launchDesktop } from './desktop.js';
import { Editor } from './editor.js';

export interface EditorOptions {
  /** Absolute folder to open. */
  workspace: string;
  /** The packaged extension; default: the one that the test run made, else one made now. */
  vsix?: string;
  settings?: Record<string, unknown>;
  theme?: keyof typeof themes;
  /** Language of the user interface; VS Code's own strings stay English, ours are in it. */
  locale?: string;
  env?: Record<string, string>;
  size?: { width: number; height: number };
  isRestricted?: boolean;
  /** A window without a folder. */
  isEmpty?: boolean;
}

/** VS Code's own theme of each kind. */
export const themes = {
  dark: 'Default Dark Modern',
  light: 'Default Light Modern',
  highContrast: 'Default High Contrast',
  highContrastLight: 'Default High Contrast Light',
};

/** In Restricted Mode without a question. */
const restrictedSettings = {
  'security.workspace.trust.enabled': true,
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
};

/** A trainer outlives its editor on purpose; it must not outlive the test. */
function endTrainers(workspace: string): void {
  for (const path of readdirSync(workspace, { recursive: true, encoding: 'utf8' })) {
    if (basename(path) !== 'lock.json') continue;
    const { pid } = JSON.parse(readFileSync(join(workspace, path), 'utf8')) as RunLock;
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // Killed before, by the test.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

export async function startEditor(options: EditorOptions): Promise<Editor> {
  const home = mkdtempSync(join(tmpdir(), 'vitune-editor-'));
  const launch = process.env.VITUNE_EDITOR === 'desktop' ? launchDesktop : launchCodeServer;
  const vsix = options.vsix ?? process.env.VITUNE_VSIX ?? (await makePackage({ out: join(home, 'vitune.vsix') }));
  const launched = await launch({
    home,
    workspace: options.workspace,
    extensions: [vsix],
    settings: {
      ...quietSettings,
      'workbench.colorTheme': themes[options.theme ?? 'dark'],
      ...(options.isRestricted ? restrictedSettings : {}),
      ...options.settings,
    },
    isRestricted: options.isRestricted ?? false,
    isEmpty: options.isEmpty ?? false,
    locale: options.locale ?? 'en',
    env: options.env ?? {},
    size: options.size ?? { width: 1280, height: 800 },
  });
  const close = launched.close;
  launched.close = async () => {
    await close();
    endTrainers(options.workspace);
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  };
  const editor = new Editor(launched, options.workspace);
  await editor.ready();
  return editor;
}

/**
 * For a suite: starts an editor before its tests, ends it after them, and takes an image when a test fails.
 * Returns what gives the editor inside a test.
 */
export function useEditor(options: () => EditorOptions | Promise<EditorOptions>): () => Editor {
  let editor: Editor | undefined;
  before(async () => {
    editor = await startEditor(await options());
  });
  afterEach(async (t) => {
    if ('passed' in t && !t.passed) await editor?.screenshot(`failed ${t.name}`);
  });
  after(() => editor?.close());
  return () => {
    if (!editor) throw new Error('The editor is there only inside the tests of its suite.');
    return editor;
  };
}
