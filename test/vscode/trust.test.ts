/**
 * Answers that can be trusted: an image unlike the training images is unknown, the user says how much is accepted as
 * known, an answer can be explained, and the dashboard shows how sure its probabilities may be.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Frame } from 'playwright-core';
import sharp from 'sharp';
import { type Calibration, calibrationFiles } from '../../src/shared/calibration.js';
import { Random } from '../../src/trainer/core/random.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

/** Of each column and row of a canvas that is drawn: the colours. */
const pixelsOf = (frame: Frame) =>
  frame.locator('canvas.heat').evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return {
      text: data.join(),
      colours: new Set(Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 1])).size,
    };
  });

const program = fileURLToPath(new URL('../../dist/trainer/cli.mjs', import.meta.url));

/** A run that its user stopped once it had a best checkpoint. */
async function stopRun(workspace: string, name: string): Promise<string> {
  const file = join(workspace, `${name}.vitune.json`);
  writeFileSync(
    file,
    JSON.stringify({ dataset: 'emoji', method: 'head', learningRate: 3e-3, epochs: 50_000, device: 'cpu' }),
  );
  const training = spawn(process.execPath, [program, 'train', file], { stdio: 'ignore' });
  const ended = once(training, 'exit');
  const run = join(workspace, 'runs', name);
  await until('a best checkpoint', () => existsSync(join(run, 'best')));
  training.kill('SIGINT');
  await ended;
  return run;
}

