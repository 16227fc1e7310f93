/**
 * Models and methods: export a checkpoint, compare methods on a dataset, take a model from the hub, keep a token for
 * it.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { methodSchemas } from '../../src/trainer/config/methods.js';
import type { Comparison } from '../../src/trainer/protocol.js';
import { commitOf, HubServer } from '../trainer/hub/hubServer.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

const tinyModel = fileURLToPath(new URL('../golden/models/vit', import.meta.url));
const token = 'hf_of_this_test';

describe('models and methods', () => {
  const workspace = makeWorkspace();
  let hub: HubServer;
  const cleaners: (() => void)[] = [];
  after(() => cleaners.forEach((clean) => clean()));
  const editor = useEditor(async () => {
    trainIn(workspace, 'first', { init: 'pretrained', method: 'head' });
    // So few images that seven methods take no minutes.
    for (const split of ['train', 'validation'])
      for (const label of readdirSync(join(workspace, 'emoji', split)))
        for (const name of readdirSync(join(workspace, 'emoji', split, label)).slice(0, 8))
          cpSync(join(workspace, 'emoji', split, label, name), join(workspace, 'few', split, label, name));
    const files = ['config.json', 'preprocessor_config.json', 'model.safetensors'].map(
      (name) => [name, readFileSync(join(tinyModel, name))] as const,
    );
    const repository = { refs: { main: commitOf('tiny') }, files: Object.fromEntries(files) };
    hub = await HubServer.start(
      { after: (clean) => cleaners.push(clean) },
      { ...repository, id: 'owner/tiny' },
      { ...repository, id: 'facebook/dinov2-small' },
      { ...repository, id: 'owner/secret', privateFor: token },
    );
    const env = {
      HF_ENDPOINT: hub.endpoint,
      HF_HOME: join(workspace, '.hf'),
      HF_HUB_CACHE: '',
      HF_TOKEN: '',
      HF_HUB_OFFLINE: '',
    };
    return { workspace, env };
  });

  test('a checkpoint is exported, and its predictions are compared', async () => {
    await editor().openContainer('ViTune');
    await editor().chooseFromMenu(editor().row('first'), 'Export Checkpoint…');
    await editor().pick('ONNX');
    await editor().pick('fp32');
    // The dialog proposes a folder once it is ready; what is typed before would be lost.
    const proposed = editor().quickInput.locator('input').first();
    await editor().quickInput.getByText('Name a new folder for the export').first().waitFor();
    await until('the proposed folder', async () => (await proposed.inputValue()).endsWith('first-onnx'));
    await until('the dialog to take it', async () => {
      if (!(await proposed.isVisible())) return true;
      await editor().page.keyboard.press('Enter');
      return proposed.waitFor({ state: 'hidden', timeout: 5000 }).then(
        () => true,
        () => false,
      );
    });
    await editor().notification('sample images equal those of the checkpoint').first().waitFor();
    assert.ok(existsSync(join(workspace, 'first-onnx', 'model.onnx')));
    await editor().dismissNotifications();
  });

  test('a model of the hub is downloaded from the panel and chosen in it', async () => {
    const panel = await editor().webview('trainPanel');
    const model = panel.locator('vscode-dropdown[data-field="model"]');
    await panel.getByRole('button', { name: 'Download model from the hub…' }).click();
    await editor().answer('owner/tiny', 'Which model?');
    await editor().notification('is downloaded').first().waitFor();
    await until(
      'the model to be chosen',
      async () => (await model.evaluate((list: HTMLSelectElement) => list.value)) === 'owner/tiny',
    );
    await panel.getByText('vit: 3 blocks').waitFor();
    assert.ok(
      existsSync(
        join(workspace, '.hf', 'hub', 'models--owner--tiny', 'snapshots', commitOf('tiny'), 'model.safetensors'),
      ),
    );
    await editor().screenshot('hub model');
    await editor().dismissNotifications();
  });

  test('a recommended model says its size, licence and purpose, is downloaded at a click and then chosen', async () => {
    const panel = await editor().webview('trainPanel');
    const model = panel.locator('vscode-dropdown[data-field="model"]');
    await panel.getByRole('button', { name: 'Recommended models…' }).click();
    const shown = editor().quickInput;
    await shown.getByText('22.1 M parameters, 88.2 MB · Apache-2.0').first().waitFor();
    await shown.getByText('from few labelled images').first().waitFor();
    await shown.getByText('4.9 M parameters, 9.7 MB · non-commercial research · at hand').first().waitFor();
    await editor().screenshot('recommended models');
    await editor().pick('facebook/dinov2-small');
    await editor().notification('is downloaded').first().waitFor();
    await until(
      'the model to be chosen',
      async () => (await model.evaluate((list: HTMLSelectElement) => list.value)) === 'facebook/dinov2-small',
    );
    await editor().dismissNotifications();
    await editor().command('ViTune: Recommended Models…');
    await editor().quickInput.getByText('88.2 MB · Apache-2.0 · at hand').first().waitFor();
    // The list shows only its beginning.
    await editor().answer('owner/tiny', 'Recommended models');
    await until(
      'the other to be chosen',
      async () => (await model.evaluate((list: HTMLSelectElement) => list.value)) === 'owner/tiny',
    );
  });

  test('a private model needs a token, which is set once and then sent', async () => {
    const download = async () => {
      await editor().command('ViTune: Download Model from the Hub…');
      await editor().answer('owner/secret', 'Which model?');
    };
    await download();
    await editor().notification('no model owner/secret').first().waitFor();
    await editor().dismissNotifications();
    await editor().command('ViTune: Set Hugging Face Token…');
    await editor().answer(token, 'Hugging Face token');
    await editor().notification('token is set').first().waitFor();
    await download();
    await editor().notification('is downloaded').first().waitFor();
    assert.ok(hub.asked.some(({ authorization }) => authorization === `Bearer ${token}`));
    await editor().dismissNotifications();
  });

  test('all methods are compared on a dataset, live, and what comes of it can be opened again', async () => {
    await editor().openContainer('Explorer');
    await editor().row('first-onnx').waitFor();
    await editor().chooseFromMenu(editor().row('few'), 'Add Dataset…');
    const dataset = editor().row('few').filter({ hasText: '3 classes' });
    await dataset.waitFor();
    await editor().chooseFromMenu(dataset, 'Compare Methods…');
    await editor().quickInput.getByText('Trains every weight').first().waitFor();
    await editor().screenshot('compare which');
    await editor().quickInput.getByText('OK', { exact: true }).click();
    const page = await editor().webview('comparison');
    await page.getByText('Methods compared on few').waitFor();
    await page.locator('[data-state="working"]').first().waitFor();
    await page.locator('[data-state="done"]').first().waitFor();
    await editor().screenshot('comparing');
    const known = Object.keys(methodSchemas());
    await until('all methods', async () => (await page.locator('[data-state="done"]').count()) === known.length);
    assert.deepEqual(
      await page
        .locator('.comparison [data-method]')
        .evaluateAll((names) => names.map((name) => name.getAttribute('data-method'))),
      known,
    );
    await page.locator('.badge').first().waitFor();
    const { rows } = JSON.parse(
      readFileSync(join(workspace, 'vitune', 'runs', 'compare-few', 'compare.json'), 'utf8'),
    ) as Comparison;
    assert.ok(rows.every(({ accuracy, peakMemoryBytes }) => accuracy! > 0 && peakMemoryBytes! > 0));
    await editor().screenshot('compared');

    await editor().command('View: Close All Editors');
    await editor().row('Methods on few').filter({ hasText: 'best:' }).click();
    const again = await editor().webview('comparison');
    await again.getByRole('button', { name: 'Head', exact: true }).click();
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.status[data-status="finished"]').waitFor();
    await editor().row('Methods on few').locator('.monaco-tl-twistie').click();
    await editor().row('lora').waitFor();
  });
});
