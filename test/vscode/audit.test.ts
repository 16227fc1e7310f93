/** The audit in a real editor: from the dataset's row to a wrong label, to its image, to the class that is right. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('the audit of a dataset', () => {
  const workspace = makeWorkspace();
  const train = join(workspace, 'emoji', 'train');
  const planted = ['wrong 0.png', 'wrong 1.png', 'wrong 2.png'];
  const editor = useEditor(() => {
    // Three flags among the faces, and a face on both sides of the split.
    const flags = readdirSync(join(train, 'flags'));
    planted.forEach((name, i) => renameSync(join(train, 'flags', flags[i]!), join(train, 'faces', name)));
    const [face] = readdirSync(join(train, 'faces'));
    cpSync(join(train, 'faces', face!), join(workspace, 'emoji', 'validation', 'faces', 'again.png'));
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1000 } };
  });
  /** A planted one that the audit names; it need not name all. */
  let found: string | undefined;
  const group = (page: Frame, words: string) => page.locator('.problem-group').filter({ hasText: words });

  /** Opens the images of a finding. */
  async function imagesOf(words: string): Promise<Frame> {
    const page = await editor().webview('report');
    await group(page, words).getByRole('button', { name: 'Show images' }).click();
    const grid = await until(`the grid of ${words}`, async () => {
      const shown = await editor().webview('imageGrid');
      const head = await shown
        .locator('.grid-head')
        .textContent({ timeout: 2000 })
        .catch(() => '');
      return head!.includes(words) && shown;
    });
    await grid.locator('.tile:visible').first().waitFor();
    return grid;
  }

  test('says what it found, of which images', async () => {
    await editor().openContainer('ViTune');
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' }).first();
    await until('emoji to be inspected', async () => /classes(?!.*checked)/.test((await dataset.textContent()) ?? ''));
    await editor().chooseFromMenu(dataset, 'Audit Dataset');
    const page = await editor().webview('report');
    await page.getByText('Audit of emoji').first().waitFor();
    await page.getByText('A linear head that has not seen the image is right in').waitFor();
    const wrong = group(page, 'Labels that are probably wrong');
    await wrong.locator('summary').click();
    const named = await wrong.locator('.problem-files').textContent();
    found = planted.find((name) => named!.includes(name));
    assert.ok(found !== undefined, `one that was planted in ${named}`);
    await group(page, 'on both sides of a split').waitFor();
    await page.getByText('Would more images help?').waitFor();
    await editor().screenshot('audit');
  });

  test('a wrong label is put right in the grid, and taken back', async () => {
    const grid = await imagesOf('Labels that are probably wrong');
    const tile = grid.locator('.tile:visible').filter({ hasText: found! });
    await tile.locator('.verdict').filter({ hasText: 'flags' }).waitFor();
    await tile.click();
    await editor().screenshot('audit wrong labels');
    await grid.getByRole('button', { name: 'Move to Class…', exact: true }).click();
    await editor().pick('flags');
    await editor().waitForNotification('now in the class “flags”');
    assert.ok(existsSync(join(train, 'flags', found!)) && !existsSync(join(train, 'faces', found!)));
    await editor().dismissNotifications();
    await grid.locator('.grid').focus();
    await editor().page.keyboard.press('Control+z');
    await editor().waitForNotification('Undone');
    assert.ok(existsSync(join(train, 'faces', found!)));
    await editor().dismissNotifications();
  });

  test('copies lie next to each other, each with its split', async () => {
    await editor().tab('Audit of emoji').click();
    const grid = await imagesOf('on both sides of a split');
    await grid.locator('.tile:visible').filter({ hasText: 'again.png' }).waitFor();
    assert.ok((await grid.locator('.tile:visible').count()) >= 2);
    await editor().screenshot('audit leakage');
  });
});
