/**
 * Takes the images of docs/images/ in a real editor, in a dark and a light theme: `node --import tsx
 * test/vscode/takeScreenshots.ts [dark|light]`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSample, sample } from '../../scripts/sample.mjs';
import type { Frame } from 'playwright-core';
import { methodSchemas } from '../../src/trainer/config/methods.js';
import type { Comparison } from '../../src/trainer/protocol.js';
import { type Editor, until } from './harness/editor.js';
import { startEditor } from './harness/startEditor.js';
import { trainIn } from './workspace.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
process.env.VITUNE_SCREENSHOTS ??= join(root, 'docs', 'images');

const classes = ['animals', 'faces', 'flags', 'food', 'vehicles'];

/** Most of the sample with a trained run and some images of an artist that training did not see. */
function makeFolder(parent: string): string {
  makeSample();
  const folder = join(parent, 'emoji project');
  mkdirSync(join(folder, 'new images'), { recursive: true });
  for (const label of classes) {
    for (const split of ['train', 'validation'])
      cpSync(join(sample.folder, 'emoji', split, label), join(folder, 'emoji', split, label), { recursive: true });
    for (const name of readdirSync(join(sample.heldOut, label)).slice(0, 2))
      cpSync(join(sample.heldOut, label, name), join(folder, 'new images', name));
  }
  const pretrained = existsSync(join(root, 'media', 'embedded', 'model.safetensors'));
  trainIn(folder, 'emoji-first', pretrained ? { init: 'pretrained', method: 'lora', epochs: 8 } : { epochs: 4 });
  writeFileSync(
    join(folder, 'emoji.vitune.json'),
    '{\n  "model": "embedded",\n  "dataset": "emoji",\n  "method": "lora",\n  "epochs": 8,\n  \n}\n',
  );
  // As `vitune compare --set epochs=3` writes it first: the page continues it, in minutes instead of tens of minutes.
  const comparison: Comparison = {
    format: 1,
    dataset: join(folder, 'emoji'),
    settings: ['epochs=3'],
    methods: Object.keys(methodSchemas()),
    rows: [],
  };
  const compared = join(folder, 'runs', 'compare-emoji');
  mkdirSync(compared, { recursive: true });
  writeFileSync(join(compared, 'compare.json'), JSON.stringify(comparison));
  return folder;
}

/** Goes through all cells of the matrix of five classes by the keyboard, and opens the greatest off the diagonal. */
async function openCommonestConfusion(evaluation: Frame): Promise<void> {
  const matrix = evaluation.getByRole('application', { name: /^Confusion matrix/ });
  const readout = evaluation.locator('#confusion-readout');
  const goTo = async (truth: number, prediction: number) => {
    await matrix.blur();
    await matrix.focus();
    for (let down = 0; down <= truth; down++) await matrix.press('ArrowDown');
    for (let right = 0; right < prediction; right++) await matrix.press('ArrowRight');
    return Number(/: (\d+) of/.exec((await readout.textContent()) ?? '')?.[1] ?? 0);
  };
  let greatest = { count: -1, truth: 0, prediction: 0 };
  for (let truth = 0; truth < classes.length; truth++) {
    for (let prediction = 0; prediction < classes.length; prediction++) {
      if (truth === prediction) continue;
      const count = await goTo(truth, prediction);
      if (count > greatest.count) greatest = { count, truth, prediction };
    }
  }
  await goTo(greatest.truth, greatest.prediction);
  await matrix.press('Enter');
}

