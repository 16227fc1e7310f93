/** A report in a browser: its tables, its matrix by mouse and keyboard, and thousands of problems. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { imageState, reportState, runsState } from '../reports.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();

describe('report', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  test('keeps by which a later window finds it, and does what its links say', async () => {
    const view = await ViewPage.open(browser, 'report', reportState(), { width: 900 });
    const kept = await view.page.evaluate(() => JSON.parse(sessionStorage.getItem('kept')!) as unknown);
    assert.deepEqual(kept, { report: reportState().id });
    await view.page.getByRole('button', { name: 'Train on this dataset' }).click();
    assert.deepEqual(await view.posted('act'), [
      { type: 'act', action: { type: 'trainDataset', dataset: '/images/animals' } },
    ]);
    await view.close();
  });

  test('a cell of the matrix opens its images by mouse and by Enter; an empty one does not', async () => {
    const view = await ViewPage.open(browser, 'report', reportState(), { width: 900 });
    const { page } = view;
    const matrix = page.getByRole('application', { name: /^Confusion matrix/ });
    await matrix.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    const action = { type: 'showConfused', task: null, truth: 'cat', prediction: 'dog' };
    assert.deepEqual(await view.posted('act'), [{ type: 'act', action }]);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    assert.equal((await view.posted('act')).length, 1, 'there are no images of an empty cell');
    await view.close();
  });

  test('problems are one entry a kind; the files of 5,950 are folded and come a hundred at a time', async () => {
    const view = await ViewPage.open(browser, 'report', reportState(), { width: 900 });
    const { page } = view;
    assert.equal(await page.locator('.problem-group').count(), 2);
    assert.equal(await page.locator('.problem-files li').count(), 1);
    await page.getByText('5,950 files').click();
    await page.getByRole('button', { name: 'Show 100 more of 5,850' }).click();
    assert.equal(await page.locator('details .problem-files li').count(), 200);
    await page.getByRole('button', { name: 'cat/7.jpg', exact: true }).click();
    assert.deepEqual(await view.posted('openPlace'), [{ type: 'openPlace', file: '/images/animals/cat/7.jpg' }]);
    await view.close();
  });

  test('an image that the browser cannot draw is drawn from the preview of the host, else as an icon', async () => {
    const pixel =
      'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const state = imageState(['/images/scan.tiff', '/images/damaged.png']);
    const view = await ViewPage.open(browser, 'report', state, { width: 900 });
    const { page } = view;
    await page.locator('.thumbnail .icon').nth(1).waitFor();
    assert.deepEqual(
      (await view.posted('imageFailed')).map(({ path }) => path),
      ['/images/scan.tiff', '/images/damaged.png'],
    );
    await view.send({ type: 'preview', path: '/images/scan.tiff', src: pixel });
    await view.send({ type: 'preview', path: '/images/damaged.png', src: null });
    assert.equal(await page.locator('.thumbnail').first().locator('img').getAttribute('src'), pixel);
    assert.equal(await page.locator('.thumbnail').nth(1).locator('.icon').count(), 1);
    await page.getByRole('button', { name: 'scan.tiff' }).click();
    assert.deepEqual(await view.posted('openImage'), [{ type: 'openImage', path: '/images/scan.tiff' }]);
    await view.close();
  });

  test('of ten thousand images five hundred are drawn at once', async () => {
    const paths = Array.from({ length: 10_000 }, (_, index) => `/images/${index}.jpg`);
    const view = await ViewPage.open(browser, 'report', imageState(paths), { width: 900 });
    assert.equal(await view.page.locator('tbody tr').count(), 500);
    await view.page.getByRole('button', { name: 'Show 500 more of 9,500' }).click();
    assert.equal(await view.page.locator('tbody tr').count(), 1000);
    await view.close();
  });

  test('two runs: curves in one chart, intervals, signed changes, and lists of images', async () => {
    const view = await ViewPage.open(browser, 'report', runsState(), { width: 900 });
    const { page } = view;
    assert.equal(await page.locator('.compared-curves figure').count(), 2);
    const legend = await page.locator('.compared-curves figure').first().locator('.u-legend').innerText();
    assert.equal(legend.replaceAll(/\s+/g, ''), 'Epoch4photos80.0%photos-293.0%');
    const classes = page.locator('table').first();
    assert.deepEqual(await classes.locator('tbody tr').nth(2).locator('td').allTextContents(), [
      'food',
      '–',
      '76.0% (61% to 87%)',
      '-1.3',
      '20',
    ]);
    assert.deepEqual(await classes.locator('td.change').allTextContents(), ['+5.4', '0.0', '-1.3']);
    await classes.getByRole('button', { name: /^photos-2/ }).click();
    const names = await classes.locator('tbody tr td:first-child').allTextContents();
    assert.ok(names.join() === 'faces,flags,food' || names.join() === 'food,flags,faces', 'sorted by the share');
    await page.getByRole('button', { name: '8 right now' }).click();
    await page.getByRole('button', { name: 'Label changed' }).click();
    assert.deepEqual(
      (await view.posted('act')).map(({ action }) => (action as { list: string }).list),
      ['flips', 'changed'],
    );
    assert.equal(
      await page.locator('section').filter({ hasText: 'All settings are the same.' }).locator('table').count(),
      0,
    );
    await view.close();
  });

  test('the curves of a run of one epoch, and of one with many', async () => {
    for (const epochs of [1, 200]) {
      const view = await ViewPage.open(browser, 'report', runsState(epochs), { width: 400 });
      assert.equal(await view.page.locator('.compared-curves .uplot').count(), 2);
      await view.close();
    }
  });
});