describe('answers that can be trusted', () => {
  const workspace = makeWorkspace();
  const run = join(workspace, 'runs', 'known');
  before(async () => {
    trainIn(workspace, 'known', { init: 'pretrained', method: 'head', learningRate: 3e-3, epochs: 5 });
    await stopRun(workspace, 'stopped');
    const random = new Random(1, 'noise');
    const pixels = Buffer.from(Uint8Array.from({ length: 160 * 160 * 3 }, () => random.below(256)));
    const noise = sharp(pixels, { raw: { width: 160, height: 160, channels: 3 } });
    await noise.png().toFile(join(workspace, 'new images', 'noise.png'));
  });
  // Else the explorer scrolls to a similar image that was opened.
  const editor = useEditor(() => ({ workspace, settings: { 'explorer.autoReveal': false } }));

  const calibration = () => {
    const step = readFileSync(join(run, 'best'), 'utf8').trim();
    const file = join(run, 'checkpoints', step, calibrationFiles.calibration);
    return JSON.parse(readFileSync(file, 'utf8')) as Calibration;
  };
  /** Opens an image of `new images` with its predictions. */
  const classified = async (name: string): Promise<Frame> => {
    await editor().command('View: Close All Editors');
    await editor().openContainer('Explorer');
    if (!(await editor().row(name).isVisible())) await editor().row('new images').click();
    await editor().chooseFromMenu(editor().row(name), 'Classify Image');
    await editor().tab(name).waitFor();
    const image = await editor().webview('imageEditor');
    await image.locator('.verdict[data-verdict="predictions"]').waitFor();
    return image;
  };

  test('the dashboard draws how often answers of each probability are right, before and after', async () => {
    await editor().openContainer('ViTune');
    await editor().row('known').click();
    const dashboard = await editor().webview('dashboard');
    const card = dashboard.locator('.reliability-card');
    await card.scrollIntoViewIfNeeded();
    const [{ ece, bins, images }] = calibration().tasks as [Calibration['tasks'][number]];
    await card.getByText(`Calibrated on ${images} validation images`).waitFor();
    const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
    assert.deepEqual(await card.locator('figcaption').allTextContents(), [
      `Before: calibration error ${percent(ece!.before)}`,
      `After: calibration error ${percent(ece!.after)}`,
    ]);
    // A bar for each bin with answers, as high as the share that is right.
    const heights = await card
      .locator('.reliability-plot')
      .last()
      .locator('.reliability-bar')
      .evaluateAll((bars) => bars.map((bar) => bar.getBoundingClientRect().height / bar.parentElement!.clientHeight));
    const wanted = bins!.after.filter((bin) => bin.images).map((bin) => bin.accuracy);
    assert.equal(heights.length, wanted.length);
    heights.forEach((height, i) => assert.ok(Math.abs(height - wanted[i]!) < 0.02, `${height} ${wanted[i]}`));
    await editor().screenshot('reliability');
    await editor().chooseFromMenu(editor().row('known'), 'Set Active Checkpoint');
    await editor().page.locator('.statusbar-item').filter({ hasText: 'known, step' }).waitFor();
  });

  test('the images of a run that are unknown are shown in the grid, are marked, and can be filtered', async () => {
    const dashboard = await editor().webview('dashboard');
    await dashboard.getByRole('button', { name: 'Unknown images' }).click();
    const grid = await editor().webview('imageGrid');
    // The threshold accepts 95 % of the 60 validation images.
    await grid
      .locator('.counts')
      .filter({ hasText: /^3 of 60 images$/ })
      .waitFor();
    const tiles = grid.locator('.tile:visible');
    assert.deepEqual(await tiles.locator('.chip.unknown:visible').allTextContents(), Array(3).fill('Unknown'));
    assert.match((await tiles.first().locator('.visually-hidden').textContent())!, /, Unknown/);
    await until('the thumbnails', () =>
      tiles.locator('img').evaluateAll((images) => images.every((each) => (each as HTMLImageElement).naturalWidth > 0)),
    );
    await editor().screenshot('unknown images in the grid');
    await grid.locator('vscode-dropdown[data-field="words-likeness"]').click();
    await grid.locator('vscode-option').filter({ hasText: 'Known' }).locator('visible=true').first().click();
    await grid
      .locator('.counts')
      .filter({ hasText: /^57 of 60 images$/ })
      .waitFor();
    assert.equal(await tiles.locator('.chip.unknown:visible').count(), 0);
  });

  test('an image unlike the training images is unknown, and what it is nearest to is said', async () => {
    const image = await classified('noise.png');
    const unknown = image.locator('.unknown');
    await unknown.getByText('Unknown', { exact: true }).waitFor();
    await unknown.getByText(/^Unlike the training images\. Nearest: (faces|flags|food)/).waitFor();
    await editor().screenshot('unknown');
  });

  test('the slider decides what counts as known, and says what that gives and costs', async () => {
    const image = await classified('food.png');
    assert.equal(await image.locator('.unknown').count(), 0);
    const slider = image.getByLabel('Images that count as known');
    const words = image.locator('#known-words');
    assert.match((await words.textContent())!, /^Of the validation images 95\.0% count as known \(recall\)/);
    // As a user does by keyboard: to its lowest end.
    await slider.focus();
    await editor().page.keyboard.press('Home');
    await image.locator('.unknown').waitFor();
    const { scores, right } = calibration().unknown!;
    const half = scores.length / 2;
    const hits = [...right.slice(0, half)].filter((letter) => letter === '1').length;
    const precision = (100 * (hits / half)).toFixed(1);
    assert.equal(
      await words.textContent(),
      `Of the validation images 50.0% count as known (recall), and ${precision}% of these are right (precision).`,
    );
    await editor().screenshot('unknown by the slider');
    await editor().page.keyboard.press('End');
    await image.locator('.unknown').waitFor({ state: 'detached' });
    assert.match((await words.textContent())!, /100\.0% count as known/);
  });

  test('Why? colours the places that count, for any class, and shows training images that are alike', async () => {
    const image = await classified('food.png');
    await image.getByRole('button', { name: 'Why?' }).click();
    await image.getByText('It looks like these training images').waitFor();
    const first = await pixelsOf(image);
    assert.ok(first.colours > 20, `${first.colours} colours`);
    await until('each similar image', async () => {
      const widths = await image
        .locator('img.similar-image')
        .evaluateAll((images) => images.map((each) => (each as HTMLImageElement).naturalWidth));
      return widths.length === 6 && widths.every((width) => width > 0);
    });
    assert.match((await image.locator('.similar-words').first().textContent())!, /^(faces|flags|food) \d+%$/);
    await editor().screenshot('why');
    await image.locator('vscode-dropdown[data-field="label"]').click();
    await image.locator('vscode-option[value="flags"]').locator('visible=true').first().click();
    await until('another explanation', async () => {
      const shown = await image.locator('.why[data-why="shown"]').isVisible();
      return shown && (await pixelsOf(image)).text !== first.text;
    });
    await editor().screenshot('why another class');
    const similar = image.locator('.similar button').first();
    const name = (await similar.getAttribute('title'))!.split(/[\\/]/).at(-1)!;
    await similar.click();
    await editor().tab(name).waitFor();
  });

  test('an explanation is hidden again', async () => {
    const image = await classified('noise.png');
    await image.getByRole('button', { name: 'Why?' }).click();
    await image.locator('canvas.heat').waitFor();
    await image.getByRole('button', { name: 'Hide Explanation' }).click();
    await image.locator('canvas.heat').waitFor({ state: 'hidden' });
  });

  test('the results of a folder count the unknown images and say what each is nearest to', async () => {
    await editor().chooseFromMenu(editor().row('new images'), 'Classify Images in Folder');
    const page = await editor().report('4 images classified');
    await page.getByText(/\d unknown/).waitFor();
    const row = page.locator('tbody tr').filter({ hasText: 'noise.png' });
    // Without a bar, which would look like an answer, and after what is known.
    assert.match((await row.textContent())!, /Unknown–nearest: [a-z, ]+ · likeliest: (faces|flags|food) \d+\.\d%$/);
    const classes = await page.locator('tbody td.words').allTextContents();
    assert.deepEqual(classes, ['food', 'Unknown', 'Unknown', 'Unknown']);
    await editor().screenshot('unknown results');
  });

  test('a run that was stopped offers to be calibrated, and then tells unknown images apart', async () => {
    const { page } = editor();
    await editor().openContainer('ViTune');
    await editor().row('stopped').click();
    await editor().tab('stopped').waitFor();
    const dashboard = await until('the dashboard of the other run', async () => {
      const frame = await editor().webview('dashboard');
      return (await frame.locator('h1').textContent()) === 'stopped' ? frame : undefined;
    });
    const card = dashboard.locator('.reliability-card');
    await card.getByText('Not calibrated yet').waitFor();
    assert.equal(await dashboard.getByRole('button', { name: 'Unknown images' }).count(), 0);
    await editor().screenshot('stopped run');
    await card.getByText('Calibrate', { exact: true }).locator('visible=true').first().click();
    await card.getByText('Calibrated on 60 validation images').waitFor();
    await dashboard.getByRole('button', { name: 'Unknown images' }).waitFor();
    assert.equal(await card.getByText('Calibrate', { exact: true }).locator('visible=true').count(), 0);
    await card.scrollIntoViewIfNeeded();
    await editor().screenshot('stopped run calibrated');
    await editor().chooseFromMenu(editor().row('stopped'), 'Set Active Checkpoint');
    await page.locator('.statusbar-item').filter({ hasText: 'stopped, step' }).waitFor();
    const image = await classified('noise.png');
    await image.locator('.unknown').waitFor();
  });
});