async function takeAll(editor: Editor, theme: string): Promise<void> {
  const { page } = editor;
  const shoot = async (name: string) => {
    // The pointer's hover and focus rings are of no use in a screenshot.
    await page.mouse.move(700, 790);
    for (const passing of ['.monaco-hover', '.quick-input-widget', '.notification-toast'])
      await until(`${passing} to be gone`, async () => (await page.locator(`${passing}:visible`).count()) === 0);
    await editor.screenshot(`${name} ${theme}`);
  };

  await editor.openContainer('ViTune');
  await editor.webview('trainPanel');
  await editor.row('emoji-first').waitFor();

  await editor.openContainer('Explorer');
  await editor.chooseFromMenu(editor.row('emoji'), 'Add Dataset…');
  const dataset = editor.row('emoji').filter({ hasText: 'classes' });
  await dataset.waitFor();
  await editor.chooseFromMenu(dataset, 'Inspect Dataset');
  await editor.report('emoji');
  await shoot('inspection');

  await editor.command('View: Close All Editors');
  const panel = await editor.webview('trainPanel');
  await panel.locator('vscode-text-field[data-field="epochs"] input').fill('6');
  await panel.getByText('Start Training', { exact: true }).locator('visible=true').first().click();
  const dashboard = await editor.webview('dashboard');
  await dashboard.getByText('Confusion matrix').waitFor();
  await until('two evaluations', async () =>
    /^Epoch[3-6]/.test((await dashboard.locator('.figures').first().textContent()) ?? ''),
  );
  await editor
    .row('emoji-lora')
    .locator('.codicon-tree-item-expanded')
    .click()
    .catch(() => undefined);
  await shoot('training');
  await dashboard.locator('.status[data-status="finished"]').waitFor();
  await editor.dismissNotifications();
  await shoot('dashboard');
  await dashboard.getByText('Confusion matrix').scrollIntoViewIfNeeded();
  await dashboard.evaluate(() => document.scrollingElement?.scrollTo(0, document.scrollingElement.scrollHeight));
  await shoot('dashboard-results');

  await editor.command('View: Close All Editors');
  await editor.row('Methods on emoji').click();
  const comparison = await editor.webview('comparison');
  await comparison.getByText('Continue', { exact: true }).locator('visible=true').first().click();
  await until('three methods and a fourth at work', async () => {
    const [done, working] = await Promise.all(
      ['done', 'working'].map((state) => comparison.locator(`[data-state="${state}"]`).count()),
    );
    return done! >= 3 && working === 1;
  });
  await shoot('comparing');
  await until(
    'no method to be left',
    async () => (await comparison.locator('[data-state="waiting"], [data-state="working"]').count()) === 0,
  );
  await editor.dismissNotifications();
  await shoot('comparison');

  await editor.command('View: Close All Editors');
  await editor.chooseFromMenu(editor.row('emoji-first'), 'Evaluate on a Dataset…');
  await editor.pick('emoji');
  const evaluation = await editor.report('right on emoji');
  await shoot('evaluation');
  // The commonest confusion.
  await openCommonestConfusion(evaluation);
  const cell = await editor.webview('imageGrid');
  await cell.locator('.tile img:visible').first().waitFor();
  await shoot('confused');

  await editor.command('View: Close All Editors');
  await editor.chooseFromMenu(editor.row('emoji-first'), 'Set Active Checkpoint');
  await editor.openContainer('Explorer');
  const images = page.locator('.monaco-list-row[role="treeitem"]').filter({ hasText: 'twemoji' });
  await until('the images in the explorer', async () => {
    if (await images.first().isVisible()) return true;
    await editor.row('new images').click();
    return images
      .first()
      .waitFor({ timeout: 5000 })
      .then(
        () => true,
        () => false,
      );
  });
  await editor.chooseFromMenu(images.nth(1), 'Classify Image');
  const image = await editor.webview('imageEditor');
  await image.locator('.verdict[data-verdict="predictions"]').waitFor();
  await shoot('image');
  await editor.chooseFromMenu(editor.row('new images'), 'Classify Images in Folder');
  await editor.report('images classified');
  await shoot('results');

  await editor.command('View: Close All Editors');
  await editor.openFile('emoji.vitune.json');
  await page.locator('.monaco-editor .view-line').nth(5).click();
  await page.keyboard.press('End');
  const row = page.locator('.suggest-widget.visible .monaco-list-row').filter({ hasText: 'batchSize' });
  await until('the completion', async () => {
    if (await row.first().isVisible()) return true;
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Space');
    return row
      .first()
      .waitFor({ timeout: 5000 })
      .then(
        () => true,
        () => false,
      );
  });
  await shoot('config');
  await page.keyboard.press('Escape');

  await editor.command('View: Close All Editors');
  // A walkthrough shows its images only where there is room.
  await editor.command('View: Toggle Primary Side Bar Visibility');
  await editor.command('Welcome: Open Walkthrough...');
  await editor.pick('Train an image classifier with ViTune');
  await page.getByText('Prepare the images').first().click();
  await until('the image of the step', async () => {
    const drawn = page.frames().map((frame) => frame.getByText('cats', { exact: true }).first().isVisible());
    return (await Promise.allSettled(drawn)).some((each) => each.status === 'fulfilled' && each.value);
  });
  await shoot('walkthrough');
}

const parent = mkdtempSync(join(tmpdir(), 'vitune-images-'));
try {
  for (const theme of ['dark', 'light'] as const) {
    if (process.argv[2] !== undefined && process.argv[2] !== theme) continue;
    const workspace = makeFolder(join(parent, theme));
    const editor = await startEditor({ workspace, theme });
    try {
      await takeAll(editor, theme);
    } catch (error) {
      await editor.screenshot('failed');
      throw error;
    } finally {
      await editor.close();
    }
  }
} finally {
  rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
