/** The training panel in a browser: the display of each state and the messages to the host. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { TrainForm } from '../../../src/webview/protocol.js';
import { plan, runSummary, trainPanelState } from '../recordedRun.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();
const dataset = '/images/trashnet';

/** Chooses as with the mouse. Resolves when what follows from it is drawn. */
async function choose(view: ViewPage, list: string, option: string): Promise<void> {
  await view.page.getByRole('combobox', { name: list, exact: true }).click();
  await view.page.getByRole('option', { name: option, exact: true }).click();
  await view.drawn();
}

describe('training panel', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (
    change: Parameters<typeof trainPanelState>[0] = {},
    options: Parameters<typeof ViewPage.open>[3] = {},
  ) => ViewPage.open(browser, 'trainPanel', trainPanelState(change), options);

  test('each method shows its own options, its trade-off and its own default learning rate', async () => {
    const view = await open();
    const { page } = view;
    const rate = page.getByRole('textbox', { name: 'Learning rate' });
    const rank = page.getByRole('textbox', { name: 'Rank' });
    assert.equal(await rate.getAttribute('placeholder'), '0.001');
    await rank.fill('4');
    await choose(view, 'Method', 'Full');
    await page.getByText('Trains every weight').waitFor();
    assert.equal(await rank.isVisible(), false);
    assert.equal(await rate.getAttribute('placeholder'), '0.00005 × 768 / width');
    assert.deepEqual((await view.posted('form')).at(-1)?.form, {
      dataset,
      model: 'embedded',
      method: { type: 'full' },
    });
    await choose(view, 'Method', 'Head');
    await page.getByText('Trains only the classifier').waitFor();
    await choose(view, 'Method', 'LoRA');
    assert.equal(await rank.inputValue(), '4', 'what was typed is still there');
    assert.deepEqual((await view.posted('form')).at(-1)?.form, {
      dataset,
      model: 'embedded',
      method: { type: 'lora', rank: 4 },
    });
    await view.close();
  });

  test('the form goes out under the names of the config, with only what differs from the defaults', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('textbox', { name: 'Epochs' }).fill('3');
    await page.getByRole('textbox', { name: 'Learning rate' }).fill('5e-4');
    await page.getByText('More options').locator('visible=true').click();
    await page.getByRole('textbox', { name: 'Dropout' }).fill('0,1');
    await page.getByRole('checkbox', { name: 'key' }).click();
    await page.getByText('Advanced').click();
    await page.getByRole('checkbox', { name: 'Random flip' }).click();
    await page.getByRole('textbox', { name: 'Seed' }).fill('7');
    await page.getByRole('textbox', { name: 'Early stopping' }).fill('2');
    await page.getByRole('combobox', { name: 'Start from' }).click();
    await page.getByRole('option', { name: 'Random weights' }).click();
    await page.getByText('Start Training').click();
    const form = {
      dataset,
      model: 'embedded',
      init: 'random',
      method: { type: 'lora', dropout: 0.1, targetModules: ['query', 'key', 'value'] },
      epochs: 3,
      learningRate: 0.0005,
      earlyStoppingPatience: 2,
      seed: 7,
      augmentation: { horizontalFlip: 0 },
    };
    assert.deepEqual(await view.posted('start'), [{ type: 'start', form }]);
    assert.deepEqual((await view.posted('form')).at(-1)?.form, form);
    await page.getByText('Save as Config File…').click();
    assert.deepEqual(await view.posted('saveConfig'), [{ type: 'saveConfig', form }]);
    await view.close();
  });

  test('options of every kind go out, those that are the default not', async () => {
    const view = await open();
    const { page } = view;
    const method = async () => ((await view.posted('form')).at(-1)?.form as TrainForm | undefined)?.method;
    await page.getByText('More options').locator('visible=true').click();
    await page.getByRole('checkbox', { name: 'DoRA' }).click();
    assert.deepEqual(await method(), { type: 'lora', useDora: true });
    await page.getByRole('combobox', { name: 'quantization' }).click();
    await page.getByRole('option', { name: 'int8' }).click();
    assert.deepEqual(await method(), { type: 'lora', useDora: true, quantization: 'int8' });
    const layers = page.getByRole('textbox', { name: 'Layers' });
    await layers.fill('0, x');
    await page.getByText('Whole numbers with commas between them.').waitFor();
    await page.getByText('Start Training').click();
    assert.equal((await view.posted('start')).length, 0);
    await layers.fill('0, 2');
    assert.deepEqual(await method(), { type: 'lora', useDora: true, quantization: 'int8', layersToTransform: [0, 2] });
    await view.close();
  });

  test('a method that is chosen later has its defaults, and set options are not folded away', async () => {
    const view = await open({ form: { dataset, method: { type: 'lora', useDora: true } } });
    const { page } = view;
    await page.getByRole('checkbox', { name: 'DoRA' }).waitFor();
    await choose(view, 'Method', 'Adapter');
    await page.getByText('One after the MLP of each block.').waitFor();
    assert.deepEqual((await view.posted('form')).at(-1)?.form, {
      dataset,
      model: 'embedded',
      method: { type: 'adapter' },
    });
    await page.getByRole('combobox', { name: 'Placement' }).click();
    await page.getByRole('option', { name: 'houlsby' }).click();
    await page.getByText('Two in each block.').waitFor();
    assert.deepEqual((await view.posted('form')).at(-1)?.form, {
      dataset,
      model: 'embedded',
      method: { type: 'adapter', placement: 'houlsby' },
    });
    await choose(view, 'Method', 'Pretrained (no training)');
    for (const name of ['Epochs', 'Learning rate'])
      assert.equal(await page.getByRole('textbox', { name }).isVisible(), false, name);
    await page.getByRole('textbox', { name: 'Batch size' }).waitFor();
    await view.close();
  });

  test('a fault in an option that is folded away is shown', async () => {
    const view = await open();
    const { page } = view;
    const more = page.getByText('More options').locator('visible=true');
    await more.click();
    await page.getByRole('textbox', { name: 'Layers' }).fill('x');
    await more.click();
    await page.getByText('Start Training').click();
    await page.getByText('Whole numbers with commas between them.').waitFor();
    await view.close();
  });

  test('models are added from a folder and from the hub', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('button', { name: 'Add model folder…' }).click();
    await page.getByRole('button', { name: 'Download model from the hub…' }).click();
    assert.deepEqual(await view.posted(), [{ type: 'addModel' }, { type: 'downloadModel' }]);
    const { models, form } = trainPanelState();
    await view.send({
      type: 'patch',
      state: { models: [...models, { value: 'owner/tiny', name: 'owner/tiny', detail: 'vit: 3 blocks' }] },
    });
    await view.send({ type: 'patch', state: { form: { ...form, model: 'owner/tiny' } } });
    await page.getByText('vit: 3 blocks').waitFor();
    const shown = page.locator('vscode-dropdown[data-field="model"]');
    assert.equal(await shown.evaluate((list: HTMLSelectElement) => list.value), 'owner/tiny');
    await view.close();
  });

  test('an ONNX file: only the methods that need its features, and its tensors; none of that for another model', async () => {
    const view = await open();
    const { page } = view;
    const form = async () => (await view.posted('form')).at(-1)?.form;
    await page.getByRole('button', { name: 'Add ONNX file…' }).click();
    assert.deepEqual(await view.posted(), [{ type: 'addOnnxModel' }]);
    assert.equal(await page.getByRole('combobox', { name: 'Features' }).isVisible(), false);
    await choose(view, 'Model', 'resnet50.onnx');
    assert.deepEqual(
      await form(),
      { dataset, model: '/models/resnet50.onnx', method: { type: 'head' } },
      'LoRA cannot be',
    );
    assert.equal(await page.getByRole('combobox', { name: 'Start from' }).isVisible(), false);
    await page.getByRole('combobox', { name: 'Method' }).click();
    const lora = page.getByRole('option', { name: 'LoRA: not with an ONNX file' });
    await view.drawn();
    assert.equal(await lora.getAttribute('aria-disabled'), 'true');
    await page.getByRole('option', { name: 'Pretrained (no training)', exact: true }).click();
    await choose(view, 'Features', 'mean');
    assert.deepEqual(await form(), {
      dataset,
      model: '/models/resnet50.onnx',
      featureOutput: 'mean',
      method: { type: 'pretrained' },
    });
    const models = trainPanelState().models.map((model) => (model.onnx ? { ...model, onnx: { tensors: [] } } : model));
    await view.send({ type: 'patch', state: { models } });
    const features = page.locator('vscode-dropdown[data-field="featureOutput"]');
    assert.equal(
      await features.evaluate((list: HTMLSelectElement) => list.value),
      'mean',
      'chosen still, though nobody knows the tensors at present',
    );
    await choose(view, 'Model', 'Embedded ViT');
    await choose(view, 'Method', 'LoRA');
    assert.deepEqual(await form(), { dataset, model: 'embedded', method: { type: 'lora' } });
    await view.close();
  });

  test('frozen layers in fewer bits: the meaning is shown, and it is sent if it is not the default', async () => {
    const view = await open();
    const { page } = view;
    await page.getByText('Advanced').click();
    await page.getByText('fp32: exact.').waitFor();
    await page.getByRole('combobox', { name: 'Frozen layers' }).click();
    await page.getByRole('option', { name: 'int8' }).click();
    await page.getByText('Whole numbers of 8 bits').waitFor();
    assert.deepEqual((await view.posted('form')).at(-1)?.form, {
      dataset,
      model: 'embedded',
      method: { type: 'lora' },
      frozenPrecision: 'int8',
    });
    await view.close();
  });

  test('a wrong number is reported next to its field, is not sent, and prevents the start', async () => {
    const view = await open();
    const { page } = view;
    await page.getByText('Advanced').click();
    const seed = page.getByRole('textbox', { name: 'Seed' });
    await seed.fill('-1');
    await page.getByRole('alert').getByText('Must be 0 or more.').waitFor();
    await view.drawn();
    assert.equal(await seed.getAttribute('aria-invalid'), 'true');
    assert.equal(await seed.getAttribute('aria-description'), 'Must be 0 or more.');
    await page.getByText('Advanced').click();
    await page.getByText('Start Training').click();
    assert.deepEqual(await view.posted(), [], 'neither the form nor a start was sent');
    await seed.waitFor({ state: 'visible' });
    await seed.fill('15');
    await page.getByText('Must be 0 or more.').waitFor({ state: 'hidden' });
    await page.getByText('Start Training').click();
    assert.equal((await view.posted('start')).length, 1);
    await view.close();
  });

  test('the field with the fault gets the focus', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('textbox', { name: 'Epochs' }).fill('2.5');
    await page.getByText('Start Training').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type('25');
    assert.equal(await page.getByRole('textbox', { name: 'Epochs' }).inputValue(), '25');
    await view.close();
  });

  test('LoRA without a target module does not start', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('checkbox', { name: 'query' }).click();
    await page.getByRole('checkbox', { name: 'value' }).click();
    await page.getByText('Choose at least one.').waitFor();
    await page.getByText('Start Training').click();
    assert.equal((await view.posted('start')).length, 0);
    await view.close();
  });

  test('without a dataset the start requests one; one that the host adds is chosen', async () => {
    const view = await open({ datasets: [], form: { method: { type: 'head' } } });
    const { page } = view;
    await page.getByText('Start Training').click();
    await page.getByText('Choose a dataset first.').waitFor();
    await page.getByRole('button', { name: 'Add dataset folder…' }).click();
    assert.deepEqual(await view.posted(), [{ type: 'addDataset' }]);
    await view.send({
      type: 'patch',
      state: {
        datasets: [{ folder: dataset, name: 'trashnet', inspection: { classes: 6, images: 971, problems: 1 } }],
        form: { dataset, method: { type: 'head' } },
      },
    });
    await page.getByText('Choose a dataset first.').waitFor({ state: 'hidden' });
    await page.getByText('6 classes, 971 images').waitFor();
    await page.getByRole('button', { name: '1 problem' }).click();
    assert.deepEqual(await view.posted('showProblems'), [{ type: 'showProblems', dataset }]);
    await page.getByText('Start Training').click();
    assert.deepEqual((await view.posted('start'))[0]?.form, { dataset, model: 'embedded', method: { type: 'head' } });
    await view.close();
  });

  test('messages from the host do not change the field that is being edited', async () => {
    const view = await open();
    const epochs = view.page.getByRole('textbox', { name: 'Epochs' });
    await epochs.fill('4x');
    await view.send({ type: 'patch', state: { runs: [runSummary()], devices: [{ value: 'auto' }, { value: 'cpu' }] } });
    await view.send({ type: 'patch', state: { datasets: [{ folder: dataset, name: 'trashnet' }] } });
    assert.equal(await epochs.inputValue(), '4x');
    await view.page.getByText('Not a number.').waitFor();
    await view.close();
  });

  test('a folder without classes is no error: it offers to group its images, and has no estimate', async () => {
    const view = await open();
    const { page } = view;
    const line = page.locator('.plan-line');
    await line.waitFor();
    const error = { code: 'DATASET_FLAT', message: 'There are no class folders.', remedy: 'Make some.' };
    const flat = { folder: dataset, name: 'trashnet', error, lacksClasses: true };
    await view.send({ type: 'patch', state: { datasets: [flat] } });
    await page.getByText('This folder has no classes yet.').waitFor();
    assert.equal(await page.getByText(error.message).count(), 0);
    assert.ok(await line.isHidden());
    await page.getByRole('button', { name: 'Group Images…' }).click();
    assert.deepEqual(await view.posted('groupImages'), [{ type: 'groupImages', dataset }]);
    const one = { ...flat, error: { ...error, code: 'DATASET_ONE_CLASS' } };
    await view.send({ type: 'patch', state: { datasets: [one] } });
    await page.getByText('This folder has only one class so far.').waitFor();
    const inspection = { classes: 2, images: 20, problems: 0 };
    await view.send({ type: 'patch', state: { datasets: [{ folder: dataset, name: 'trashnet', inspection }] } });
    await line.waitFor();
    await view.close();
  });

  test('a dataset is chosen with the keyboard alone, and a device that is not there cannot be', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('combobox', { name: 'Dataset' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    assert.match(String(((await view.posted('form')).at(-1)?.form as { dataset: string }).dataset), /hymenoptera/);
    await page.getByText('Counting images…').waitFor();
    await page.getByText('Advanced').click();
    await page.getByRole('combobox', { name: 'Device' }).click();
    const gpu = page.getByRole('option', { name: 'GPU (WebGPU): no GPU was found' });
    await view.drawn();
    assert.equal(await gpu.getAttribute('aria-disabled'), 'true');
    await view.close();
  });

  test('a run in progress: phase, step, figures, Stop; another can be started next to it', async () => {
    const view = await open({
      runs: [
        runSummary({ status: 'starting', activity: { phase: 'decode', done: 240, total: 960 }, step: 0, steps: 0 }),
      ],
    });
    const { page } = view;
    const bar = page.getByRole('progressbar');
    await page.getByText('Reading images…').waitFor();
    assert.equal(await bar.getAttribute('aria-valuenow'), '25');
    await view.send({
      type: 'patch',
      state: { runs: [runSummary({ activity: { phase: 'compile', done: 0, total: 0 }, step: 0 })] },
    });
    assert.equal(await bar.getAttribute('aria-valuenow'), null, 'nobody knows how long it takes');
    await view.send({ type: 'patch', state: { runs: [runSummary()] } });
    await page.getByText('Training, epoch 3 of 10').waitFor();
    assert.equal(await bar.getAttribute('aria-valuenow'), '26');
    for (const [name, value] of [
      ['Step', '120 / 460'],
      ['Loss', '0.7431'],
      ['Accuracy', '74.1%'],
      ['Images/s', '23'],
      ['Time left', '3 min 54 sec'],
    ]) {
      assert.equal(await page.locator('.figures div', { hasText: name }).locator('dd').textContent(), value, name);
    }
    assert.equal(await page.getByText('Start Training').isVisible(), true);
    await page.getByText('Stop', { exact: true }).click();
    await page.getByText('Open Dashboard').click();
    const run = runSummary().folder;
    assert.deepEqual(await view.posted(), [
      { type: 'stop', run },
      { type: 'openDashboard', run },
    ]);
    await view.send({ type: 'patch', state: { runs: [runSummary({ status: 'stopping' })] } });
    await page.getByText('Stopping and saving a checkpoint…').waitFor();
    await page.getByText('Stopping…', { exact: true }).click({ force: true });
    assert.equal((await view.posted('stop')).length, 1, 'a second stop says nothing');
    await view.close();
  });

  test('a stopped run resumes; a finished one shows its best accuracy', async () => {
    const view = await open({ runs: [runSummary({ status: 'stopped', resumable: true })] });
    const { page } = view;
    await page.getByText('Stopped at step 120 of 460').waitFor();
    assert.equal(await page.getByText('Start Training').isVisible(), true);
    await page.getByText('Resume').click();
    assert.deepEqual(await view.posted('resume'), [{ type: 'resume', run: runSummary().folder }]);
    await view.send({
      type: 'patch',
      state: { runs: [runSummary({ status: 'finished', seconds: 725, best: { step: 414, accuracy: 0.842 } })] },
    });
    await page.getByText('Finished in 12 min 5 sec, best accuracy 84.2%').waitFor();
    assert.equal(await page.getByText('Resume').isVisible(), false);
    await page.getByRole('button', { name: 'Dismiss' }).click();
    assert.deepEqual(await view.posted('dismissRun'), [{ type: 'dismissRun', run: runSummary().folder }]);
    await view.close();
  });

  test('what changed in the chosen dataset since its newest run is said, and that can be trained again', async () => {
    const changed = { run: '/runs/first', name: 'first', words: '7 labels changed, 1 image added' };
    const view = await open({ changed });
    const { page } = view;
    const box = page.locator('.message').filter({ hasText: 'Since the run “first”: 7 labels changed, 1 image added.' });
    await box.getByText('Train Again…').click();
    assert.deepEqual(await view.posted('trainAgain'), [{ type: 'trainAgain', run: '/runs/first' }]);
    await view.send({ type: 'patch', state: { changed: null } });
    assert.equal(await box.count(), 0);
    await view.close();
  });

  test('of two running trainings each has a card of its own', async () => {
    const other = runSummary({ folder: '/images/runs/other', name: 'other', step: 3 });
    const view = await open({ runs: [runSummary(), other] });
    const { page } = view;
    assert.deepEqual(await page.locator('.run-name').allTextContents(), [runSummary().name, 'other']);
    await page.locator('.run-card', { hasText: 'other' }).getByText('Stop', { exact: true }).click();
    assert.deepEqual(await view.posted('stop'), [{ type: 'stop', run: '/images/runs/other' }]);
    await view.send({ type: 'patch', state: { runs: [other] } });
    assert.deepEqual(await page.locator('.run-name').allTextContents(), ['other']);
    await view.close();
  });

  test('an error says what, what to do, and where; it closes', async () => {
    const error = {
      code: 'CONFIG_UNKNOWN_KEY',
      message: 'There is no setting "epoch".',
      remedy: 'Did you mean "epochs"?',
      file: 'C:\\My images\\a b.vitune.json',
      line: 3,
      column: 5,
    };
    const view = await open({ error, notice: { message: 'Trains on the CPU.' } });
    const { page } = view;
    const alert = page.getByRole('alert').filter({ hasText: 'There is no setting "epoch".' });
    await alert.getByText('Did you mean "epochs"?').waitFor();
    await alert.getByRole('button', { name: 'a b.vitune.json:3:5' }).click();
    await alert.getByRole('button', { name: 'Dismiss' }).click();
    await alert.waitFor({ state: 'detached' });
    assert.deepEqual(await view.posted(), [
      { type: 'openPlace', file: error.file, line: 3, column: 5 },
      { type: 'dismiss', what: 'error' },
    ]);
    await page.getByText('Trains on the CPU.').waitFor();
    await view.send({
      type: 'patch',
      state: { error: { code: 'X', message: 'Markup <b>is</b> text.', remedy: '<img src=x>' } },
    });
    await page.getByText('Markup <b>is</b> text.').waitFor();
    await page.getByRole('button', { name: 'Show log' }).click();
    assert.equal((await view.posted('openLog')).length, 1);
    await view.close();
  });

  test('words and numbers are in the language of the editor', async () => {
    const bundle = {
      Dataset: 'Veri kümesi',
      'Start Training': 'Eğitimi Başlat',
      '{0} classes, {1} images': '{0} sınıf, {1} resim',
    };
    const view = await open(
      {
        datasets: [{ folder: dataset, name: 'trashnet', inspection: { classes: 6, images: 1971, problems: 0 } }],
        runs: [runSummary()],
      },
      { language: 'tr', bundle },
    );
    await view.page.getByRole('combobox', { name: 'Veri kümesi' }).waitFor();
    await view.page.getByText('6 sınıf, 1.971 resim').waitFor();
    await view.page.getByText('%74,1').waitFor();
    await view.close();
  });

  test('a reload brings back the state, and the section that was open', async () => {
    const view = await open({ runs: [runSummary()] });
    await view.page.getByText('Advanced').click();
    await view.page.getByRole('textbox', { name: 'Seed' }).waitFor();
    await view.page.reload();
    await view.page.locator('body[data-ready]').waitFor();
    await view.page.getByRole('textbox', { name: 'Seed' }).waitFor();
    await view.page.getByText('Training, epoch 3 of 10').waitFor();
    await view.close();
  });

  test('nothing is cut off in a side bar of 200 px, in any theme', async () => {
    const error = {
      code: 'X',
      message: 'The folder /images/averyveryverylongnamewithoutanyspaceinit cannot be read.',
      remedy: 'Choose another.',
      file: '/averyveryverylongnamewithoutanyspaceinit.json',
    };
    for (const theme of ['dark', 'light', 'highContrast'] as const) {
      const view = await open(
        {
          error,
          runs: [
            runSummary({
              name: 'a-run-with-a-name-that-is-longer-than-the-side-bar',
              status: 'stopped',
              resumable: true,
            }),
          ],
        },
        { theme, width: 200 },
      );
      await view.page.getByText('Advanced').click();
      const beyond = await view.page.evaluate(() =>
        [...document.querySelectorAll('.panel *')]
          .filter(
            (element) => element.getBoundingClientRect().right > innerWidth && !element.closest('.visually-hidden'),
          )
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(beyond, [], theme);
      await view.close();
    }
  });

  test('check boxes of layers stand in columns, one in a narrow view, and their names break only after a dot', async () => {
    const names = ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'fc2'];
    for (const [width, columns] of [
      [200, 1],
      [300, 2],
      [440, 3],
    ] as const) {
      const view = await open({ targetModules: names }, { width });
      const boxes = view.page.locator('.modules vscode-checkbox').locator('visible=true');
      assert.deepEqual(await boxes.allTextContents(), names);
      const seen = await boxes.evaluateAll((elements) =>
        elements.map((element) => {
          const control = element.shadowRoot!.querySelector('[part="control"]')!.getBoundingClientRect();
          const words = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE);
          const lines = words.map((word) => {
            const range = document.createRange();
            range.selectNodeContents(word);
            return range.getClientRects().length;
          });
          return { left: control.left, width: control.width, linesOfAWord: Math.max(...lines) };
        }),
      );
      assert.equal(new Set(seen.map(({ left }) => left)).size, columns, `${width} px`);
      assert.equal(new Set(seen.map((box) => box.width)).size, 1, `${width} px`);
      assert.ok(
        seen.every(({ linesOfAWord }) => linesOfAWord === 1),
        `${width} px`,
      );
      await view.close();
    }
  });

  test('who wants less motion gets none', async () => {
    const view = await open(
      { runs: [runSummary({ activity: { phase: 'compile', done: 0, total: 0 } })] },
      { reducedMotion: true },
    );
    assert.equal(
      await view.page.locator('.progress-fill').evaluate((fill) => getComputedStyle(fill).animationName),
      'none',
    );
    await view.close();
  });

  test('the estimate is asked for, cancelled, and shown with what does not fit', async () => {
    const view = await open();
    const { page } = view;
    await page.getByText('Estimate time and memory').click();
    assert.equal((await view.posted('estimate')).length, 1);
    const none = { kind: 'none' } as const;
    await view.send({
      type: 'patch',
      state: { plan: { estimate: { kind: 'working', done: 3, total: 8 }, advice: none } },
    });
    await page.getByText('Estimating time and memory… 3/8').waitFor();
    await page.getByText('Cancel', { exact: true }).click();
    assert.equal((await view.posted('cancelEstimate')).length, 1);
    await view.send({ type: 'patch', state: { plan: { ...plan, advice: none } } });
    await page.getByText('About 3 min 20 sec, first result after 25 sec; memory 500 MB, disk 180 MB').waitFor();
    await page
      .getByText(
        'It will not fit into the memory. This would fit: batchSize=4 gradientAccumulationSteps=4; method=lora',
      )
      .waitFor();
    const failed = { kind: 'failed', error: { code: 'X', message: 'the disk is gone', remedy: '' } } as const;
    await view.send({ type: 'patch', state: { plan: { estimate: failed, advice: none } } });
    await page.getByText('No estimate: the disk is gone').waitFor();
    await view.close();
  });

  test('without a dataset there is nothing to estimate', async () => {
    const view = await open({ form: { method: { type: 'lora' } }, plan: { ...plan, advice: { kind: 'none' } } });
    assert.equal(await view.page.locator('.plan-line').isVisible(), false);
    await view.close();
  });

  test('advice is asked for, shown with its point in the quadrant, and used', async () => {
    const view = await open();
    const { page } = view;
    await page.getByText('Advise on model and method').click();
    assert.equal((await view.posted('advise')).length, 1);
    await view.send({
      type: 'patch',
      state: { plan: { ...plan, advice: { kind: 'working', done: 10, total: 40 } } },
    });
    await page.getByText('Measuring what suits the dataset…').waitFor();
    assert.equal(await page.locator('.advice [role="progressbar"]').getAttribute('aria-valuenow'), '25');
    await view.send({ type: 'patch', state: { plan } });
    await page.getByText('Advice: Full on embedded, epochs 10').waitFor();
    await page.getByText('Expected accuracy: 82.6% (68.1% to 88.2%)').waitFor();
    const point = page.locator('.quadrant-point');
    const [x, y] = [Number(await point.getAttribute('cx')), Number(await point.getAttribute('cy'))];
    const line = page.locator('.quadrant-line');
    assert.ok(y < Number(await line.first().getAttribute('y1')), 'more than few images');
    assert.ok(x < Number(await line.last().getAttribute('x1')), 'not known well');
    await page.getByText('Why').click();
    await page.getByText('Twice as many images may add about 6.6 %.').waitFor();
    await page.getByText('Use This Advice').click();
    assert.equal((await view.posted('useAdvice')).length, 1);
    await view.send({ type: 'patch', state: { plan: { ...plan, advice: { kind: 'none' } } } });
    assert.equal(await page.locator('.advice').isVisible(), false);
    await view.close();
  });
});
