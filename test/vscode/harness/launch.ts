/** What the two ways to start an editor (in a browser, on the desktop) are given and give back. */
import type { Page } from 'playwright-core';

export interface Launch {
  /** A temporary folder: user data, extensions and logs go there. */
  home: string;
  /** Absolute folder to open. */
  workspace: string;
  /** VSIX files to install before the start. */
  extensions: string[];
  settings: Record<string, unknown>;
  /** Language of the user interface, e.g. `en` or `tr`. */
  locale: string;
  /** Further environment of the editor and so of its extension host. */
  env: Record<string, string>;
  size: { width: number; height: number };
  /** Opens the folder in Restricted Mode. */
  isRestricted: boolean;
  /** Opens a window without a folder; `workspace` is then only where the test's files are. */
  isEmpty: boolean;
}

export interface LaunchedEditor {
  page: Page;
  /** File with what the editor's process printed. */
  log: string;
  close(): Promise<void>;
}
