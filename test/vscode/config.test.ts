/** A config file in the editor: made, completed, checked, trained with. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('config files', () => {
  const workspace = makeWorkspace();
  writeFileSync(
    join(workspace, 'mine.vitune.json'),
    '{\n  "dataset": "emoji",\n  "init": "random",\n  "epochs": 1,\n  \n}\n',
  );
  writeFileSync(
    join(workspace, 'wrong.vitune.json'),
    '{\n  // a key that there is not\n  "dataset": "emoji",\n  "epoch": 3\n}\n',
  );
  writeFileSync(
    join(workspace, 'lost.vitune.json'),
    '{\n  "dataset": "emojis",\n  "model": "./nowhere",\n  "method": { "type": "lorra" }\n}\n',
  );
  const editor = useEditor(() => ({ workspace }));
  const lines = () => editor().page.locator('.monaco-editor .view-lines').first();

  /** The line above a config is redrawn with the editor, and a click at that moment is lost. */
  const trainWithConfig = (what: string, sign: Locator) =>
    until(what, async () => {
      await editor().page.getByText('Train with this config').click();
      return sign.waitFor({ timeout: 20_000 }).then(
        () => true,
        () => false,
      );
    });

  test('typing a key is completed, with words for what it does', async () => {
    const { page } = editor();
    await editor().openFile('mine.vitune.json');
    await lines().getByText('"epochs"').waitFor();
    await page.locator('.monaco-editor .view-line').nth(4).click();
    await page.keyboard.press('End');
    await page.keyboard.type('"batch');
    const widget = page.locator('.suggest-widget.visible');
    const row = widget.locator('.monaco-list-row').filter({ hasText: 'batchSize' }).first();
    // The language server may not have been there yet when the letters came.
    await until('the completion', async () => {
      if (await row.isVisible()) return true;
      await page.keyboard.press('Escape');
      await page.keyboard.press('Control+Space');
      return row.waitFor({ timeout: 5000 }).then(
        () => true,
        () => false,
      );
    });
    await editor().screenshot('completion');
    await page.keyboard.press('Enter');
    await lines().getByText('"batchSize"').waitFor();
    await page.keyboard.press('Control+S');
  });

  test('an error of the trainer is underlined at its place', async () => {
    const { page } = editor();
    await editor().openFile('wrong.vitune.json');
    await trainWithConfig('the message', editor().notification('Did you mean').first());
    // The schema underlines the key already, so the trainer's error is not underlined a second time.
    await page.locator('.monaco-editor .squiggly-warning').first().waitFor();
    assert.equal(await page.locator('.monaco-editor .squiggly-error').count(), 0);
    await editor().screenshot('config error');
  });

  test('paths that lead nowhere and a wrong method are underlined before any training, a fault once', async () => {
    const { page } = editor();
    const problems = page.locator('.part.panel .monaco-list-row');
    await editor().dismissNotifications();
    await editor().openFile('lost.vitune.json');
    await page.keyboard.press('Control+Shift+M');
    await problems.filter({ hasText: 'There is no dataset at' }).waitFor();
    await problems.filter({ hasText: 'There is no model at' }).waitFor();
    await problems.filter({ hasText: 'There is no such method' }).waitFor();
    await editor().screenshot('missing paths');
    await editor().openFile('wrong.vitune.json');
    await problems.filter({ hasText: 'epoch' }).first().waitFor();
    assert.equal(await problems.filter({ hasText: 'epoch' }).count(), 1);
  });

  test('a config is trained with from the line above it', async () => {
    await editor().dismissNotifications();
    await editor().openFile('mine.vitune.json');
    await lines().getByText('"batchSize"').waitFor();
    await trainWithConfig('the training to start', editor().tab('mine'));
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.status[data-status="finished"]').waitFor();
    assert.equal(await dashboard.locator('h1').textContent(), 'mine');
  });
});
