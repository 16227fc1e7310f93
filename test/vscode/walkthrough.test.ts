/** The walkthrough, driven to its end from an empty window: a new user's way to a classified image. */
import assert from 'node:assert/strict';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';

describe('the walkthrough', () => {
  const workspace = realpathSync(mkdtempSync(join(tmpdir(), 'vitune-empty-')));
  process.once('exit', () => rmSync(workspace, { recursive: true, force: true }));
  const editor = useEditor(() => ({ workspace, isEmpty: true, size: { width: 1600, height: 900 } }));
  const page = () => editor().page;
  const step = (title: string) =>
    page()
      .locator('.getting-started-step')
      .filter({ has: page().locator('.step-title', { hasText: title }) });

  /** Unfolds a step, once the page is there, and clicks a button in it. */
  async function act(title: string, button: string): Promise<void> {
    await editor().command('Welcome: Open Walkthrough...');
    await editor().pick('Train an image classifier with ViTune');
    await step(title).first().click();
    await page()
      .getByRole('button', { name: button })
      .or(page().locator('.button-link', { hasText: button }))
      .first()
      .waitFor();
    await editor().screenshot(`walkthrough ${title}`);
    await page().locator('.getting-started-step.expanded').getByText(button, { exact: true }).first().click();
  }

  test('choose: the recommended models', async () => {
    await act('Choose a model', 'Recommended Models');
    await editor().quickInput.getByText('Embedded').first().waitFor();
    await page().keyboard.press('Escape');
  });

  const started = performance.now();

  test('prepare: a sample dataset by one click, chosen in the Train view', async () => {
    await act('Prepare the images', 'Make Sample Dataset');
    const panel = await editor().webview('trainPanel');
    await panel.getByText('3 classes').first().waitFor();
    await panel.getByText('Trains only the classifier').waitFor();
    await editor().screenshot('walkthrough sample');
  });

  test('fine-tune: the training starts from the view and ends', async () => {
    await act('Fine-tune', 'Open the Train View');
    const panel = await editor().webview('trainPanel');
    await panel.getByText('Start Training', { exact: true }).locator('visible=true').first().click();
    await editor().notification('is trained').first().waitFor();
    await editor().screenshot('walkthrough trained');
    await editor().dismissNotifications();
  });

  test('evaluate: a sample image that no training saw is classified', async (t) => {
    await act('Evaluate', 'Classify a Sample Image');
    const image = await editor().webview('imageEditor');
    for (const label of ['animals', 'food', 'vehicles']) await image.getByText(label, { exact: true }).waitFor();
    assert.ok((await image.getByText(/^\d+(\.\d)?%$/).count()) >= 3, 'a probability for each');
    t.diagnostic(`a classified image after ${((performance.now() - started) / 1000).toFixed(0)} s`);
    await editor().screenshot('walkthrough classified');
  });

  test('iterate: advice on the dataset', async () => {
    await act('Iterate', 'Ask for Advice');
    await editor().pick('emoji');
    const panel = await editor().webview('trainPanel');
    await panel.getByText(/^Advice: /).waitFor();
    await editor().screenshot('walkthrough advice');
    await editor().command('Welcome: Open Walkthrough...');
    await editor().pick('Train an image classifier with ViTune');
    await until('all five steps to be done', async () => {
      return (await page().locator('[data-done-step-id].complete:visible').count()) === 5;
    });
    await editor().screenshot('walkthrough done');
  });
});
