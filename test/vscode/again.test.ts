/**
 * The loop in a real editor: a dataset with planted errors is trained on, a cell of the matrix shows them, they are
 * moved to the right class, undone and done again, the run is trained again, and both runs are compared. Once with class
 * folders, once with a label file.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Frame } from 'playwright-core';
import type { EvaluatedImage } from '../../src/trainer/protocol.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const cli = fileURLToPath(new URL('../../dist/trainer/cli.mjs', import.meta.url));
/** A batch of scans of flags was filed under food: this share of the flags. */
const planted = 0.4;

/** Files of a folder, of which the planted ones are to be called `scan 1.png` and so on. */
function filesToPlant(folder: string, share: number): [from: string, to: string][] {
  const names = readdirSync(folder).sort();
  const count = Math.round(share * names.length);
  return Array.from({ length: count }, (_, i) => {
    const from = names[Math.floor((i * names.length) / count)]!;
    return [from, `scan ${i + 1}${extname(from)}`];
  });
}

/** Each step needs the one before it. */
let isBroken = false;
function step(name: string, run: () => Promise<void>): void {
  test(name, async (t) => {
    if (isBroken) return t.skip('an earlier step failed');
    isBroken = true;
    await run();
    isBroken = false;
  });
}

describe('the loop from a mistake to a better run', () => {
  const workspace = makeWorkspace();
  const at = (...path: string[]) => join(workspace, ...path);
  const labels = () => readFileSync(at('listed', 'labels.csv'), 'utf8');
  const editor = useEditor(() => {
    mkdirSync(at('listed'));
    const rows = ['image,label'];
    for (const label of ['faces', 'flags', 'food']) {
      const folder = at('emoji', 'train', label);
      const scans = new Map(label === 'flags' ? filesToPlant(folder, planted) : []);
      for (const name of readdirSync(folder)) {
        const scan = scans.get(name);
        cpSync(join(folder, name), at('listed', scan ?? name));
        rows.push(`${scan ?? name},${scan === undefined ? label : 'food'}`);
      }
    }
    writeFileSync(at('listed', 'labels.csv'), `${rows.join('\r\n')}\r\n`);
    for (const split of ['train', 'validation'])
      for (const [from, to] of filesToPlant(at('emoji', split, 'flags'), planted))
        renameSync(at('emoji', split, 'flags', from), at('emoji', split, 'food', to));
    for (const [name, dataset] of [['photos', 'emoji'], ['table', 'listed']] as const) // prettier-ignore
      writeFileSync(at(`${name}.vitune.json`), JSON.stringify({ dataset, method: 'head', epochs: 4, device: 'cpu' }, null, 2)); // prettier-ignore
    mkdirSync(at('.vscode'));
    writeFileSync(at('.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji', 'listed'] }));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1000 } };
  });
  const press = (keys: string) => editor().page.keyboard.press(keys);
  const act = (frame: Frame, label: string) => frame.getByRole('button', { name: label, exact: true }).click();

  /** Where the keys of a grid go, also where all its images have left it. */
  const focus = (frame: Frame) => frame.locator('.grid:visible, .empty:visible').first().focus();

  async function grid(counts: RegExp): Promise<Frame> {
    const frame = await editor().webview('imageGrid');
    await frame.locator('.counts').filter({ hasText: counts }).waitFor();
    return frame;
  }

  /** Accuracy of a run on the validation images that were never touched, by their labels as they are now. */
  function untouched(run: string): { right: number; images: number } {
    const args = ['evaluate', '--checkpoint', run, '--split', 'validation', '--images', '--json'];
    const { stdout, status } = spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8' });
    assert.equal(status, 0, stdout);
    const lines = stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line) as EvaluatedImage | { type: 'evaluation' }); // prettier-ignore
    const images = lines.flatMap((line) =>
      line.type === 'picture' && !basename(line.path).startsWith('scan') ? line.answers : [],
    );
    return {
      right: images.filter(({ truth, prediction }) => truth === prediction.label).length,
      images: images.length,
    };
  }

  /** How many of the scans have the right label by now. */
  const corrected = (isTable: boolean): number =>
    isTable
      ? labels().split('\r\n').filter((row) => /^scan .*,flags$/.test(row)).length // prettier-ignore
      : ['train', 'validation'].flatMap((split) =>
          readdirSync(at('emoji', split, 'flags')).filter((name) => name.startsWith('scan')),
        ).length;

  for (const [name, dataset] of [
    ['photos', 'emoji'],
    ['table', 'listed'],
  ] as const) {
    // prettier-ignore
    const isTable = name === 'table';
    const before = at('runs', name);
    const now = at('runs', `${name}-2`);
    const shot = (what: string) => editor().screenshot(`loop ${name} ${what}`);

    step(
      `${isTable ? 'a label file' : 'class folders'}: a cell of the matrix leads to the planted errors`,
      async () => {
        await editor().openFile(`${name}.vitune.json`);
        await until('the training to start', async () => {
          await editor().page.getByText('Train with this config').click();
          return editor()
            .notification(/is trained/)
            .first()
            .waitFor({ timeout: 30_000 })
            .then(
              () => true,
              () => false,
            );
        });
        await editor().dismissNotifications();
        await editor().openContainer('ViTune');
        await editor().row(name).first().click();
        const dashboard = await editor().webview('dashboard');
        const matrix = dashboard.getByRole('application', { name: /^Confusion matrix/ });
        await matrix.waitFor();
        await shot('1 matrix');
        const readout = dashboard.locator('#confusion-readout');
        // A window that is busy elsewhere may take the focus, and with it the chosen cell.
        await until('the cell to be chosen', async () => {
          for (const key of ['ArrowLeft', 'ArrowLeft', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowRight'])
            await matrix.press(key);
          return /food predicted as flags/.test((await readout.textContent()) ?? '');
        });
        await matrix.press('Enter');
        const cell = await grid(/^\d+ of \d+ images$/);
        const names = await cell.locator('.tile:visible .name').allTextContents();
        assert.ok(names.some((each) => each.startsWith('scan')), names.join()); // prettier-ignore
        await shot('2 cell');
      },
    );

    step('they are moved to the right class, undone, and done again', async () => {
      const cell = await editor().webview('imageGrid');
      const field = cell.locator('vscode-text-field[data-field="text"] input');
      await field.fill('scan');
      await cell.locator('.grid').focus();
      await press('Control+a');
      const selected = await cell.locator('.tile:visible').count();
      await cell.locator('.counts').filter({ hasText: `${selected} selected` }).waitFor(); // prettier-ignore
      await shot('3 selected');
      await act(cell, 'Move to Class…');
      await editor().pick('flags');
      await editor().waitForNotification('now in the class “flags”');
      assert.equal(corrected(isTable), selected);
      await editor().dismissNotifications();
      await focus(cell);
      await press('Control+z');
      await editor().waitForNotification('Undone');
      assert.equal(corrected(isTable), 0);
      await shot('4 undone');
      await editor().dismissNotifications();
      await focus(cell);
      await press('Control+Shift+z');
      await editor().waitForNotification('Done again');
      assert.equal(corrected(isTable), selected);
      await editor().dismissNotifications();
      await editor().command('View: Close All Editors');

      // The pattern is seen: the other scans of the class are of the same batch.
      await editor().chooseFromMenu(editor().row(dataset).filter({ hasText: '3 classes' }), 'Show Images');
      const all = await grid(/^\d+ images$/);
      await all.locator('vscode-text-field[data-field="text"] input').fill('scan');
      await all.locator('.grid').focus();
      await press('Control+a');
      await all.locator('.counts').filter({ hasText: 'selected' }).waitFor();
      await act(all, 'Move to Class…');
      await editor().pick('flags');
      await editor().waitForNotification('now in the class “flags”');
      const scans = isTable ? filesToPlantCount(76) : filesToPlantCount(76) + filesToPlantCount(20);
      assert.equal(corrected(isTable), scans);
      await editor().dismissNotifications();
      await editor().command('View: Close All Editors');
    });

    step(
      'row, panel and dashboard say what changed; the run is trained again on the same validation images',
      async () => {
        const scans = corrected(isTable);
        const words = `${scans} labels changed`;
        await editor().row(dataset).filter({ hasText: words }).first().waitFor();
        await editor().row(dataset).filter({ hasText: '3 classes' }).first().click();
        await editor().row(name).first().click();
        const dashboard = await editor().webview('dashboard');
        await dashboard.getByText(`Since this run: ${words}.`).waitFor();
        // The dataset that was added last is the one of the form.
        if (isTable)
          await (await editor().webview('trainPanel')).getByText(`Since the run “${name}”: ${words}.`).waitFor();
        await shot('5 changed');
        await dashboard.locator('.message').filter({ hasText: words }).getByText('Train Again…').click();
        await editor().quickInput.getByText('From the Best Checkpoint').waitFor();
        await shot('6 how to train again');
        await editor().pick('From Scratch');
        await editor().waitForNotification(/is trained/); // prettier-ignore
        await editor().row(`${name}-2`).first().waitFor();
        const validation = (run: string) => untouched(run).images;
        assert.equal(validation(now), validation(before));
      },
    );

    step('both runs are compared: the later is right more often on images that nobody touched', async () => {
      await editor().notification(/is trained/).getByText(`Compare with “${name}”`).first().click(); // prettier-ignore
      const page = await editor().webview('report');
      await page.getByRole('button', { name: /changed answers$/ }).waitFor();
      await editor().dismissNotifications();
      const heading = (await page.locator('h1').textContent())!;
      const [, was, is] = /: ([\d.]+)% → ([\d.]+)% right$/.exec(heading)!;
      assert.ok(Number(is) > Number(was), heading);
      await page.getByText(`${corrected(isTable)} labels changed`).waitFor();
      await page.getByText('All settings are the same.').waitFor();
      assert.equal(await page.locator('.compared-curves canvas').count() > 2, true); // prettier-ignore
      await shot('7 compared');
      const [old, better] = [untouched(before), untouched(now)];
      assert.deepEqual(old.images, better.images);
      assert.ok(better.right > old.right, JSON.stringify({ old, better }));
      console.log(`${name}: ${old.right} → ${better.right} of ${old.images} untouched validation images are right`);
      await page.getByRole('button', { name: /right now$/ }).click();
      const flips = await grid(/images?$/);
      assert.ok((await flips.locator('.tile:visible .was').count()) > 0);
      await shot('8 changed answers');
      await editor().command('View: Close All Editors');
    });
  }
});

const filesToPlantCount = (files: number): number => Math.round(planted * files);
