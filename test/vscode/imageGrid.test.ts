/** Every way into the image grid in a real editor, and what it shows there. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import sharp from 'sharp';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('the image grid', () => {
  const workspace = makeWorkspace();
  const faces = join(workspace, 'emoji', 'train', 'faces');
  const editor = useEditor(async () => {
    trainIn(workspace, 'first', { epochs: 2 });
    // A duplicate in another class, a file that is no image, and a TIFF that is upright only by its EXIF orientation.
    cpSync(join(faces, readdirSync(faces)[0]!), join(workspace, 'emoji', 'train', 'food', 'twin.png'));
    writeFileSync(join(faces, 'torn.jpg'), 'This is no image.');
    await sharp({ create: { width: 90, height: 30, channels: 3, background: '#c03020' } })
      .withMetadata({ orientation: 6 })
      .tiff()
      .toFile(join(faces, 'turned.tif'));
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1000 } };
  });

  /** The grid with this heading, once all thumbnails in sight are there. */
  async function grid(counts: RegExp): Promise<Frame> {
    const frame = await editor().webview('imageGrid');
    await frame.locator('.counts').filter({ hasText: counts }).waitFor();
    await until('the thumbnails', () =>
      frame
        .locator('.tile:visible')
        .evaluateAll(
          (tiles) =>
            tiles.length > 0 &&
            tiles.every(
              (tile) =>
                !tile.querySelector<HTMLElement>('.failure')!.hidden || tile.querySelector('img')!.naturalWidth > 0,
            ),
        ),
    );
    return frame;
  }
  const close = () => editor().command('View: Close All Editors');
  const name = (frame: Frame, file: string) =>
    frame.locator('.tile:visible').filter({ has: frame.getByText(file, { exact: true }) });

  test('of a dataset, of a split and of a class, from the tree', async () => {
    await editor().openContainer('ViTune');
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' });
    await editor().chooseFromMenu(dataset, 'Show Images');
    const all = await grid(/^\d+ images$/);
    await editor().screenshot('grid of a dataset');
    await all.locator('vscode-dropdown[data-field="words-split"]').waitFor();
    await close();
    await dataset.locator('.monaco-tl-twistie').click();
    await editor().chooseFromMenu(editor().row('Validation'), 'Show Images');
    const split = await grid(/^\d+ of \d+ images$/);
    const splits = await split.locator('.tile:visible .split').allTextContents();
    assert.deepEqual([...new Set(splits)], ['Validation']);
    await close();
    await editor().row('Training').locator('.monaco-tl-twistie').click();
    await editor().chooseFromMenu(editor().row('faces').first(), 'Show Images');
    const faces = await grid(/^\d+ of \d+ images$/);
    assert.deepEqual([...new Set(await faces.locator('.tile:visible .verdict').allTextContents())], ['faces']);
  });

  test('an image that a browser cannot draw is drawn upright; one that cannot be read says why', async () => {
    const faces = await editor().webview('imageGrid');
    const input = faces.locator('vscode-text-field[data-field="text"] input');
    await input.fill('t');
    await faces.locator('.grid').focus();
    await input.fill('turned');
    await name(faces, 'turned.tif').waitFor();
    const size = await until('the image', () =>
      name(faces, 'turned.tif')
        .locator('img')
        .evaluate((img: HTMLImageElement) => img.naturalWidth > 0 && [img.naturalWidth, img.naturalHeight]),
    );
    assert.deepEqual(size, [30, 90]);
    await input.fill('torn');
    const reason = name(faces, 'torn.jpg').locator('.failure');
    await reason.filter({ hasText: 'its content is not an image' }).waitFor();
    await editor().screenshot('grid with an error tile');
  });

  test('Enter opens the image with its predictions; the grid comes back as it was', async () => {
    const faces = await editor().webview('imageGrid');
    await faces.locator('vscode-text-field[data-field="text"] input').fill('turned');
    await name(faces, 'turned.tif').waitFor();
    await faces.locator('.grid').focus();
    await editor().page.keyboard.press(' ');
    await editor().page.keyboard.press('Enter');
    await editor().webview('imageEditor');
    await editor().tab('turned.tif').waitFor();
    await editor().page.locator('.tabs-container .tab').first().click();
    const again = await grid(/^1 of \d+ images · 1 selected$/);
    assert.equal(await name(again, 'turned.tif').getAttribute('aria-selected'), 'true');
    await close();
  });

  test('of the problems of a dataset: a file that cannot be read, and an image next to its duplicate', async () => {
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' });
    await editor().chooseFromMenu(dataset, 'Inspect Dataset');
    const report = await editor().webview('report');
    const group = (words: string) => report.locator('.problem-group').filter({ hasText: words });
    await group('in the class').getByText('Show images').click();
    const twins = await grid(/^2 images$/);
    await name(twins, 'twin.png').hover();
    assert.match((await name(twins, 'twin.png').getAttribute('title'))!, /The same image|in the class/);
    await close();
    await editor().chooseFromMenu(dataset, 'Inspect Dataset');
    const second = await editor().webview('report');
    await second.locator('.problem-group').filter({ hasText: 'cannot be read' }).getByText('Show images').click();
    await name(await grid(/^1 image$/), 'torn.jpg').waitFor();
    await close();
  });

  test('of an evaluation: mistakes, low confidence, a class and a cell', async () => {
    await editor().chooseFromMenu(editor().row('first'), 'Evaluate on a Dataset…');
    await editor().pick('emoji');
    const heading = 'right on emoji';
    await (await editor().report(heading)).getByText('Low confidence').click();
    const unsure = await grid(/^\d+ images$/);
    const shares = await unsure.locator('.tile:visible .share').allTextContents();
    const numbers = shares.map((share) => parseFloat(share));
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    await editor().screenshot('grid of an evaluation');
    await editor().command('View: Close Editor');
    await (await editor().report(heading)).getByText('Mistakes, most confident first').click();
    const mistakes = await grid(/of \d+ images$/);
    const tiles = await mistakes.locator('.tile:visible').count();
    assert.equal(await mistakes.locator('.tile:visible .verdict.wrong').count(), tiles);
    await editor().command('View: Close Editor');
    await (await editor().report(heading)).getByRole('button', { name: 'flags', exact: true }).click();
    await grid(/of \d+ images$/);
    await editor().command('View: Close Editor');
    const report = await editor().report(heading);
    const matrix = report.getByRole('application', { name: /^Confusion matrix/ });
    await matrix.focus();
    const readout = report.locator('#confusion-readout');
    do await matrix.press('ArrowRight');
    while (/: 0 of/.test((await readout.textContent()) ?? ''));
    const images = Number(/: (\d+) of/.exec((await readout.textContent()) ?? '')![1]);
    await matrix.press('Enter');
    await grid(new RegExp(`^${images} of \\d+ images$`));
    await close();
  });

  test('of a run: its validation images are classified once, for a class and for a cell of the matrix', async () => {
    await editor().row('first').first().click();
    const dashboard = await editor().webview('dashboard');
    await dashboard.getByRole('button', { name: 'flags', exact: true }).click();
    const flags = await grid(/of \d+ images$/);
    assert.match(
      (await flags.locator('.grid-head').textContent())!,
      /validation images of the run.*checkpoint at step/s,
    );
    await editor().page.locator('.tabs-container .tab').first().click();
    const again = await editor().webview('dashboard');
    const matrix = again.getByRole('application', { name: /^Confusion matrix/ });
    await matrix.focus();
    const readout = again.locator('#confusion-readout');
    do await matrix.press('ArrowRight');
    while (/: 0 of/.test((await readout.textContent()) ?? ''));
    const images = Number(/: (\d+) of/.exec((await readout.textContent()) ?? '')![1]);
    await matrix.press('Enter');
    await grid(new RegExp(`^${images} of \\d+ images$`));
    await editor().screenshot('grid of a run');
  });
});
