/** What a trained checkpoint is for: right-click images, open one with its predictions, look at a dataset with it. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

const answer = (frame: Frame) => frame.locator('.verdict[data-verdict="predictions"] .prediction-label').first();

describe('classification', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => {
    trainIn(workspace, 'first');
    trainIn(workspace, 'second', { epochs: 1 });
    // Else the explorer selects an image that has just opened, in the middle of the clicks that select several.
    return { workspace, settings: { 'explorer.autoReveal': false } };
  });

  test('without a checkpoint it says what to do', async () => {
    await editor().openContainer('Explorer');
    await editor().row('new images').click();
    await editor().chooseFromMenu(editor().row('faces.png'), 'Classify Image');
    await editor().notification('There is no checkpoint').getByText('Choose a Checkpoint').first().click();
    await editor().pick('Best of first');
    await editor().page.locator('.statusbar-item').filter({ hasText: 'first, step' }).waitFor();
  });

  test('a right-clicked image opens with its predictions', async () => {
    const image = await editor().webview('imageEditor');
    await answer(image).waitFor();
    assert.equal(await image.locator('.prediction').count(), 3);
    await until('the image itself', () =>
      image
        .locator('img')
        .first()
        .evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0),
    );
    await editor().screenshot('image');
  });

  test('it follows the active checkpoint', async () => {
    await editor().openContainer('ViTune');
    await editor().chooseFromMenu(editor().row('second'), 'Set Active Checkpoint');
    const image = await editor().webview('imageEditor');
    await image.getByText(/By second, step/).waitFor();
    await answer(image).waitFor();
  });

  test('it follows the file', async () => {
    const image = await editor().webview('imageEditor');
    const before = await image.locator('.predictions').textContent();
    cpSync(join(workspace, 'new images', 'flags.png'), join(workspace, 'new images', 'faces.png'));
    await until('other predictions', async () => {
      const now = await image
        .locator('.predictions')
        .textContent({ timeout: 2000 })
        .catch(() => null);
      return now !== null && now !== before;
    });
  });

  test('several images become a list, the most confident first, with the file that is not an image at the end', async () => {
    await editor().openContainer('Explorer');
    await editor().row('flags.png').click();
    await editor().tab('flags.png').waitFor();
    await until('three selected images', async () => {
      await editor().row('flags.png').click();
      for (const name of ['food.png', 'no image.png']) {
        await editor()
          .row(name)
          .click({ modifiers: ['ControlOrMeta'] });
      }
      return (
        (await editor().page.locator('.explorer-folders-view .monaco-list-row[aria-selected="true"]').count()) === 3
      );
    });
    await editor().chooseFromMenu(editor().row('food.png'), 'Classify Image');
    const page = await editor().report('2 images classified');
    const names = await page.locator('td.image').allTextContents();
    assert.equal(names.length, 3);
    assert.equal(names[2]?.trim(), 'no image.png');
    await page.getByText('1 could not be read').waitFor();
    await editor().screenshot('results');
  });

  test('a report comes back after a reload of the window, and is gone once it was closed', async () => {
    await editor().reload('vitune.report');
    const page = await editor().report('2 images classified');
    await until('the images', () =>
      page
        .locator('.thumbnail img')
        .first()
        .evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0),
    );
    assert.equal(await page.locator('tbody tr').count(), 3);
    await page.getByRole('button', { name: 'food.png' }).click();
    await editor().tab('food.png').waitFor();
    await editor().command('View: Close All Editors');
    await editor().openContainer('Explorer');
  });

  test('a folder is classified whole', async () => {
    await editor().chooseFromMenu(editor().row('new images'), 'Classify Images in Folder');
    await editor().report('3 images classified');
  });

  test('a dataset can be inspected and evaluated on', async () => {
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    const row = editor().row('emoji').filter({ hasText: '3 classes' });
    await row.waitFor();
    await editor().chooseFromMenu(row, 'Inspect Dataset');
    const inspection = await editor().report('emoji');
    assert.deepEqual(await inspection.locator('td.name').allTextContents(), ['faces', 'flags', 'food']);
    await editor().screenshot('inspection');
    await editor().chooseFromMenu(editor().row('first'), 'Evaluate on a Dataset…');
    await editor().pick('emoji');
    const evaluation = await editor().report('right on emoji');
    await editor().screenshot('evaluation');
    const matrix = evaluation.getByRole('application', { name: /^Confusion matrix/ });
    await matrix.focus();
    await editor().page.keyboard.press('ArrowRight');
    const readout = evaluation.locator('#confusion-readout');
    // The first cell with images.
    const number = await until('a cell with images', async () => {
      const count = Number(/: (\d+) of/.exec((await readout.textContent()) ?? '')?.[1] ?? 0);
      if (count > 0) return count;
      await editor().page.keyboard.press('ArrowRight');
      return undefined;
    });
    await editor().page.keyboard.press('Enter');
    const images = await editor().webview('imageGrid');
    // As many images as the cell says.
    await images.locator('.counts', { hasText: new RegExp(`^${number} of 60 images$`) }).waitFor();
    await editor().screenshot('evaluation cell');
    const name = (await images.locator('.tile:visible .name').first().textContent())!;
    await images.locator('.tile:visible').first().dblclick();
    await editor().tab(name).waitFor();
    await answer(await editor().webview('imageEditor')).waitFor();
  });

  test('an evaluation says what its images were to the run, and asks before it takes those that the run trained on', async () => {
    await editor().tab('Evaluation on emoji').click();
    const evaluation = await editor().report('right on emoji');
    await evaluation.getByText('Images: 60 validation images of the run.').waitFor();
    await editor().openContainer('Explorer');
    const train = editor().row('train');
    if (!(await train.isVisible())) await editor().row('emoji').click();
    await editor().chooseFromMenu(train, 'Add Dataset…');
    await editor().row('train').filter({ hasText: '3 classes' }).waitFor();
    await editor().chooseFromMenu(editor().row('first'), 'Evaluate on a Dataset…');
    await editor().pick('train');
    const question = editor().page.locator('.monaco-dialog-box');
    await question.getByText('The run was trained on all 228 images of this dataset').waitFor();
    await editor().screenshot('evaluation on training images');
    await question.getByText('Use These Images').click();
    await (await editor().report('right on train')).getByText('Images: 228 that the model was trained on').waitFor();
  });

  test('an image opens from the tree of datasets', async () => {
    await editor().row('emoji').filter({ hasText: '3 classes' }).click();
    await editor().row('Validation').click();
    await editor().row('faces').click();
    const image = editor()
      .page.locator('.monaco-list-row[role="treeitem"]')
      .filter({ hasText: /\.(png|webp)/ })
      .first();
    const name = (await image.locator('.label-name').textContent()) ?? '';
    await image.click();
    await editor().tab(name).waitFor();
    await editor().screenshot('dataset image');
  });
});
