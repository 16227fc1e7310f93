/** Axe finds nothing in any view, in any kind of theme; the theme changes while the view is open. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import type { Comparison } from '../../src/trainer/protocol.js';
import { themes, useEditor } from './harness/startEditor.js';
import { violations } from './harness/violations.js';
import { makeWorkspace, trainIn } from './workspace.js';

/** What VS Code says to a view of its theme. */
const kinds = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  highContrast: 'vscode-high-contrast',
  highContrastLight: 'vscode-high-contrast-light',
} satisfies Record<keyof typeof themes, string>;

describe('accessibility', () => {
  const workspace = makeWorkspace();
  const settingsFile = join(workspace, '.vscode', 'settings.json');
  const setTheme = (theme: keyof typeof themes) =>
    writeFileSync(
      settingsFile,
      JSON.stringify({
        'vitune.datasets': ['emoji'],
        'vitune.activeCheckpoint': 'runs/first',
        'workbench.colorTheme': themes[theme],
      }),
    );
  const editor = useEditor(() => {
    trainIn(workspace, 'first', { epochs: 2 });
    mkdirSync(join(workspace, '.vscode'));
    setTheme('dark');
    // One method is done, one failed and one is left.
    const comparison: Comparison = {
      format: 1,
      dataset: join(workspace, 'emoji'),
      settings: ['epochs=3'],
      methods: ['head', 'lora', 'full'],
      rows: [
        {
          method: 'head',
          run: join(workspace, 'runs', 'first'),
          trainableParameters: 10,
          peakMemoryBytes: 1e8,
          seconds: 3,
          accuracy: 0.8,
        },
        {
          method: 'lora',
          run: join(workspace, 'runs', 'first'),
          error: { code: 'X', message: 'The folder cannot be read.', remedy: 'Choose another.' },
        },
      ],
    };
    mkdirSync(join(workspace, 'runs', 'compare-emoji'), { recursive: true });
    writeFileSync(join(workspace, 'runs', 'compare-emoji', 'compare.json'), JSON.stringify(comparison));
    // Tall enough for the rows of the trees to be seen without scrolling.
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1300 } };
  });

  async function check(name: string, view: Frame): Promise<void> {
    const found: string[] = [];
    for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
      setTheme(theme);
      await view.locator(`body[data-vscode-theme-kind="${kinds[theme]}"]`).waitFor();
      found.push(...(await violations(view)).map((violation) => `${theme}: ${violation}`));
    }
    assert.deepEqual(found, []);
  }

  test('the Train view', async () => {
    await editor().openContainer('ViTune');
    await editor().row('first').waitFor();
    const panel = await editor().webview('trainPanel');
    await panel.getByText('3 classes').waitFor();
    for (const fold of await panel.locator('details > summary').locator('visible=true').all()) await fold.click();
    await check('Train view', panel);
  });

  test('the dashboard', async () => {
    await editor().row('first').first().click();
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.swatch').first().waitFor();
    await dashboard.locator('.matrix canvas').first().waitFor();
    await check('dashboard', dashboard);
  });

  test('the comparison', async () => {
    await editor().row('Methods on emoji').click();
    const comparison = await editor().webview('comparison');
    await comparison.getByText('The folder cannot be read.').waitFor();
    await check('comparison', comparison);
  });

  test('the page of an inspection', async () => {
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' });
    await editor().chooseFromMenu(dataset, 'Inspect Dataset');
    await check('inspection', await editor().report(/^emoji$/));
  });

  test('the images of a dataset', async () => {
    await editor().chooseFromMenu(editor().row('emoji').filter({ hasText: '3 classes' }), 'Show Images');
    const grid = await editor().webview('imageGrid');
    await grid.locator('.tile img:visible').first().waitFor();
    await check('image grid', grid);
    await editor().command('View: Close Editor');
  });

  test('the page of an evaluation, and the images of a cell', async () => {
    await editor().chooseFromMenu(editor().row('first'), 'Evaluate on a Dataset…');
    await editor().pick('emoji');
    const evaluation = await editor().report('right on emoji');
    await check('evaluation', evaluation);
    const matrix = evaluation.getByRole('application', { name: /^Confusion matrix/ });
    const readout = evaluation.locator('#confusion-readout');
    await matrix.focus();
    do await matrix.press('ArrowRight');
    while (/: 0 of/.test((await readout.textContent()) ?? ''));
    await matrix.press('Enter');
    const grid = await editor().webview('imageGrid');
    await grid.locator('.tile img:visible').first().waitFor();
    await check('images', grid);
  });

  test('the page of the doctor', async () => {
    await editor().command('ViTune: Doctor: Check Engines and Devices');
    await check('doctor', await editor().report('Engines and devices'));
  });

  test('the image editor', async () => {
    await editor().openContainer('Explorer');
    await editor().row('new images').click();
    await editor().chooseFromMenu(editor().row('faces.png'), 'Open with Predictions');
    const image = await editor().webview('imageEditor');
    await image.locator('.verdict[data-verdict="predictions"]').waitFor();
    await check('image editor', image);
  });
});
