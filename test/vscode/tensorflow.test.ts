/**
 * TensorFlow.js, which is no part of the extension: the doctor says what to install, the setting names where it is, and
 * a training runs on it.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { tensorflowFolder } from '../../scripts/ensure-tensorflow.mjs';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const folder = tensorflowFolder();
const skip = folder ? false : 'TensorFlow.js is not installed: node scripts/ensure-tensorflow.mjs';

describe('TensorFlow.js', { skip }, () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => ({ workspace }));

  const examined = async () => {
    await editor().command('ViTune: Doctor: Check Engines and Devices');
    return editor().report('Engines and devices');
  };

  test('the doctor says that it is missing, and what would help', async () => {
    const report = await examined();
    await report
      .getByText(/tfjs-node-gpu is not installed in .*It is optional/)
      .first()
      .waitFor();
    await report
      .getByText(/npm install @tensorflow\/tfjs-node-gpu@4\.22\.0/)
      .first()
      .waitFor();
    await report.getByText(/its last release is of 2024/).waitFor();
    await editor().screenshot('doctor without TensorFlow');
    await editor().openContainer('ViTune');
    const panel = await editor().webview('trainPanel');
    await panel.locator(`${deviceOption}[aria-disabled="true"]`).waitFor({ state: 'attached' });
    assert.match((await panel.locator(deviceOption).textContent()) ?? '', /TensorFlow\.js: not installed/);
  });

  test('with the setting the doctor finds it', async () => {
    mkdirSync(join(workspace, '.vscode'), { recursive: true });
    writeFileSync(
      join(workspace, '.vscode', 'settings.json'),
      JSON.stringify({ 'vitune.tensorflowFolder': folder, 'vitune.datasets': ['emoji'] }),
    );
    await panelWithTensorflow();
    await editor().command('View: Close All Editors');
    const report = await examined();
    await report.getByText('usable, on the CPU: no graphics card that it can use').waitFor();
    await editor().screenshot('doctor with TensorFlow');
  });

  test('a training runs on it', async () => {
    const panel = await panelWithTensorflow();
    await panel.locator('details.advanced > summary').click();
    const list = panel.locator('vscode-dropdown[data-field="device"]');
    await list.click();
    await list.locator('vscode-option[value="tensorflow"]').click();
    const dataset = panel.locator('vscode-dropdown[data-field="dataset"]');
    await dataset.click();
    await dataset.locator('vscode-option').filter({ hasText: 'emoji' }).click();
    await panel.locator('vscode-text-field[data-field="epochs"] input').fill('2');
    await editor().screenshot('panel with TensorFlow');
    await panel.getByText('Start Training', { exact: true }).locator('visible=true').first().click();
    await editor().notification('is trained').first().waitFor();
    const dashboard = await editor().webview('dashboard');
    await dashboard
      .getByText(/TensorFlow\.js/)
      .first()
      .waitFor();
    await editor().screenshot('trained on TensorFlow');
    const events = readFileSync(join(workspace, 'vitune', 'runs', 'emoji-lora', 'events.jsonl'), 'utf8');
    assert.match(events, /"type":"started".*"device":"tensorflow"/);
    assert.match(events, /TENSORFLOW_ON_CPU/);
  });

  const deviceOption = 'vscode-dropdown[data-field="device"] vscode-option[value="tensorflow"]';

  /** The Train view once its list has the device. */
  async function panelWithTensorflow() {
    await editor().openContainer('ViTune');
    const panel = await editor().webview('trainPanel');
    await panel.locator(deviceOption).filter({ hasText: 'on the CPU' }).waitFor({ state: 'attached' });
    return panel;
  }
});
