/**
 * From an empty window to a trained model, as a user does it: add a dataset, start, watch, stop, resume, reload the
 * window.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

/** Types into a number field of the form. */
async function fill(panel: Frame, field: string, value: string): Promise<void> {
  await panel.locator(`vscode-text-field[data-field="${field}"] input`).fill(value);
}

/** Chooses from a list of the form. */
async function choose(panel: Frame, field: string, value: string): Promise<void> {
  const list = panel.locator(`vscode-dropdown[data-field="${field}"]`);
  await list.click();
  await list.locator(`vscode-option[value="${value}"]`).click();
}

const button = (frame: Frame, label: string) => frame.getByText(label, { exact: true }).locator('visible=true').first();

/** The number before the slash under a title of the dashboard's figures, e.g. the step. */
async function figure(dashboard: Frame, title: string): Promise<number> {
  const text = await dashboard
    .locator('.figures div')
    .filter({ hasText: title })
    .first()
    .locator('dd')
    .textContent({ timeout: 1000 })
    .catch(() => null);
  return text === null ? -1 : Number(text.split('/')[0]!.replace(/[^\d.]/g, ''));
}

describe('training', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => ({ workspace }));

  test('views that have nothing yet say what to do', async () => {
    await editor().openContainer('ViTune');
    const { page } = editor();
    await page.getByText('A dataset is a folder of images').waitFor();
    await page.getByText('No training runs in this workspace yet').waitFor();
    const panel = await editor().webview('trainPanel');
    await panel.getByText('None yet').locator('visible=true').first().waitFor();
    await button(panel, 'Start Training').click();
    await panel.getByText('Choose a dataset first.').waitFor();
    await editor().screenshot('empty');
  });

  test('a folder of the explorer becomes a dataset', async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    const row = editor().row('emoji').filter({ hasText: '3 classes' });
    await row.waitFor();
    await row.click();
    await editor().row('Training').click();
    await editor().row('faces').click();
    await editor().row('angry.noto.png').waitFor();
    const panel = await editor().webview('trainPanel');
    await panel.getByText('3 classes').waitFor();
    await editor().screenshot('dataset');
  });

  test('training starts from the panel and its curves move', async () => {
    const panel = await editor().webview('trainPanel');
    // So many that no machine is through before the tests are.
    await fill(panel, 'epochs', '50000');
    await button(panel, 'Start Training').click();
    const dashboard = await editor().webview('dashboard');
    const step = await until(
      'the first steps',
      async () => (await figure(dashboard, 'Step')) > 3 && figure(dashboard, 'Step'),
    );
    const drawn = await dashboard
      .locator('canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    await until('more steps', async () => (await figure(dashboard, 'Step')) > step + 5);
    await until(
      'the curve to move',
      async () =>
        (await dashboard
          .locator('canvas')
          .first()
          .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())) !== drawn,
    );
    await until('an accuracy', async () => (await figure(dashboard, 'Accuracy')) >= 0);
    await editor().screenshot('training');
    await editor().page.locator('.statusbar-item').filter({ hasText: '%' }).first().waitFor();
  });

  test('a reload of the window loses nothing: the trainer continues and is found again', async () => {
    const lock = join(workspace, 'vitune', 'runs', 'emoji-lora', 'lock.json');
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    const before = await figure(await editor().webview('dashboard'), 'Step');
    await editor().reload('vitune.dashboard');
    const dashboard = await editor().webview('dashboard');
    await until('the run to go on', async () => (await figure(dashboard, 'Step')) > before);
    assert.equal((JSON.parse(readFileSync(lock, 'utf8')) as { pid: number }).pid, pid);
    const panel = await editor().webview('trainPanel');
    await panel.getByText(/Training, epoch \d/).waitFor();
    await editor().row('emoji-lora').waitFor();
    await editor().screenshot('reloaded');
  });

  test('stop saves a checkpoint', async () => {
    const panel = await editor().webview('trainPanel');
    await button(panel, 'Stop').click();
    await panel.getByText(/Stopped at step/).waitFor();
    assert.equal(existsSync(join(workspace, 'vitune', 'runs', 'emoji-lora', 'lock.json')), false);
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.status[data-status="stopped"]').waitFor();
    await editor().row('emoji-lora').filter({ hasText: 'stopped at' }).waitFor();
    await editor().screenshot('stopped');
  });

  test('resume continues from there', async () => {
    const dashboard = await editor().webview('dashboard');
    const before = await figure(dashboard, 'Step');
    await button(dashboard, 'Resume').click();
    await until('the run to go on', async () => (await figure(dashboard, 'Step')) > before);
    const events = readFileSync(join(workspace, 'vitune', 'runs', 'emoji-lora', 'events.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const started = events
      .map((line) => JSON.parse(line) as { type: string; resumedFrom?: number })
      .filter((event) => event.type === 'started');
    assert.equal(started.length, 2);
    assert.equal(started[1]?.resumedFrom, before);
  });

  test('two trainings at once are both in the Train view, and one of them is stopped alone', async () => {
    const panel = await editor().webview('trainPanel');
    const card = (name: string) =>
      panel.locator('.run-card').filter({ has: panel.getByRole('heading', { name, exact: true }) });
    const step = async (name: string) => {
      const words = await card(name).locator('.figures div').filter({ hasText: 'Step' }).textContent();
      return Number(/[\d,]+/.exec(words ?? '')?.[0].replaceAll(',', '') ?? 0);
    };
    // Another config, as one that is being trained is not started again.
    await choose(panel, 'method', 'head');
    await button(panel, 'Start Training').click();
    for (const name of ['emoji-lora', 'emoji-head']) {
      await card(name)
        .getByText(/Training, epoch \d/)
        .waitFor();
      const before = await step(name);
      await until(`${name} to go on`, async () => (await step(name)) > before);
    }
    await editor().screenshot('two trainings');
    await card('emoji-head').getByText('Stop', { exact: true }).click();
    await card('emoji-head')
      .getByText(/Stopped at step/)
      .waitFor();
    await card('emoji-lora')
      .getByText(/Training, epoch \d/)
      .waitFor();
    const before = await step('emoji-lora');
    await until('the other one to go on', async () => (await step('emoji-lora')) > before);
    await choose(panel, 'method', 'lora');
    await editor().tab('emoji-lora').click();
  });

  test('a killed trainer is reported, with a remedy', async () => {
    const { pid } = JSON.parse(readFileSync(join(workspace, 'vitune', 'runs', 'emoji-lora', 'lock.json'), 'utf8')) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    const notification = editor().notification('was interrupted');
    await notification.first().waitFor();
    await editor().row('emoji-lora').filter({ hasText: 'interrupted' }).waitFor();
    await editor().screenshot('interrupted');
    await notification.getByText('Resume', { exact: true }).first().click();
    const dashboard = await editor().webview('dashboard');
    const step = await figure(dashboard, 'Step');
    await until('the run to go on', async () => (await figure(dashboard, 'Step')) !== step);
    await button(dashboard, 'Stop').click();
    await dashboard.locator('.status[data-status="stopped"]').waitFor();
  });

  test('a short training in int8 ends with a re-evaluation in fp32, and its checkpoint is the one that classifies', async () => {
    const panel = await editor().webview('trainPanel');
    await fill(panel, 'epochs', '2');
    await panel.locator('details.advanced > summary').click();
    await choose(panel, 'frozenPrecision', 'int8');
    await button(panel, 'Start Training').click();
    await editor().notification('is trained').first().waitFor();
    await editor().row('emoji-lora-2').filter({ hasText: 'finished' }).waitFor();
    await editor().page.locator('.statusbar-item').filter({ hasText: 'emoji-lora-2' }).waitFor();
    const dashboard = await editor().webview('dashboard');
    await dashboard.getByTitle('Re-evaluated at the end').filter({ hasText: 'Best accuracy' }).waitFor();
    await editor().screenshot('finished');
  });
});
