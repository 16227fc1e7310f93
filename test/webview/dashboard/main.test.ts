/** The dashboard in a browser: the display of a run in each state, live, and the messages to the host. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { RecordedEvent } from '../../../src/trainer/protocol.js';
import type { DashboardState } from '../../../src/webview/protocol.js';
import { dashboardState, labels, recordedRun } from '../recordedRun.js';
import { themeOf } from '../themes.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();

describe('dashboard', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (
    events: RecordedEvent[],
    change: Partial<DashboardState> = {},
    options: Parameters<typeof ViewPage.open>[3] = {},
  ) => ViewPage.open(browser, 'dashboard', dashboardState(events, change), { width: 900, ...options });
  const chart = (view: ViewPage, title: string) => view.page.getByRole('figure', { name: title, exact: true });
  const legend = (view: ViewPage, title: string) => chart(view, title).locator('.u-legend').innerText();
  const figure = (view: ViewPage, name: string) =>
    view.page
      .locator('.head .figures div')
      .filter({ has: view.page.getByText(name, { exact: true }) })
      .locator('dd')
      .innerText();
  /** What is drawn: the image's hash, and how many of its points are not empty. */
  const drawing = async (view: ViewPage, title: string) => {
    const canvas = chart(view, title).locator('.u-wrap canvas');
    const points = await canvas.evaluate((element: HTMLCanvasElement) => {
      const { data } = element.getContext('2d')!.getImageData(0, 0, element.width, element.height);
      return data.filter((_, index) => index % 4 === 3 && data[index]! > 0).length;
    });
    return {
      points,
      hash: createHash('sha256')
        .update(await canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL()))
        .digest('hex'),
    };
  };

  test('the end of a run draws its reliability diagram, before and after the calibration', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 460 });
    const bin = (place: number, accuracy: number) => ({ images: 10, confidence: (place + 0.5) / 15, accuracy });
    const bins = Array.from({ length: 15 }, (_, place) => bin(place, place / 15));
    const task = { task: 'label', images: 150, temperature: 1.25, ece: { before: 0.08, after: 0.03 } };
    const view = await open(events);
    assert.equal(await view.page.getByRole('heading', { name: 'Calibration' }).isVisible(), false);
    const { seq, time } = events.at(-1)!;
    const calibration = { type: 'calibration', step: 460, tasks: [{ ...task, bins: { before: bins, after: bins } }] };
    await view.send({ type: 'events', events: [{ ...calibration, seq: seq + 1, time }] });
    await view.page.getByText(/Calibrated on 150 validation images: temperature 1.25, .*8.0%.*3.0%/).waitFor();
    await view.page.getByRole('img', { name: 'After: calibration error 3.0%' }).waitFor();
    assert.equal(await view.page.locator('.reliability-bar').count(), 30);
    if (process.env.VITUNE_LOOK) await view.page.screenshot({ path: process.env.VITUNE_LOOK, fullPage: true });
    await view.close();
  });

  test('what is found wrong is a row with a remedy, and its button asks the host to edit the config', async () => {
    const log = readFileSync(new URL('../../shared/diagnoses/overfitting.jsonl', import.meta.url), 'utf8');
    const events = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RecordedEvent);
    const view = await open(events.slice(0, 20));
    assert.equal(await view.page.locator('.message').count(), 0);
    await view.send({ type: 'events', events: events.slice(20) });
    const row = view.page.locator('.message[data-code="OVERFITTING"]');
    await row.getByText(/overfits since step 22.*The checkpoint of step 22 is in use/).waitFor();
    assert.equal(await view.page.locator('.message').count(), 1);
    await row.getByText('Set earlyStoppingPatience to 3', { exact: true }).click();
    assert.deepEqual(await view.posted('applyFix'), [{ type: 'applyFix', code: 'OVERFITTING' }]);
    if (process.env.VITUNE_LOOK) await view.page.screenshot({ path: process.env.VITUNE_LOOK });
    await view.close();
  });

  test('before the first step it shows the activity, then the curves begin', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 2 });
    const firstStep = events.findIndex(({ type }) => type === 'step');
    const view = await open([], { status: 'starting', checkpoints: [] });
    await view.page.getByText('Waiting for the first step…').waitFor();
    assert.equal(await chart(view, 'Loss').isVisible(), false);
    await view.send({ type: 'events', events: events.slice(0, 3) });
    await view.page.getByText('Reading images… 969 / 969').waitFor();
    await view.send({ type: 'patch', state: { status: 'running' } });
    await view.send({ type: 'events', events: events.slice(3, firstStep) });
    await view.page.getByText('LoRA · embedded · CPU · 6 classes').waitFor();
    await view.send({ type: 'events', events: events.slice(firstStep) });
    await chart(view, 'Loss').waitFor();
    assert.equal(await figure(view, 'Step'), '2 / 460');
    assert.equal(await view.page.getByText('Waiting for').isVisible(), false);
    assert.ok((await drawing(view, 'Loss')).points > 100);
    await view.close();
  });

  test('a first step that takes long shows its loss before it is over', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 2 });
    const firstStep = events.findIndex(({ type }) => type === 'step');
    const partial = { type: 'partialStep', step: 1, done: 4, total: 16, loss: 1.796, time: 0 } as const;
    const view = await open([...events.slice(0, firstStep), { ...partial, seq: events[firstStep]!.seq - 0.5 }], {
      status: 'running',
      checkpoints: [],
    });
    await view.page.getByText('Step 1: 4 of 16 images').waitFor();
    assert.equal(await figure(view, 'Loss'), '1.796');
    assert.equal(await figure(view, 'Step'), '0 / 460');
    await view.close();
  });

  test('curves move with each event, and repeated events change nothing', async () => {
    const events = recordedRun({ steps: 460, epochs: 10 });
    const view = await open(events.slice(0, 150));
    const before = await drawing(view, 'Loss');
    await view.send({ type: 'events', events: events.slice(100, 150) });
    assert.deepEqual(await drawing(view, 'Loss'), before);
    await view.send({ type: 'events', events: events.slice(140, 300) });
    assert.notEqual((await drawing(view, 'Loss')).hash, before.hash);
    const taken = events.slice(0, 300).filter(({ type }) => type === 'step').length;
    assert.equal(await figure(view, 'Step'), `${taken} / 460`);
    assert.match(await legend(view, 'Loss'), new RegExp(`^Step\\s*${taken}\\s*Train`));
    await view.close();
  });

  test('several tasks have a curve each and a switch for matrix and classes; a multi-label one has figures of its own', async () => {
    const events = recordedRun({ steps: 40, epochs: 4 });
    const tasks = [
      { name: 'species', labels, multiLabel: false },
      { name: 'colours', labels: ['red', 'green'], multiLabel: true },
    ];
    const perClass = [
      { label: 'red', precision: 0.5, recall: 0.25, f1: 1 / 3, support: 4, averagePrecision: 0.625 },
      { label: 'green', precision: 1, recall: 1, f1: 1, support: 2, averagePrecision: 1 },
    ];
    const colours = {
      task: 'colours',
      loss: 0.3,
      accuracy: 0.25,
      confusion: [],
      perClass,
      meanAveragePrecision: 0.8125,
      f1Micro: 0.6,
      f1Macro: 0.667,
    };
    const told = events.map((event): RecordedEvent => {
      if (event.type === 'started') return { ...event, tasks };
      if (event.type !== 'evaluation') return event;
      return {
        ...event,
        tasks: [{ task: 'species', loss: event.loss, accuracy: event.accuracy, confusion: event.confusion }, colours],
      };
    });
    const view = await open(told);
    const { page } = view;
    await page.getByText('tasks: species, colours').waitFor();
    const series = await legend(view, 'Accuracy');
    for (const name of ['Validation, mean', 'species', 'colours'])
      assert.ok(series.includes(name), `${name} in ${series}`);
    assert.match(series, /colours\s*25\.0%/);
    await page.getByRole('application', { name: /^Confusion matrix/ }).waitFor();
    await page.getByRole('radio', { name: 'colours' }).click();
    await page.getByText('Mean average precision').waitFor();
    const note = page.getByText('a label counts as predicted from a probability of one half on');
    assert.ok(await note.isVisible());
    assert.equal(await page.getByRole('application', { name: /^Confusion matrix/ }).isVisible(), false);
    const red = page.getByRole('table', { name: 'Metrics of each label' }).locator('tr').filter({ hasText: 'red' });
    assert.deepEqual(await red.locator('td').allInnerTexts(), ['red', '62.5%', '50.0%', '25.0%', '33.3%', '4']);
    await page.keyboard.press('ArrowRight');
    await page.getByRole('application', { name: /^Confusion matrix/ }).waitFor();
    assert.equal(await page.getByRole('radio', { name: 'species' }).getAttribute('aria-checked'), 'true');
    assert.equal(await note.isVisible(), false);
    await view.close();
  });

  test('100,000 steps are drawn, and the next one too', async () => {
    const events = recordedRun({ steps: 100_001, epochs: 20 });
    const known = events.slice(
      0,
      events.findLastIndex(({ type }) => type === 'step'),
    );
    const view = await open(known);
    assert.equal(await figure(view, 'Step'), '100,000 / 100,001');
    const points = await view.page.evaluate(() => document.querySelectorAll('.chart .u-wrap canvas').length);
    assert.equal(points, 3);
    assert.ok((await drawing(view, 'Loss')).points > 1000);
    await view.send({ type: 'events', events: events.slice(known.length, known.length + 1) });
    assert.equal(await figure(view, 'Step'), '100,001 / 100,001');
    await view.close();
  });

  test('dragging zooms in to every single step, a double click shows all again', async () => {
    const view = await open(recordedRun({ steps: 100_000, epochs: 20 }), { status: 'finished' });
    const { page } = view;
    const whole = await drawing(view, 'Loss');
    const over = (await chart(view, 'Loss').locator('.u-over').boundingBox())!;
    const middle = over.y + over.height / 2;
    await page.mouse.move(over.x + 200, middle);
    await page.mouse.down();
    await page.mouse.move(over.x + 215, middle, { steps: 3 });
    await page.mouse.up();
    await view.drawn();
    assert.notEqual((await drawing(view, 'Loss')).hash, whole.hash);
    const stepAt = async (x: number) => {
      await page.mouse.move(over.x + x, middle);
      return Number(/^Step\s*([\d,]+)/.exec(await legend(view, 'Loss'))?.[1]?.replaceAll(',', ''));
    };
    const steps = [await stepAt(400), await stepAt(401), await stepAt(402)];
    assert.ok(steps[1]! > steps[0]! && steps[1]! - steps[0]! < 5 && steps[2]! > steps[1]!, steps.join());
    await page.mouse.dblclick(over.x + 400, middle);
    await page.mouse.move(0, 0);
    await view.drawn();
    assert.deepEqual(await drawing(view, 'Loss'), whole);
    await view.close();
  });

  test('the crosshair shows the values of a step in all charts', async () => {
    const events = recordedRun({ steps: 460, epochs: 10 });
    const view = await open(events, { status: 'finished' });
    const over = await chart(view, 'Loss').locator('.u-over').boundingBox();
    assert.ok(over);
    await view.page.mouse.move(over.x + over.width / 2, over.y + over.height / 2);
    const step = Number(/^Step\s*(\d+)/.exec(await legend(view, 'Loss'))?.[1]);
    assert.ok(Math.abs(step - 230) < 4, String(step));
    const rate = events.find((event) => event.type === 'step' && event.step === step);
    assert.ok(rate?.type === 'step');
    assert.match(
      await legend(view, 'Learning rate'),
      new RegExp(Number(rate.learningRate.toPrecision(3)).toExponential().replace('.', '\\.')),
    );
    assert.match(await legend(view, 'Loss'), /Validation\s*0\.\d+/);
    await view.close();
  });

  test('smoothing and the logarithmic scale change the curve and outlive a reload', async () => {
    const view = await open(recordedRun({ steps: 460, epochs: 10, taken: 300 }));
    const plain = await drawing(view, 'Loss');
    await view.page.getByRole('slider', { name: 'Smoothing' }).fill('0.95');
    const smoothed = await drawing(view, 'Loss');
    assert.notEqual(smoothed.hash, plain.hash);
    await view.page.getByRole('checkbox', { name: 'Log scale' }).click();
    const logarithmic = await drawing(view, 'Loss');
    assert.notEqual(logarithmic.hash, smoothed.hash);
    await view.page.reload();
    await view.page.locator('body[data-ready]').waitFor();
    assert.equal(await view.page.getByRole('slider', { name: 'Smoothing' }).inputValue(), '0.95');
    assert.equal(await view.page.getByRole('checkbox', { name: 'Log scale' }).getAttribute('aria-checked'), 'true');
    const kept = await view.page.evaluate(() => JSON.parse(sessionStorage.getItem('kept')!) as unknown);
    assert.deepEqual(kept, { run: '/images/runs/trashnet-lora', smoothing: 0.95, logarithmic: true });
    await view.close();
  });

  test('the colours follow the theme', async () => {
    const view = await open(recordedRun({ steps: 460, epochs: 10, taken: 300 }));
    const dark = await drawing(view, 'Loss');
    await view.page.evaluate((variables) => {
      for (const [name, value] of Object.entries(variables))
        document.documentElement.style.setProperty(`--vscode-${name}`, value);
      document.body.className = 'vscode-light';
    }, themeOf('light').variables);
    await view.drawn();
    assert.notEqual((await drawing(view, 'Loss')).hash, dark.hash);
    await view.close();
  });

  test('the confusion matrix is that of the best checkpoint and shows its counts to mouse and keyboard', async () => {
    const events = recordedRun({ steps: 460, epochs: 10 });
    // The last evaluation is worse than the best.
    const evaluations = events.filter((event) => event.type === 'evaluation');
    const best = evaluations.at(-2)!;
    const checkpoint = events.find((event) => event.type === 'checkpoint' && event.step === best.step);
    const finished = events.at(-1)!;
    assert.ok(checkpoint?.type === 'checkpoint' && finished.type === 'finished');
    checkpoint.best = true;
    finished.best = { step: best.step, accuracy: best.accuracy };
    evaluations.at(-1)!.confusion = labels.map(() => labels.map(() => 1));
    const view = await open(events, { status: 'finished' });
    const step = best.step.toLocaleString('en');
    await view.page.getByText(`validation, best checkpoint (step ${step})`).waitFor();
    assert.equal(await view.page.getByText(`circled: best, step ${step}`).count(), 2);
    const { page } = view;
    const matrix = page.getByRole('application', { name: /Confusion matrix/ });
    const readout = page.locator('#confusion-readout');
    await matrix.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    const told = /^(\S+) predicted as (\S+): (\d+) of (\d+) \(/.exec(await readout.innerText());
    assert.ok(told);
    const [truth, prediction] = [labels.indexOf(told[1]!), labels.indexOf(told[2]!)];
    assert.deepEqual([truth, prediction], [1, 1]);
    assert.equal(Number(told[3]), best.confusion[1]![1]);
    assert.equal(
      Number(told[4]),
      best.confusion[1]!.reduce((total, count) => total + count, 0),
    );
    const box = await matrix.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 4);
    assert.match(await readout.innerText(), /^trash predicted as /);
    await view.close();
  });

  test('the class table has the numbers of the best checkpoint, and sorts', async () => {
    const view = await open(recordedRun({ steps: 460, epochs: 10 }), { status: 'finished' });
    const table = view.page.getByRole('table', { name: 'Metrics of each class' });
    const column = (index: number) => table.locator(`tbody td:nth-child(${index})`).allInnerTexts();
    assert.deepEqual(await column(1), labels);
    assert.deepEqual(await column(5), ['38', '47', '39', '56', '46', '13']);
    await table.getByRole('button', { name: 'Images' }).click();
    assert.deepEqual(await column(5), ['13', '38', '39', '46', '47', '56']);
    assert.equal(await table.getByRole('columnheader', { name: 'Images' }).getAttribute('aria-sort'), 'ascending');
    await table.getByRole('button', { name: 'Images' }).click();
    assert.deepEqual((await column(1))[0], 'paper');
    await table.getByRole('button', { name: 'Images' }).click();
    assert.deepEqual(await column(1), labels);
    await view.close();
  });

  test('checkpoints: best and last are marked, with their accuracy, and one can be made active', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 200 });
    const view = await open(events, {
      checkpoints: [
        { step: 184, path: '/r/184', best: true, last: false, active: true, savedAt: 1 },
        { step: 200, path: '/r/200', best: false, last: true, active: false, savedAt: 2 },
      ],
    });
    const rows = view.page.getByRole('table', { name: 'Checkpoints' }).locator('tbody tr');
    assert.match(await rows.nth(0).innerText(), /200\s+Last\s+–/);
    assert.match(await rows.nth(1).innerText(), /184\s+Best\s+Active\s+\d\d\.\d%/);
    await rows.nth(0).getByRole('button', { name: 'Classify with This' }).click();
    await rows.nth(1).getByRole('button', { name: 'Reveal' }).click();
    assert.equal(await rows.nth(1).getByRole('button', { name: 'Classify with This' }).count(), 0);
    assert.deepEqual(await view.posted(), [
      { type: 'useCheckpoint', path: '/r/200' },
      { type: 'revealCheckpoint', path: '/r/184' },
    ]);
    await view.close();
  });

  test('stop, failure with its remedy, resume, and the end', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 120 });
    const view = await open(events);
    const { page } = view;
    const run = dashboardState([]).run.folder;
    await page.getByText('Stop', { exact: true }).click();
    await view.send({ type: 'patch', state: { status: 'stopping' } });
    await page.getByText('Stopping…').waitFor();
    const after = (event: object, place: number) => ({
      ...event,
      seq: events.length + place,
      time: events.at(-1)!.time + 1000,
    });
    const error = {
      type: 'error',
      code: 'DISK_FULL',
      message: 'There is no room for the checkpoint.',
      remedy: 'Make room, then resume.',
      file: '/images/runs/trashnet-lora',
    };
    await view.send({ type: 'events', events: [after(error, 0)] });
    await view.send({ type: 'patch', state: { status: 'failed', resumable: true } });
    const alert = page.getByRole('alert');
    await alert.getByText('There is no room for the checkpoint.').waitFor();
    await alert.getByText('Make room, then resume.').waitFor();
    await page.getByText('Resume', { exact: true }).click();
    assert.deepEqual(await view.posted(), [
      { type: 'stop', run },
      { type: 'resume', run },
    ]);
    const started = { ...events.find(({ type }) => type === 'started')!, resumedFrom: 92 };
    await view.send({ type: 'events', events: [after(started, 1)] });
    await view.send({ type: 'patch', state: { status: 'running', resumable: false } });
    await alert.waitFor({ state: 'detached' });
    assert.equal(await figure(view, 'Step'), '92 / 460');
    await view.send({
      type: 'events',
      events: [
        after({ type: 'finished', run, best: { step: 92, accuracy: 0.6 }, seconds: 300, reason: 'early-stopping' }, 2),
      ],
    });
    await view.send({ type: 'patch', state: { status: 'finished' } });
    await page.getByText('Stopped early: no better result for a while.').waitFor();
    assert.equal(await figure(view, 'Duration'), '5 min');
    await view.close();
  });

  test('a run whose trainer vanished says so and offers to resume', async () => {
    const view = await open(recordedRun({ steps: 460, epochs: 10, taken: 120 }), {
      status: 'interrupted',
      resumable: true,
    });
    await view.page.getByText('The trainer ended without an error message.').waitFor();
    await view.page.getByText('Resume', { exact: true }).waitFor();
    assert.equal(await view.page.getByRole('progressbar').isVisible(), false);
    await view.close();
  });

  test('what changed in the data since is said, with a way to train again and to compare with the earlier run', async () => {
    const view = await open(recordedRun({ steps: 40, epochs: 4 }), { status: 'finished', isTrained: true });
    const { page } = view;
    const { folder } = dashboardState([]).run;
    assert.equal(await page.getByText('Since this run').count(), 0);
    await page.getByRole('button', { name: 'Compare with…' }).click();
    await view.send({
      type: 'patch',
      state: { changed: '7 labels changed', again: { folder: '/runs/first', name: 'first' } },
    });
    const box = page.locator('.message').filter({ hasText: 'Since this run: 7 labels changed.' });
    await box.getByText('Train Again…').click();
    await page.getByRole('button', { name: 'Compare with “first”' }).click();
    assert.deepEqual(await view.posted('trainAgain'), [{ type: 'trainAgain', run: folder }]);
    assert.deepEqual(await view.posted('compareRuns'), [
      { type: 'compareRuns', run: folder },
      { type: 'compareRuns', run: folder, earlier: '/runs/first' },
    ]);
    await view.send({ type: 'patch', state: { changed: null, isTrained: false } });
    assert.equal(await box.count(), 0);
    assert.equal(await page.getByRole('button', { name: 'Train Again…' }).count(), 0);
    await view.close();
  });

  test('notices are shown, many of them folded', async () => {
    const view = await open(recordedRun({ steps: 460, epochs: 10, taken: 20 }));
    await view.page.getByText('2 images could not be read and were left out.').waitFor();
    const notices = Array.from({ length: 4 }, (_, index) => ({
      type: 'notice',
      code: 'N',
      message: `Remark ${index}`,
      seq: 10_000 + index,
      time: 0,
    }));
    await view.send({ type: 'events', events: notices });
    assert.equal(await view.page.getByText('Remark 3').isVisible(), false);
    await view.page.getByText('5 notices').click();
    await view.page.getByText('Remark 3').waitFor();
    await view.close();
  });

  test('a loss that is not finite leaves a gap, not a broken view', async () => {
    const events = recordedRun({ steps: 460, epochs: 10, taken: 40 });
    const steps = events.filter((event) => event.type === 'step');
    // As JSON has it.
    (steps.at(-1) as { loss: number | null }).loss = null;
    const view = await open(events);
    assert.equal(await figure(view, 'Loss'), 'NaN');
    assert.ok((await drawing(view, 'Loss')).points > 100);
    await view.close();
  });

  test('each figure of a long run stands in one line', async () => {
    const events = recordedRun({ steps: 100, epochs: 4 }).map((event) =>
      event.type === 'started'
        ? { ...event, steps: 100_000 }
        : event.type === 'step'
          ? { ...event, step: event.step * 1000 }
          : event,
    );
    for (const width of [200, 420, 900]) {
      const view = await open(events, { status: 'finished' }, { width });
      assert.equal(await figure(view, 'Step'), '100,000 / 100,000');
      const lines = await view.page.locator('.head .figures dd').evaluateAll((values) =>
        values.map((value) => {
          const range = document.createRange();
          range.selectNodeContents(value);
          return range.getClientRects().length;
        }),
      );
      assert.ok(
        lines.every((count) => count === 1),
        `${width} px: ${lines.join()}`,
      );
      await view.close();
    }
  });

  test('200 classes keep their place; nothing leaves a window of 200 px', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `a class with a long name ${index}`);
    for (const [names, width] of [
      [many, 900],
      [many, 320],
      [labels, 200],
    ] as const) {
      const view = await open(
        recordedRun({ steps: 100, epochs: 4, labels: [...names] }),
        { status: 'finished' },
        { width },
      );
      const beyond = await view.page.evaluate(() =>
        [...document.querySelectorAll('main *')]
          .filter(
            (element) => element.getBoundingClientRect().right > innerWidth + 0.5 && !element.closest('.table-scroll'),
          )
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(beyond, [], `${names.length} classes at ${width} px`);
      await view.close();
    }
  });
});
