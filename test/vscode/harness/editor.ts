/** A running VS Code window, driven as a user would: by its palette, menus, lists and editors. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Frame, Locator, Page } from 'playwright-core';
import type { ViewName } from '../../../src/webview/protocol.js';
import type { LaunchedEditor } from './launch.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * How long the window may take for one thing: on a busy machine with two cores it may be long, so this only ends what
 * hangs. VITUNE_PATIENCE, in seconds, makes it shorter for who writes a test.
 */
const patience = Number(process.env.VITUNE_PATIENCE ?? 300) * 1000;

/** Polls `attempt` until it gives something other than undefined or false, and returns that. */
export async function until<T>(
  what: string,
  attempt: () => Promise<T | undefined | false> | T | undefined | false,
  timeout = patience,
): Promise<T> {
  const end = Date.now() + timeout;
  for (;;) {
    const result = await attempt();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > end) throw new Error(`Waited ${timeout / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class Editor {
  constructor(
    readonly launched: LaunchedEditor,
    /** Absolute path of the folder that is open. */
    readonly workspace: string,
  ) {
    this.page.setDefaultTimeout(patience);
  }

  get page(): Page {
    return this.launched.page;
  }

  /** Waits for the window to be drawn and its extension host to be there. */
  async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    await this.page.locator('.monaco-workbench .part.activitybar, .monaco-workbench .part.sidebar').first().waitFor();
  }

  /**
   * Reloads the window, once it has stored that the editor of this type is open: in a browser VS Code stores that every
   * few seconds and not on leaving, so that a window reloaded sooner comes back without it.
   */
  async reload(viewType: string): Promise<void> {
    if (process.env.VITUNE_EDITOR !== 'desktop')
      await until(`the window to store that ${viewType} is open`, () => this.hasStored(viewType));
    const loaded = this.page.waitForEvent('load');
    await this.command('Developer: Reload Window');
    await loaded;
    await this.ready();
  }

  /** Whether the editors that the browser stores for the next window name this view type. */
  private hasStored(viewType: string): Promise<boolean> {
    return this.page.evaluate(async (type) => {
      for (const { name } of await indexedDB.databases()) {
        if (!name?.startsWith('vscode-web-state-db-')) continue;
        const found = await new Promise<boolean>((resolve, reject) => {
          const opening = indexedDB.open(name);
          opening.onerror = () => reject(opening.error as DOMException);
          opening.onsuccess = () => {
            const editors = opening.result
              .transaction('ItemTable')
              .objectStore('ItemTable')
              .get('memento/workbench.parts.editor');
            editors.onerror = () => reject(editors.error as DOMException);
            editors.onsuccess = () => resolve(String(editors.result).includes(type));
            opening.result.close();
          };
        });
        if (found) return true;
      }
      return false;
    }, viewType);
  }

  /** The quick input: palette, file and folder dialogs, picks, questions. */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible');
  }

  /** Runs a command of the palette by its whole title, e.g. `ViTune: Add Dataset Folder…`. */
  async command(title: string): Promise<void> {
    await this.pickAfter('F1', `>${title}`, title);
  }

  /**
   * Opens the quick input by a key, types into it and clicks the row with this label; again from the start when it was
   * closed meanwhile.
   */
  private async pickAfter(key: string, typed: string, label: string): Promise<void> {
    const input = this.quickInput.locator('input').first();
    await until(`${label} in the quick input`, async () => {
      try {
        await this.page.keyboard.press(key);
        await input.fill(typed, { timeout: 3000 });
        await this.quickInputRow(label).click({ timeout: 10_000 });
        return true;
      } catch (error) {
        if ((error as Error).name !== 'TimeoutError') throw error;
        await this.page.keyboard.press('Escape');
        return false;
      }
    });
  }

  private quickInputRow(label: string): Locator {
    const rows = this.quickInput.locator('.monaco-list-row');
    return rows.filter({ has: this.page.getByText(label, { exact: true }) }).first();
  }

  /** Chooses the row of the quick input with exactly this label. */
  async pick(label: string): Promise<void> {
    await this.quickInputRow(label).click();
  }

  /**
   * Fills in a quick input or a file dialog and confirms. `question` is a part of its title, in case another input is
   * still open.
   */
  async answer(text: string, question?: string): Promise<void> {
    if (question !== undefined) await this.quickInput.getByText(question).first().waitFor();
    const input = this.quickInput.locator('input').first();
    // A file dialog fills in its own proposal once it has read the folder.
    await until('the input to keep what was typed', async () => {
      await input.fill(text);
      await this.page.waitForTimeout(500);
      return (await input.inputValue()) === text;
    });
    await this.page.keyboard.press('Enter');
  }

  /** Opens a file of the workspace by its path there, as the palette's quick open does. */
  async openFile(path: string): Promise<void> {
    const name = path.split(/[\\/]/).at(-1)!;
    await this.pickAfter('Control+P', join(this.workspace, path), name);
    await this.tab(name).waitFor();
  }

  tab(name: string): Locator {
    return this.page.locator('.tabs-container .tab').filter({ has: this.page.getByText(name, { exact: true }) });
  }

  /** Shows the view container of the activity bar with this name. */
  async openContainer(name: string): Promise<void> {
    const action = this.page
      .locator('.activitybar .action-item')
      .filter({ has: this.page.locator(`[aria-label^="${name}"]`) })
      .first();
    const chosen = await action.evaluate((item) => item.classList.contains('checked'));
    if (!chosen) await action.click();
  }

  /** A row of any visible tree (the explorer's, the extension's) by its label. */
  row(label: string): Locator {
    return this.page
      .locator('.monaco-list-row[role="treeitem"]')
      .filter({ has: this.page.getByText(label, { exact: true }) });
  }

  /** Right-clicks and chooses an entry of the context menu. */
  async chooseFromMenu(target: Locator, entry: string): Promise<void> {
    const menu = this.page.locator('.context-view .monaco-menu, .monaco-menu-container .monaco-menu').first();
    const item = menu
      .locator('.action-item')
      .filter({ has: this.page.getByText(entry, { exact: true }) })
      .first();
    // In a window that has just opened the extension's entries are not there yet, or not yet enabled, and an open menu
    // does not take that up.
    await until(`${entry} in the menu`, async () => {
      await target.first().click({ button: 'right' });
      // A click on a row that is redrawn at that moment opens nothing.
      const isOpen = await menu.waitFor({ timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      if (isOpen && (await item.isVisible()) && (await item.locator('[aria-disabled="true"]').count()) === 0)
        return true;
      await this.page.keyboard.press('Escape');
      return false;
    });
    // A menu ignores what comes in its first moments, so that the right click itself chooses nothing.
    await until(`the menu to take ${entry}`, async () => {
      if (!(await menu.isVisible())) return true;
      await item.click({ timeout: 2000 }).catch(() => undefined);
      return false;
    });
  }

  /**
   * A view of ours: waits until it is drawn (`data-ready`, see src/webview/protocol.ts). After a reload request it
   * again.
   */
  webview(view: ViewName): Promise<Frame> {
    return until(`the view ${view}`, async () => {
      for (const frame of this.page.frames()) {
        if (frame.isDetached() || frame === this.page.mainFrame()) continue;
        // A frame may navigate while it is queried: then it is not the one, or will be at the next attempt.
        const found = await frame
          .locator(`body[data-view="${view}"][data-ready]`)
          .count()
          .catch(() => 0);
        if (found) return frame;
      }
      return undefined;
    });
  }

  /** The frame of a report, which is a page without a script: by a part of its heading. */
  report(heading: string | RegExp): Promise<Frame> {
    return until(`the page “${String(heading)}”`, async () => {
      for (const frame of this.page.frames()) {
        if (frame.isDetached()) continue;
        const found = await frame
          .locator('h1', { hasText: heading })
          .count()
          .catch(() => 0);
        if (found) return frame;
      }
      return undefined;
    });
  }

  /** A notification with this text in it. */
  notification(text: string | RegExp): Locator {
    return this.page
      .locator('.notification-toast, .notifications-list-container .notification-list-item')
      .filter({ hasText: text });
  }

  /** Waits for a notification. A busy window may not show one for itself: then it is in the list behind the bell. */
  async waitForNotification(text: string | RegExp): Promise<void> {
    const item = this.notification(text).first();
    await until(`the notification ${text}`, async () => {
      const isThere = await item.waitFor({ timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      if (!isThere) await this.command('Notifications: Show Notifications');
      return isThere;
    });
  }

  async dismissNotifications(): Promise<void> {
    await this.command('Notifications: Clear All Notifications');
  }

  /** Takes an image of the window: `.vitune/screenshots/<name>.png`, or the folder that VITUNE_SCREENSHOTS names. */
  async screenshot(name: string): Promise<string> {
    const folder = process.env.VITUNE_SCREENSHOTS ?? join(root, '.vitune', 'screenshots');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`);
    await this.page.screenshot({ path });
    return path;
  }

  close(): Promise<void> {
    return this.launched.close();
  }
}
