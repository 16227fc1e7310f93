/** What goes wrong in a run is said in its dashboard with a button that edits the config; a healthy run says nothing. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import sharp from 'sharp';
import { Random } from '../../src/trainer/core/random.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

/** Images of noise in two classes: they can be learnt by heart, and nothing else. */
async function writeNoise(folder: string): Promise<void> {
  const random = new Random(1, 'noise');
  for (const [split, images] of [
    ['train', 24],
    ['validation', 40],
  ] as const)
    for (const label of ['one', 'two']) {
      mkdirSync(join(folder, split, label), { recursive: true });
      for (let i = 0; i < images; i++) {
        const pixels = Buffer.from(Uint8Array.from({ length: 32 * 32 * 3 }, () => random.below(256)));
        const image = sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
        await image.png().toFile(join(folder, split, label, `${i}.png`));
      }
    }
}

describe('diagnoses', () => {
  const workspace = makeWorkspace();
  before(async () => {
    await writeNoise(join(workspace, 'noise'));
    const still = { randomResizedCrop: false, horizontalFlip: 0 };
    const head = { init: 'pretrained', method: { type: 'head', hidden: 64 }, learningRate: 1e-2 };
    trainIn(workspace, 'overfits', { ...head, dataset: 'noise', epochs: 40, augmentation: still });
    const sound = { dataset: 'emoji/train', validationSplit: 0.4, learningRate: 3e-3, epochs: 6 };
    trainIn(workspace, 'sound', { ...head, ...sound, method: 'head' });
  });
  const editor = useEditor(() => ({ workspace }));

  test('a run that overfits says so, and the button sets the key in its config, which can be undone', async () => {
    const { page } = editor();
    await editor().openContainer('ViTune');
    await editor().row('overfits').click();
    const dashboard = await editor().webview('dashboard');
    const row = dashboard.locator('.message[data-code="OVERFITTING"]');
    await row.waitFor();
    assert.match((await row.textContent())!, /overfits since step \d+.*checkpoint of step \d+ is in use/);
    await editor().screenshot('overfitting');
    await row.locator('vscode-button').click();
    const line = page.locator('.monaco-editor .view-line').filter({ hasText: '"earlyStoppingPatience": 3' });
    await line.waitFor();
    const file = join(workspace, 'overfits.vitune.json');
    assert.ok(!readFileSync(file, 'utf8').includes('earlyStoppingPatience'), 'the edit is not saved for the user');
    await editor().screenshot('fix in config');
    await page.locator('.monaco-editor .view-line').first().click();
    await page.keyboard.press('Control+Z');
    await line.waitFor({ state: 'detached' });
  });

  test('a healthy run says nothing', async () => {
    await editor().row('sound').click();
    await editor().tab('sound').waitFor();
    const shown = await until('the dashboard of the other run', async () => {
      const dashboard = await editor().webview('dashboard');
      return (await dashboard.locator('h1').textContent()) === 'sound' ? dashboard : undefined;
    });
    await shown.locator('.status[data-status="finished"]').waitFor();
    assert.equal(await shown.locator('.message[data-code]').count(), 0);
  });
});
