/** The map in a browser: points that are drawn, pointed at, hidden, outlined and moved, and what a reload keeps. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import { drawing } from '../imageLists.js';
import { mapState } from '../mapStates.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();

describe('map of a dataset', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  const open = (images = 60, theme: 'dark' | 'light' = 'dark') =>
    ViewPage.open(browser, 'datasetMap', mapState(images), { width: 900, height: 700, theme });
  const legend = (view: ViewPage, word: string) => view.page.locator('.legend-word').filter({ hasText: word });
  const counts = (view: ViewPage) => view.page.locator('.counts').textContent();

  /** Shares of the pixels of the plane that differ from the background, by quarters: top left, top right, … */
  async function drawn(view: ViewPage): Promise<number[]> {
    await view.drawn();
    const png = await view.page.locator('.plane').screenshot();
    const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const quarters = [0, 0, 0, 0];
    // The ring of the focus lies on the border.
    const border = 3;
    const background = 3 * (border * info.width + border);
    for (let y = border; y < info.height - border; y++)
      for (let x = border; x < info.width - border; x++) {
        const at = 3 * (y * info.width + x);
        const isPoint = [0, 1, 2].some((channel) => Math.abs(data[at + channel]! - data[background + channel]!) > 24);
        if (isPoint) quarters[2 * Number(y > info.height / 2) + Number(x > info.width / 2)]!++;
      }
    return quarters;
  }

  test('points are drawn where they lie; the legend hides a class and shows it again', async () => {
    const view = await open();
    const [topLeft, topRight, bottomLeft, bottomRight] = await drawn(view);
    // Cats lie to the right, dogs to the upper left, red pandas to the lower left.
    for (const quarter of [topLeft, topRight, bottomLeft, bottomRight]) assert.ok(quarter! > 100);
    assert.equal(await counts(view), '60 images');
    await legend(view, 'dog').click();
    assert.equal(await legend(view, 'dog').getAttribute('aria-pressed'), 'false');
    assert.equal(await counts(view), '40 of 60 images');
    const without = await drawn(view);
    assert.ok(without[0]! < 0.1 * topLeft!, `${without}`);
    assert.equal(without[1], topRight);
    await legend(view, 'dog').click();
    assert.deepEqual(await drawn(view), [topLeft, topRight, bottomLeft, bottomRight]);
    await view.close();
  });

  test('points and legend take the colours of a theme that is chosen meanwhile', async () => {
    const view = await open();
    const swatch = () =>
      view.page
        .locator('.swatch')
        .first()
        .evaluate(({ style }: HTMLElement) => style.backgroundColor);
    const dark = await swatch();
    await view.page.evaluate(() => (document.body.className = 'vscode-light'));
    await view.drawn();
    const light = await open(60, 'light');
    const expected = await light.page
      .locator('.swatch')
      .first()
      .evaluate(({ style }) => style.backgroundColor);
    assert.notEqual(dark, expected);
    assert.equal(await swatch(), expected);
    await light.close();
    await view.close();
  });

  /** The middle of the cats, which lie at (8, 0). */
  async function cats(view: ViewPage): Promise<{ x: number; y: number; left: number; width: number }> {
    const { x, y, width, height } = (await view.page.locator('.plane').boundingBox())!;
    return { left: x, width, x: x + width * 0.8, y: y + height / 2 };
  }

  test('an image that is pointed at is shown with what is known of it', async () => {
    const view = await open();
    const { page } = view;
    const { x, y } = await cats(view);
    // Somewhere on the way lies a cat.
    for (let step = -80; step < 120 && (await page.locator('.hover').isHidden()); step += 4)
      await page.mouse.move(x + step, y);
    await page.waitForFunction(() =>
      (window as unknown as { posted: { type: string }[] }).posted.some(({ type }) => type === 'want'),
    );
    const wanted = (await view.posted('want')).at(-1) as unknown as { rows: number[] };
    const [row] = wanted.rows;
    assert.equal(row! % 3, 0);
    const text = await page.locator('.hover .facts').textContent();
    assert.match(text!, new RegExp(`^/images/cat/IMG_${row}\\.jpg\\nClass: cat\\nPredicted class: `));
    await view.send({ type: 'thumbnail', row, src: drawing(row!) });
    await page.locator('.hover img[src^="data:image"]').waitFor();
    await page.locator('h1').hover();
    await page.locator('.hover').waitFor({ state: 'hidden' });
    await view.close();
  });

  test('an outline selects what is seen within it, and opens it as a grid', async () => {
    const view = await open();
    const { page } = view;
    const outline = async (from: number, to: number) => {
      const { y, height, x, width } = (await page.locator('.plane').boundingBox())!;
      const corners = [
        [from, 0.02],
        [to, 0.02],
        [to, 0.98],
        [from, 0.98],
      ] as const;
      await page.mouse.move(x + from * width, y + 0.02 * height);
      await page.mouse.down();
      for (const [across, down] of corners) await page.mouse.move(x + across * width, y + down * height, { steps: 4 });
      await page.mouse.up();
    };
    await page.getByRole('button', { name: 'Select by Outline' }).click();
    await outline(0.52, 0.98);
    assert.equal(await counts(view), '60 images · 20 selected');
    await page.getByRole('button', { name: 'Open in Grid' }).click();
    const [sent] = (await view.posted('grid')) as unknown as { rows: Record<string, number> }[];
    const rows = Object.values(sent!.rows);
    assert.deepEqual(
      rows,
      Array.from({ length: 20 }, (_, i) => 3 * i),
    );
    // Hidden images are not selected.
    await legend(view, 'dog').click();
    await page.keyboard.down('Shift');
    await outline(0.01, 0.99);
    await page.keyboard.up('Shift');
    assert.equal(await counts(view), '40 of 60 images · 40 selected');
    await page.getByRole('button', { name: 'Clear Selection' }).click();
    assert.equal(await counts(view), '40 of 60 images');
    await view.close();
  });

  test('keys move and zoom; a reload keeps place, colours, what is hidden and what is selected', async () => {
    const view = await open();
    const { page } = view;
    const first = await drawn(view);
    await page.locator('.plane canvas').focus();
    for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowRight');
    const moved = await drawn(view);
    assert.ok(moved[0]! + moved[2]! > 0 && moved[1]! + moved[3]! < 0.2 * (first[1]! + first[3]!), `${moved}`);
    await page.keyboard.press('0');
    assert.deepEqual(await drawn(view), first);
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    const near = await drawn(view);
    assert.notDeepEqual(near, first);
    await page.keyboard.press('-');
    await page.keyboard.press('+');
    await page.locator('vscode-dropdown[data-field="scheme"]').click();
    await page.getByRole('option', { name: 'Result' }).click();
    await legend(view, 'Correct').click();
    assert.equal(await counts(view), '12 of 60 images');
    const kept = await drawn(view);
    await page.waitForFunction(() => (sessionStorage.getItem('kept') ?? '').includes('verdict'));
    await page.waitForTimeout(300);
    await page.reload();
    await page.locator('body[data-ready]').waitFor({ state: 'attached' });
    assert.equal(await counts(view), '12 of 60 images');
    assert.deepEqual(await drawn(view), kept);
    await view.close();
  });

  test('without WebGL the page says so, and the images still open as a grid', async () => {
    const view = await open();
    await view.page.addInitScript(() => {
      HTMLCanvasElement.prototype.getContext = () => null;
    });
    await view.page.reload();
    await view.page.locator('.message-warning').filter({ hasText: 'it has no WebGL' }).waitFor();
    await view.page.getByRole('button', { name: 'Open in Grid' }).click();
    const [sent] = (await view.posted('grid')) as unknown as { rows: object }[];
    assert.equal(Object.keys(sent!.rows).length, 60);
    await view.close();
  });
});
