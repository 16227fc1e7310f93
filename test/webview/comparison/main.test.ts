/** The page of a comparison in a browser: its table, sorting, progress, and its messages to the host. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import type { ComparisonState } from '../../../src/webview/protocol.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();
const folder = '/images/runs/compare-trashnet';
const row = (method: string, trainableParameters: number, megabytes: number, seconds: number, accuracy: number) => ({
  method,
  run: `${folder}/${method}`,
  trainableParameters,
  totalParameters: 1_200_000,
  peakMemoryBytes: megabytes * 1e6,
  seconds,
  accuracy,
  interval: [accuracy - 0.06, accuracy + 0.05] as [number, number],
  bytes: megabytes * 4800,
  split: 'validation' as const,
});

const state = (change: Partial<ComparisonState> = {}): ComparisonState => ({
  folder,
  name: 'trashnet',
  comparison: {
    format: 1,
    dataset: '/images/trashnet',
    settings: [],
    methods: ['pretrained', 'head', 'lora', 'qlora', 'full'],
    rows: [
      row('pretrained', 0, 310, 4.2, 0.622),
      row('head', 774, 340, 9.6, 0.713),
      row('lora', 34_310, 520, 74, 0.814),
      {
        method: 'qlora',
        run: `${folder}/qlora`,
        error: { code: 'X', message: 'The model is too small.', remedy: 'Take another.' },
      },
      row('full', 1_200_000, 810, 121, 0.798),
    ],
  },
  work: null,
  ...change,
});

describe('comparison', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (change: Partial<ComparisonState> = {}, options: Parameters<typeof ViewPage.open>[3] = {}) =>
    ViewPage.open(browser, 'comparison', state(change), { width: 900, ...options });
  const names = ({ page }: ViewPage) => page.locator('tbody tr td:first-child').allInnerTexts();

  test('a line a method, the best marked, a failed one with its reason; heads sort', async () => {
    const view = await open();
    const { page } = view;
    const lora = page.locator('tbody tr').filter({ hasText: 'LoRA' }).first();
    assert.deepEqual((await lora.locator('td').allInnerTexts()).slice(0, 5), [
      'LoRA\nBest',
      '81.4%\n95 %: 75.4% to 86.4%',
      '34,310',
      '520 MB',
      '2.5 MB',
    ]);
    assert.equal(await page.locator('.badge').count(), 1);
    assert.deepEqual(await page.locator('strong.best').allInnerTexts(), ['0', '310 MB', '1.5 MB', '4.2 sec', '81.4%']);
    await page.getByText('The model is too small. Take another.').waitFor();
    await page.getByRole('button', { name: 'Time' }).click();
    assert.deepEqual(
      (await names(view)).map((name) => name.split('\n')[0]),
      ['Pretrained (no training)', 'Head', 'LoRA', 'Full', 'QLoRA'],
    );
    await view.close();
  });

  test('each method is compared with the best in words, and says whether that could be chance', async () => {
    const { comparison } = state();
    const paired = { against: 'lora', difference: -0.016, p: 0.29, images: 187 };
    const rows = comparison.rows.map((each) => (each.method === 'full' ? { ...each, paired } : each));
    const view = await open({ comparison: { ...comparison, rows } });
    assert.deepEqual(await view.page.locator('.paired li').allInnerTexts(), [
      'Full: 1.6 points worse than LoRA; could be chance (p = 0.29, images: 187).',
    ]);
    await view.send({ type: 'patch', state: { comparison } });
    await view.page.locator('.paired').waitFor({ state: 'hidden' });
    await view.close();
  });

  test('it opens runs, trains with a method, and tries again what failed', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('button', { name: 'LoRA', exact: true }).click();
    await page.locator('tr').filter({ hasText: 'Full' }).getByRole('button', { name: 'Train with This' }).click();
    await page.getByText('Try Again').click();
    assert.deepEqual(await view.posted(), [
      { type: 'openRun', run: `${folder}/lora` },
      { type: 'train', method: 'full' },
      { type: 'continue' },
    ]);
    await view.close();
  });

  test('a chart marks the methods that no other beats, by the cost that is chosen', async () => {
    const view = await open();
    const { page } = view;
    const best = () =>
      page
        .locator('.cost-point.best')
        .evaluateAll((points) => points.map((point) => point.getAttribute('data-method')));
    assert.deepEqual(await best(), ['pretrained', 'head', 'lora']);
    assert.equal(await page.locator('.cost-point').count(), 4);
    await page.getByText('as accurate for less (Pretrained (no training), Head, LoRA)').waitFor();
    // No name covers another, or a point.
    const boxes = await page.locator('.cost-name, .cost-point circle').evaluateAll((shapes) =>
      shapes.map((shape) => {
        const { left, right, top, bottom } = shape.getBoundingClientRect();
        return { left, right, top: top + 2, bottom: bottom - 2 };
      }),
    );
    boxes.forEach((a, i) =>
      boxes
        .slice(i + 1)
        .forEach((b) => assert.ok(a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom)),
    );
    const { comparison } = state();
    // The longest name at the right end is not cut off.
    const slow = comparison.rows.map((each) => (each.method === 'pretrained' ? { ...each, seconds: 900 } : each));
    await view.send({ type: 'patch', state: { comparison: { ...comparison, rows: slow } } });
    await page.locator('.cost-point[data-method="pretrained"]:not(.best)').waitFor();
    const [name, chart] = [
      (await page.locator('[data-method="pretrained"] .cost-name').boundingBox())!,
      (await page.locator('.cost-plot svg').boundingBox())!,
    ];
    assert.ok(name.x >= chart.x && name.x + name.width <= chart.x + chart.width, JSON.stringify([name, chart]));
    const without = comparison.rows.map((each) => ({ ...each, bytes: undefined }) as (typeof comparison.rows)[number]);
    await view.send({ type: 'patch', state: { comparison: { ...comparison, rows: without } } });
    await page.locator('vscode-dropdown[data-field="cost"]').click();
    await page.locator('vscode-option[value="bytes"]').locator('visible=true').first().click();
    await page.getByText('was made before this was measured').waitFor();
    await view.close();
  });

  test('of several seeds it shows the spread, what is still to come, and asks for them', async () => {
    const { comparison } = state();
    const rows = comparison.rows.filter(({ error }) => !error);
    const done = { ...comparison, methods: rows.map(({ method }) => method), rows };
    const view = await open({ comparison: done });
    const { page } = view;
    await page.getByText('Repeat with 3 Seeds').click();
    assert.deepEqual(await view.posted(), [{ type: 'repeat', seeds: 3 }]);
    const seeds = [0.8, 0.83].map((accuracy, i) => ({ seed: 42 + i, run: `${folder}/${i}`, accuracy }));
    const repeated = rows.map((each) => (each.method === 'lora' ? { ...each, seeds } : each));
    await view.send({ type: 'patch', state: { comparison: { ...done, seeds: 2, rows: repeated } } });
    await page.getByText('2 seeds: 80.0% to 83.0%').waitFor();
    await page.getByText('means over the seeds').waitFor();
    assert.equal(await page.getByText('Repeat with 3 Seeds').isVisible(), false);
    await page.getByText('Continue').waitFor();
    await view.close();
  });

  test('while it works it says how far it is and can be stopped', async () => {
    const { comparison } = state();
    const begun = { ...comparison, rows: comparison.rows.slice(0, 2) };
    const work = { method: 'lora', phase: 'compile' as const, done: 0, total: 1, stopping: false };
    const view = await open({ comparison: begun, work });
    const { page } = view;
    await page.getByText('Compiling the training step…').waitFor();
    assert.equal(await page.getByText('Continue').isVisible(), false);
    await view.send({ type: 'patch', state: { work: { ...work, phase: null, done: 30, total: 120 } } });
    await page.getByText('Training, 25%').waitFor();
    await page.getByText('2 of 5 methods are done.').waitFor();
    assert.equal(await page.getByRole('progressbar').getAttribute('aria-valuenow'), '45');
    await page.getByText('Stop', { exact: true }).click();
    assert.deepEqual(await view.posted(), [{ type: 'stop' }]);
    await view.send({ type: 'patch', state: { work: null } });
    assert.equal(await page.getByText('Pending', { exact: true }).count(), 3);
    await page.getByText('Continue').click();
    assert.deepEqual((await view.posted()).at(-1), { type: 'continue' });
    await view.close();
  });

  test('it fits a narrow editor and speaks another language', async () => {
    const view = await open(
      {},
      { width: 420, language: 'tr', bundle: { 'Methods compared on {0}': '{0} üzerinde karşılaştırılan yöntemler' } },
    );
    await view.page.getByText('trashnet üzerinde karşılaştırılan yöntemler').waitFor();
    await view.page.getByText('%81,4', { exact: true }).first().waitFor();
    assert.ok(await view.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await view.close();
  });
});
