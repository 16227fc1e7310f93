/**
 * A network from an ONNX file in the editor: chosen in the panel, a head trained on it, and images classified with
 * what came of it.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RecordedEvent } from '../../src/trainer/protocol.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const network = fileURLToPath(new URL('../golden/onnx/resnet.onnx', import.meta.url));

describe('an ONNX file', () => {
  const workspace = makeWorkspace();
  const file = join(workspace, 'my networks', 'small resnet.onnx');
  mkdirSync(join(workspace, 'my networks'));
  cpSync(network, file);
  const editor = useEditor(() => ({ workspace }));
  const panel = () => editor().webview('trainPanel');
  const chosen = async (field: string) =>
    (await panel()).locator(`vscode-dropdown[data-field="${field}"]`).evaluate((list: HTMLSelectElement) => list.value);

  test('is chosen in the panel, which then offers what can be done with it, and its tensors', async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    await editor().row('emoji').filter({ hasText: '3 classes' }).waitFor();
    await (await panel()).getByRole('button', { name: 'Add ONNX file…' }).click();
    await editor().quickInput.getByText('Choose an ONNX file').first().waitFor();
    const input = editor().quickInput.locator('input').first();
    // The dialog proposes a folder once it is ready; what is typed before would be lost.
    await until('the dialog to be ready', async () => (await input.inputValue()).length > 1);
    await until('the dialog to take it', async () => {
      if (!(await input.isVisible())) return true;
      await input.fill(file);
      await editor().page.keyboard.press('Enter');
      return input.waitFor({ state: 'hidden', timeout: 5000 }).then(
        () => true,
        () => false,
      );
    });
    await until('the file to be chosen', async () => (await chosen('model')) === file);
    assert.equal(await chosen('method'), 'head');
    const frame = await panel();
    await frame
      .getByText(/^Automatic: \S/)
      .locator('visible=true')
      .first()
      .waitFor();
    const methods = frame.locator('vscode-dropdown[data-field="method"]');
    const offered = await methods
      .locator('vscode-option:not([disabled])')
      .evaluateAll((options) => options.map((option) => option.getAttribute('value')));
    assert.deepEqual(offered.sort(), ['head', 'pretrained']);
    await methods.click();
    await editor().screenshot('onnx methods');
    await editor().page.keyboard.press('Escape');
  });

  test('a head is trained on it', async () => {
    const frame = await panel();
    await frame.locator('vscode-text-field[data-field="epochs"] input').fill('3');
    await frame.getByText('Start Training', { exact: true }).locator('visible=true').first().click();
    await editor().notification('is trained').first().waitFor();
    const run = join(workspace, 'vitune', 'runs', 'emoji-head');
    const events = readFileSync(join(run, 'events.jsonl'), 'utf8').trim().split('\n');
    const started = events.map((line) => JSON.parse(line) as RecordedEvent).find(({ type }) => type === 'started');
    assert.ok(started?.type === 'started' && started.model.endsWith('small resnet.onnx'), JSON.stringify(started));
    await editor().row('emoji-head').filter({ hasText: 'finished' }).waitFor();
    await editor().page.locator('.statusbar-item').filter({ hasText: 'emoji-head, step' }).waitFor();
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.status[data-status="finished"]').waitFor();
    await editor().screenshot('onnx trained');
  });

  test('what came of it classifies a right-clicked image, which opens with its predictions', async () => {
    await editor().openContainer('Explorer');
    // A click is lost, or hits another row, while the explorer takes up what training wrote.
    await until('the images in the explorer', async () => {
      await editor().row('new images').click();
      return editor()
        .row('faces.png')
        .waitFor({ timeout: 5000 })
        .then(
          () => true,
          () => false,
        );
    });
    await editor().chooseFromMenu(editor().row('faces.png'), 'Classify Image');
    const image = await editor().webview('imageEditor');
    await image.locator('.verdict[data-verdict="predictions"] .prediction-label').first().waitFor();
    assert.equal(await image.locator('.prediction').count(), 3);
    await image.getByText(/By emoji-head, step/).waitFor();
    await editor().screenshot('onnx image');
  });

  test('its answer is explained by covering places, for any class, with training images that are alike', async () => {
    const image = await editor().webview('imageEditor');
    await image.getByRole('button', { name: 'Why?' }).click();
    await image.getByText(/^How much probability covering a place takes away, on 8 × 8 places/).waitFor();
    const heat = () => image.locator('canvas.heat').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const first = await heat();
    await until('each similar image', () =>
      image
        .locator('img.similar-image')
        .evaluateAll((all) => all.length === 6 && all.every((each) => (each as HTMLImageElement).naturalWidth > 0)),
    );
    await editor().screenshot('onnx why');
    const list = image.locator('vscode-dropdown[data-field="label"]');
    const shown = await list.evaluate((each: HTMLSelectElement) => each.value);
    const other = ['faces', 'flags'].find((label) => label !== shown)!;
    await list.click();
    await image.locator(`vscode-option[value="${other}"]`).locator('visible=true').first().click();
    await until('the other explanation', async () => {
      if (!(await image.locator('.why[data-why="shown"]').isVisible())) return false;
      return (await heat()) !== first;
    });
  });
});
