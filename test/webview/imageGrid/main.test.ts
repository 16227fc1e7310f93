/** The image grid in a browser: tiles that follow the scrolling, keyboard and mouse, filters, what comes late. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { goneColumn, ImageList } from '../../../src/shared/imageList.js';
import { drawing, gridState } from '../imageLists.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();

describe('image grid', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (...[images, given]: Parameters<typeof gridState>) =>
    ViewPage.open(browser, 'imageGrid', gridState(images, given), { width: 900, height: 700 });
  const shown = (view: ViewPage) => view.page.locator('.tile:visible');
  const focused = async (view: ViewPage) => {
    const id = await view.page.locator('.grid').getAttribute('aria-activedescendant');
    return id === null ? undefined : view.page.locator(`#${id} .name`).textContent();
  };
  const selected = async (view: ViewPage) => {
    await view.drawn();
    return view.page.locator('.tile[aria-selected="true"]:visible .name').allTextContents();
  };

  test('of 100,000 images only those in sight have tiles, wherever it is scrolled', async () => {
    const view = await open(100_000);
    const { page } = view;
    await view.drawn();
    assert.equal(await shown(view).first().locator('.name').textContent(), 'IMG_0.jpg');
    assert.ok((await page.locator('.tile').count()) < 60);
    const columns = Number(await page.locator('.grid').getAttribute('aria-colcount'));
    assert.equal(await page.locator('.grid').getAttribute('aria-rowcount'), String(Math.ceil(100_000 / columns)));
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await view.drawn();
    assert.equal(await focused(view), 'IMG_99999.jpg');
    const last = page.locator('.tile-row:visible').last();
    assert.equal(await last.getAttribute('aria-rowindex'), String(Math.ceil(100_000 / columns)));
    assert.ok((await page.locator('.tile').count()) < 60);
    // The last tile is seen whole.
    const [tile, grid] = [await page.locator('.tile.focused').boundingBox(), await page.locator('.grid').boundingBox()];
    assert.ok(tile!.y + tile!.height <= grid!.y + grid!.height + 1);
    await view.close();
  });

  test('it is used by keys alone: arrows, pages, ends, space, shift, Ctrl+A, Escape, Enter', async () => {
    const view = await open(200);
    const { page } = view;
    const columns = Number(await page.locator('.grid').getAttribute('aria-colcount'));
    await page.locator('.grid').focus();
    const press = async (key: string) => {
      await page.keyboard.press(key);
      await view.drawn();
    };
    await press('ArrowRight');
    await press('ArrowDown');
    assert.equal(await focused(view), `IMG_${1 + columns}.jpg`);
    assert.deepEqual(await selected(view), []);
    await press('ArrowLeft');
    await press('ArrowUp');
    await press('ArrowUp');
    assert.equal(await focused(view), 'IMG_0.jpg');
    await press('PageDown');
    const page1 = Number(/\d+/.exec((await focused(view))!)![0]);
    assert.ok(page1 > 0 && page1 % columns === 0);
    await press('Home');
    await press(' ');
    await press('Shift+ArrowRight');
    await press('Shift+ArrowRight');
    assert.deepEqual(await selected(view), ['IMG_0.jpg', 'IMG_1.jpg', 'IMG_2.jpg']);
    await press('Shift+ArrowLeft');
    assert.deepEqual(await selected(view), ['IMG_0.jpg', 'IMG_1.jpg']);
    await press('Control+a');
    assert.equal(await page.locator('.counts').textContent(), '200 images · 200 selected');
    await press('Escape');
    assert.equal(await page.locator('.counts').textContent(), '200 images');
    await press('Enter');
    const [opened] = await view.posted('act');
    assert.deepEqual([opened!.action, Object.values(opened!.rows as object)], ['open', [1]]);
    await view.close();
  });

  test('and by the mouse: a click, Ctrl, shift, a double click, and what is done with all that is selected', async () => {
    const view = await open();
    const { page } = view;
    const tile = (number: number) => page.locator('.tile', { hasText: `IMG_${number}.jpg` }).first();
    await tile(1).click();
    await tile(3).click({ modifiers: ['Control'] });
    assert.deepEqual(await selected(view), ['IMG_1.jpg', 'IMG_3.jpg']);
    await tile(5).click({ modifiers: ['Shift'] });
    assert.deepEqual(await selected(view), ['IMG_3.jpg', 'IMG_4.jpg', 'IMG_5.jpg']);
    await page.getByRole('button', { name: 'Copy Paths' }).click();
    await tile(2).dblclick();
    assert.deepEqual(
      (await view.posted('act')).map(({ action, rows }) => [action, Object.values(rows as object)]),
      [
        ['copyPaths', [3, 4, 5]],
        ['open', [2]],
      ],
    );
    await view.close();
  });

  test('what is typed into the filter holds before all is selected, however fast that follows', async () => {
    const view = await open(200);
    const { page } = view;
    await page.locator('vscode-text-field[data-field="text"] input').focus();
    await page.evaluate(() => {
      const field = document.querySelector<HTMLInputElement>('vscode-text-field[data-field="text"]')!;
      field.value = 'IMG_7';
      field.dispatchEvent(new Event('input', { bubbles: true }));
      const grid = document.querySelector<HTMLElement>('.grid')!;
      grid.focus();
      grid.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', ctrlKey: true }));
    });
    await page.locator('.counts', { hasText: 'selected' }).waitFor();
    assert.equal(await page.locator('.counts').textContent(), '11 of 200 images · 11 selected');
    await view.close();
  });

  test('thumbnails are asked for as they come into sight, those in sight first; an error says why', async () => {
    const view = await open(1000);
    const { page } = view;
    const [first] = (await view.posted('want')) as unknown as { rows: number[] }[];
    assert.equal(first!.rows[0], 0);
    assert.ok(first!.rows.length < 80);
    await view.send({ type: 'thumbnail', row: 0, src: drawing(0) });
    const message = 'This file cannot be read as an image.';
    await view.send({ type: 'thumbnail', row: 1, error: { code: 'X', message, remedy: 'Replace it.' } });
    await page.waitForFunction(() => document.querySelector<HTMLImageElement>('.tile img')!.naturalWidth > 0);
    assert.equal(await shown(view).nth(1).locator('.failure').textContent(), message);
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    // Wishes are gathered for a moment before they are sent.
    const nextWish = async (known: number): Promise<number[]> => {
      const wishes = (await view.posted('want')) as unknown as { rows: number[] }[];
      if (wishes.length > known) return wishes.at(-1)!.rows;
      await page.waitForTimeout(20);
      return nextWish(known);
    };
    const atEnd = await nextWish(1);
    assert.ok(atEnd.every((row) => row > 900));
    // What came is not asked for again.
    const known = (await view.posted('want')).length;
    await page.keyboard.press('Home');
    const again = await nextWish(known);
    assert.ok(!again.includes(0) && !again.includes(1));
    await view.close();
  });

  test('a grid begins with its query; the user changes it, and sees it all again', async () => {
    const query = { verdict: 'wrong', sort: { column: 'probability', descending: true } } as const;
    const view = await open(60, { query });
    const { page } = view;
    assert.equal(await page.locator('.counts').textContent(), '12 of 60 images');
    const shares = await page.locator('.tile:visible .share').allTextContents();
    const numbers = shares.map((share) => parseFloat(share));
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => b - a),
    );
    await page.locator('vscode-text-field[data-field="text"] input').fill('img_5');
    await page.locator('.counts', { hasText: '3 of 60 images' }).waitFor();
    await page.locator('vscode-text-field[data-field="from"] input').fill('many');
    await page.getByText('Write a number.').locator('visible=true').waitFor();
    await page.locator('vscode-text-field[data-field="from"] input').fill('99,5');
    await page.getByText('No image is like that.').waitFor();
    await page.getByRole('button', { name: 'Show all 60 images' }).click();
    assert.equal(await page.locator('.counts').textContent(), '60 images');
    assert.equal(await shown(view).count(), await page.locator('.tile:visible').count());
    await view.close();
  });

  test('size and date come late: with their progress, cancelled, or with what is wrong', async () => {
    const view = await open(30);
    const { page } = view;
    const sortBy = async (value: string) => {
      await page.locator('vscode-dropdown[data-field="sort"]').click();
      await page.locator(`vscode-dropdown[data-field="sort"] vscode-option[value="${value}"]`).click();
    };
    await sortBy('size');
    await view.send({ type: 'columnsProgress', of: 'files', done: 3, total: 10 });
    await page.getByText('Looking up the size and date of each file: 30%').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await view.posted('dropColumns')).length, 1);
    assert.equal(await page.locator('.columns-progress').isVisible(), false);
    await sortBy('size');
    await view.send({ type: 'columnsFailed', of: 'files', error: { code: 'X', message: 'It is gone.', remedy: '' } });
    await page.getByText('It is gone.').waitFor();
    await sortBy('size');
    await page.evaluate(() => {
      const data = Float64Array.from({ length: 30 }, (_, row) => (row * 7) % 30);
      const column = { id: 'size', kind: 'number', format: 'bytes', data };
      window.postMessage({ type: 'columns', of: 'files', columns: [column] }, '*');
    });
    await page.locator('.tile .extra', { hasText: '29 byte' }).first().waitFor();
    assert.match((await shown(view).first().locator('.extra').textContent())!, /^29 byte$/);
    await view.close();
  });

  test('the beginning of a long list is seen before the rest is there', async () => {
    const whole = gridState(5000);
    const view = await open(100, { images: 5000 });
    const { page } = view;
    assert.equal(await page.locator('.counts').textContent(), '5,000 images');
    await page.locator('.grid').focus();
    await page.keyboard.press('PageDown');
    await view.drawn();
    const before = await focused(view);
    // A filter waits for the whole list.
    await page.locator('vscode-text-field[data-field="text"] input').fill('4999');
    const bytes = Buffer.from(whole.list).toString('base64');
    await page.evaluate((text) => {
      const list = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
      window.postMessage({ type: 'list', list }, '*');
    }, bytes);
    await page.locator('.counts', { hasText: '1 of 5,000 images' }).waitFor();
    await page.getByRole('button', { name: 'Clear Filters' }).click();
    await page.locator('.grid').focus();
    await view.drawn();
    assert.ok(before !== undefined);
    await page.keyboard.press('End');
    await view.drawn();
    assert.equal(await focused(view), 'IMG_4999.jpg');
    await view.close();
  });

  test('changed on disk: the same place, what is gone leaves the selection, new images come last', async () => {
    const view = await open(200);
    const { page } = view;
    const tile = (number: number) => page.locator('.tile', { hasText: `IMG_${number}.jpg` }).first();
    await page.locator('.grid').focus();
    await page.keyboard.press('PageDown');
    await view.drawn();
    const before = (await focused(view))!;
    const at = Number(/\d+/.exec(before)![0]);
    await tile(at).click();
    await tile(at + 1).click({ modifiers: ['Control'] });
    await page.getByRole('button', { name: 'Exclude' }).click();
    await page.locator('.grid').focus();
    await page.keyboard.press('Delete');
    assert.deepEqual(
      (await view.posted('act')).map(({ action, rows }) => [action, Object.values(rows as object)]),
      [
        ['exclude', [at, at + 1]],
        ['trash', [at, at + 1]],
      ],
    );
    for (const keys of ['Control+z', 'Control+Shift+z', 'Control+y']) await page.keyboard.press(keys);
    assert.deepEqual(
      (await view.posted('step')).map(({ direction }) => direction),
      ['undo', 'redo', 'redo'],
    );
    const { list } = gridState(201);
    const gone = new Uint8Array(201);
    gone[at] = 1;
    const later = ImageList.of(list).with({ id: goneColumn, kind: 'choice', values: ['left'], data: gone });
    const bytes = Buffer.from(later.toBytes()).toString('base64');
    await page.evaluate((text) => {
      const list = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
      window.postMessage({ type: 'refreshed', list }, '*');
    }, bytes);
    await page.locator('.counts', { hasText: '200 images · 1 selected' }).waitFor();
    await view.drawn();
    assert.deepEqual(await selected(view), [`IMG_${at + 1}.jpg`]);
    assert.equal(await focused(view), `IMG_${at + 1}.jpg`);
    assert.equal(await tile(at).count(), 0);
    // What the filter hides is not acted on, and is counted apart.
    await page.locator('vscode-text-field[data-field="text"] input').fill('IMG_200');
    await page.locator('.counts', { hasText: '1 of 200 images · 1 selected that the filter hides' }).waitFor();
    assert.ok(await page.locator('.selection-actions').isHidden());
    await view.close();
  });

  test('where all images have left the grid, its keys still undo', async () => {
    const view = await open(3);
    const { page } = view;
    await page.locator('.grid').focus();
    const data = new Uint8Array(3).fill(1);
    const later = ImageList.of(gridState(3).list).with({ id: goneColumn, kind: 'choice', values: ['left'], data });
    const bytes = Buffer.from(later.toBytes()).toString('base64');
    await page.evaluate((text) => {
      const list = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
      window.postMessage({ type: 'refreshed', list }, '*');
    }, bytes);
    await page.getByText('There are no images here.').waitFor();
    await page.keyboard.press('Control+z');
    assert.deepEqual(
      (await view.posted('step')).map(({ direction }) => direction),
      ['undo'],
    );
    const whole = Buffer.from(gridState(3).list).toString('base64');
    await page.evaluate((text) => {
      const list = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
      window.postMessage({ type: 'refreshed', list }, '*');
    }, whole);
    await page.locator('.tile').first().waitFor();
    await page.keyboard.press('Control+Shift+z');
    assert.equal((await view.posted('step')).length, 2);
    await view.close();
  });

  test('images of no known dataset cannot be changed', async () => {
    const view = await open(20, { canChange: false });
    await view.page.locator('.tile').first().click();
    const buttons = await view.page.locator('.selection-actions button').allTextContents();
    assert.deepEqual(buttons, ['Open', 'Reveal', 'Copy Paths', 'Clear Selection']);
    await view.page.keyboard.press('Delete');
    assert.deepEqual(await view.posted('act'), []);
    await view.close();
  });

  test('a list without images, and one without predictions', async () => {
    const view = await open(0);
    await view.page.getByText('There are no images here.').waitFor();
    assert.equal(await view.page.locator('.grid').isVisible(), false);
    await view.close();
  });

  test('what is selected, filtered and scrolled to comes back when the view is shown again', async () => {
    const view = await open(500, { query: { sort: { column: 'loss', descending: true } } });
    const { page } = view;
    await page.locator('.grid').focus();
    await page.keyboard.press('End');
    await page.keyboard.press(' ');
    await view.drawn();
    const name = await focused(view);
    // It is kept a moment later.
    await page.waitForFunction(() => /"top":[1-9].*"selected":"A/.test(sessionStorage.getItem('kept') ?? ''));
    await page.reload();
    await page.locator('body[data-ready]').waitFor({ state: 'attached' });
    await view.drawn();
    assert.equal(await page.locator('.counts').textContent(), '500 images · 1 selected');
    assert.deepEqual(await selected(view), [name]);
    await page.locator('.grid').focus();
    await view.drawn();
    assert.equal(await focused(view), name);
    await view.close();
  });
});
