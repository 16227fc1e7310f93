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
      '81.4%',
      '34,310',
      '520 MB',
      '1 min 14 sec',
    ]);
    assert.equal(await page.locator('.badge').count(), 1);
    assert.deepEqual(await page.locator('strong.best').allInnerTexts(), ['0', '310 MB', '4.2 sec', '81.4%']);
    await page.getByText('The model is too small. Take another.').waitFor();
    await page.getByRole('button', { name: 'Time' }).click();
    assert.deepEqual(
      (await names(view)).map((name) => name.split('\n')[0]),
      ['Pretrained (no training)', 'Head', 'LoRA', 'Full', 'QLoRA'],
    );
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
    await view.page.getByText('%81,4').waitFor();
    assert.ok(await view.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    await view.close();
  });
});
