/**
 * A run of before in both high contrast themes, whose variables VS Code leaves unset: its curves are seen, a tree says
 * what stands in it, and what was deleted is said to be gone.
 */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { recordedRun } from '../webview/recordedRun.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

for (const theme of ['highContrast', 'highContrastLight'] as const) {
  describe(theme, () => {
    const workspace = makeWorkspace();
    const run = join(workspace, 'runs', 'trashnet-lora');
    const editor = useEditor(() => {
      for (const step of ['414', '460']) mkdirSync(join(run, 'checkpoints', step), { recursive: true });
      const about = { name: 'trashnet-lora', config: join(workspace, 'gone.vitune.json'), createdAt: 1 };
      writeFileSync(join(run, 'run.json'), JSON.stringify(about));
      const events = recordedRun({ steps: 460, epochs: 10 });
      writeFileSync(join(run, 'events.jsonl'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
      writeFileSync(join(run, 'best'), '460');
      writeFileSync(join(run, 'last'), '460');
      // Tall enough for the rows of the tree to be seen without scrolling.
      return { workspace, theme, size: { width: 1280, height: 1300 } };
    });

    test('each curve of the dashboard is seen', async () => {
      await editor().openContainer('ViTune');
      await editor().row('trashnet-lora').click();
      const dashboard = await editor().webview('dashboard');
      await dashboard.locator('.swatch').first().waitFor();
      const seen = await dashboard.locator('.swatch').evaluateAll((canvases) =>
        (canvases as HTMLCanvasElement[]).map((canvas) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((_, index) => index % 4 === 3 && data[index]! > 60).length;
        }),
      );
      assert.equal(seen.length, 5);
      assert.ok(
        seen.every((points) => points > 20),
        seen.join(),
      );
      await editor().screenshot(`dashboard ${theme}`);
    });

    test('rows of the trees are read out with what stands in them, not as paths', async () => {
      const label = () => editor().row('trashnet-lora').first().getAttribute('aria-label');
      await until('the words of the row', async () => /trashnet-lora, .*\d%.*finished/.test((await label()) ?? ''));
      assert.ok(!(await label())!.includes(workspace));
    });

    test('an image of a dataset is its own hover, and opens in the preview tab', async () => {
      await editor().openContainer('Explorer');
      await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
      const dataset = editor().row('emoji').filter({ hasText: '3 classes' });
      await dataset.waitFor();
      assert.match((await dataset.getAttribute('aria-label')) ?? '', /^emoji, 288 images, 3 classes/);
      await dataset.click();
      await editor().row('Validation').click();
      await editor().row('faces').click();
      const image = editor().page.locator('.monaco-list-row[role="treeitem"]').filter({ hasText: '.noto.png' }).first();
      const preview = editor().page.locator('.monaco-hover img[src^="data:image/jpeg"]').first();
      // A hover closes when its tree is drawn again, as when the check of the images reports its progress.
      await until('the hover', async () => {
        await editor().page.mouse.move(700, 790);
        await image.hover();
        return preview.waitFor({ timeout: 10_000 }).then(
          () => true,
          () => false,
        );
      });
      const name = (await image.locator('.label-name').textContent()) ?? '';
      await image.click();
      await editor().tab(name).locator('.italic').first().waitFor();
      await editor().page.mouse.move(700, 790);
      await editor().tab('trashnet-lora').click();
    });

    test('a config that is gone, and a run folder, are said to be gone', async () => {
      const dashboard = await editor().webview('dashboard');
      await dashboard.getByRole('button', { name: 'Open config' }).click();
      await editor().notification('is not there any more').first().waitFor();
      assert.equal(await editor().notification('inside ViTune').count(), 0);
      await editor().dismissNotifications();
      renameSync(run, `${run}-moved`);
      await dashboard.getByRole('button', { name: 'Reveal run folder' }).click();
      await editor().notification('is not there any more').first().waitFor();
    });
  });
}
