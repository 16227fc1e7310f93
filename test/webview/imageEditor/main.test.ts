/** The image editor in a browser: real image files, zoom, predictions and every reason why there are none. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import type { Explanation } from '../../../src/shared/explanation.js';
import type { ImageEditorState } from '../../../src/webview/protocol.js';
import { browserLacks, launchBrowser, ViewPage } from '../viewPage.js';

const lacks = browserLacks();
const error = { code: 'CHECKPOINT_MISSING', message: 'The checkpoint is gone.', remedy: 'Choose another one.' };

describe('image editor', { skip: lacks ?? false }, () => {
  let browser: Browser;
  let files: Record<string, Buffer>;
  before(async () => {
    browser = await launchBrowser();
    const plain = sharp({ create: { width: 1200, height: 800, channels: 3, background: '#406080' } });
    files = {
      'photo.jpg': await plain.clone().jpeg().toBuffer(),
      // Orientation 6: to be shown turned by a quarter.
      'turned.jpg': await plain.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      'small.png': await sharp({
        create: { width: 8, height: 6, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
      })
        .png()
        .toBuffer(),
      'scan.tiff': await plain.clone().tiff().toBuffer(),
    };
  });
  after(() => browser.close());

  const state = (change: Partial<ImageEditorState> = {}, name = 'photo.jpg'): ImageEditorState => ({
    file: { path: `/images/${name}`, name, size: files[name]!.length },
    image: { kind: 'shown', src: `/${name}` },
    checkpoint: { path: '/r/92', run: 'trashnet-lora', step: 92 },
    why: { kind: 'hidden' },
    verdict: {
      kind: 'predictions',
      predictions: [
        { label: 'glass', probability: 0.8125 },
        { label: 'metal', probability: 0.15 },
        { label: 'paper', probability: 0.0375 },
      ],
    },
    ...change,
  });
  const open = (
    change: Partial<ImageEditorState> = {},
    name?: string,
    options: Parameters<typeof ViewPage.open>[3] = {},
  ) => ViewPage.open(browser, 'imageEditor', state(change, name), { width: 900, height: 600, files, ...options });
  const shownWidth = (view: ViewPage) =>
    view.page.locator('img.image').evaluate((image) => Math.round(image.getBoundingClientRect().width));

  test('of several tasks each has its predictions under its name', async () => {
    const predictions = [
      { label: 'cat', probability: 0.9 },
      { label: 'dog', probability: 0.1 },
    ];
    const coverage = [{ label: 'small', probability: 0.6 }];
    const tasks = [
      { task: 'species', predictions },
      { task: 'coverage', predictions: coverage },
    ];
    const view = await open({ verdict: { kind: 'predictions', predictions, tasks } });
    const content = view.page.locator('.verdict-content');
    assert.deepEqual(await content.locator('h3').allInnerTexts(), ['species', 'coverage']);
    assert.deepEqual(await content.locator('.prediction-label').allInnerTexts(), ['cat', 'dog', 'small']);
    await view.close();
  });

  test('an image unlike the training images is unknown, and the slider asks for another threshold', async () => {
    const { verdict } = state();
    assert.ok(verdict.kind === 'predictions');
    const unknown = {
      isUnknown: true,
      score: 3,
      threshold: 2,
      nearest: ['glass', 'metal'],
      recall: 0.95,
      precision: 0.8,
    };
    const view = await open({ verdict: { ...verdict, unknown } });
    const content = view.page.locator('.verdict-content');
    await content.getByText('Unlike the training images. Nearest: glass, metal.').waitFor();
    await content.getByText(/95.0% count as known \(recall\), and 80.0% of these are right/).waitFor();
    await view.page.getByLabel('Images that count as known').fill('0.8');
    await view.page.getByLabel('Images that count as known').dispatchEvent('change');
    assert.deepEqual((await view.posted('accept')).at(-1), { type: 'accept', share: 0.8 });
    await view.send({ type: 'patch', state: { verdict: { ...verdict, unknown: { ...unknown, isUnknown: false } } } });
    await content.locator('.unknown').waitFor({ state: 'detached' });
    await view.close();
  });

  test('the explanation is drawn over what the model saw, for any class, with similar images', async () => {
    const { verdict } = state();
    const view = await open();
    const { page } = view;
    await page.getByRole('button', { name: 'Why?' }).click();
    assert.deepEqual((await view.posted('explain')).at(-1), { type: 'explain' });
    await view.send({ type: 'patch', state: { why: { kind: 'asking' } } });
    await page.getByRole('progressbar', { name: 'Explaining…' }).waitFor();
    const explanation: Explanation = {
      path: '/images/photo.jpg',
      label: 'glass',
      probability: 0.8125,
      method: 'attention',
      rows: 2,
      columns: 2,
      values: [1, 0, 0, 0],
      seen: { left: 0.25, top: 0, width: 0.5, height: 1 },
      similar: [
        { path: '/train/a.jpg', label: 'glass', similarity: 0.91 },
        { path: '/train/b.jpg', label: 'metal', similarity: 0.8 },
      ],
    };
    const previews = [`data:image/jpeg;base64,${files['photo.jpg']!.toString('base64')}`, null];
    await view.send({ type: 'patch', state: { why: { kind: 'shown', explanation, previews } } });
    await page.getByText('It looks like these training images').waitFor();
    // Outside of what the model saw nothing is drawn; the place that counts is lighter than the others.
    const at = (x: number, y: number) =>
      page
        .locator('canvas.heat')
        .evaluate(
          (canvas: HTMLCanvasElement, [left, top]) => [
            ...canvas.getContext('2d')!.getImageData(256 * left!, 256 * top!, 1, 1).data,
          ],
          [x, y],
        );
    assert.deepEqual(await at(0.1, 0.5), [0, 0, 0, 0]);
    const [light, dark] = [await at(0.3, 0.1), await at(0.7, 0.9)];
    assert.ok(light[0]! > 200 && dark[0]! < 10, `${light.join()} ${dark.join()}`);
    const [image, heat] = await Promise.all(
      ['img.image', 'canvas.heat'].map((each) => page.locator(each).boundingBox()),
    );
    assert.deepEqual(heat, image);
    if (process.env.VITUNE_LOOK) await page.screenshot({ path: process.env.VITUNE_LOOK });
    await page.getByRole('button', { name: /metal 80%/ }).click();
    assert.deepEqual((await view.posted('openImage')).at(-1), { type: 'openImage', path: '/train/b.jpg' });
    await page.locator('vscode-dropdown[data-field=label]').click();
    await page.getByRole('option', { name: 'paper' }).click();
    assert.deepEqual((await view.posted('explain')).at(-1), { type: 'explain', label: 'paper' });
    await page.getByRole('button', { name: 'Hide Explanation' }).click();
    assert.equal((await view.posted('hideExplanation')).length, 1);
    await view.send({ type: 'patch', state: { why: { kind: 'hidden' }, verdict } });
    assert.equal(await page.locator('canvas.heat').isVisible(), false);
    await view.close();
  });

  test('the image fits its place, goes to 100 % and in steps, by button, key and wheel', async () => {
    const view = await open();
    const { page } = view;
    await page.getByText(/1,200 × 800 pixels, \d/).waitFor();
    const fitted = await shownWidth(view);
    const place = (await page.locator('.viewport').boundingBox())!;
    assert.equal(fitted, Math.round(place.width - 32));
    await page.setViewportSize({ width: 700, height: 600 });
    await page.waitForFunction(
      (before) => document.querySelector('img.image')!.getBoundingClientRect().width < before,
      fitted,
    );
    await page.getByRole('button', { name: '100%' }).click();
    assert.equal(await shownWidth(view), 1200);
    assert.equal(await page.locator('.zoom-percent').innerText(), '100%');
    await page.locator('.viewport').focus();
    await page.keyboard.press('+');
    await page.keyboard.press('+');
    assert.equal(await shownWidth(view), 2400);
    assert.equal(
      await page.locator('img.image').evaluate((image) => getComputedStyle(image).imageRendering),
      'pixelated',
    );
    const left = () => page.locator('.viewport').evaluate((viewport) => viewport.scrollLeft);
    const before = await left();
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((at) => document.querySelector('.viewport')!.scrollLeft > at, before);
    const moved = await left();
    await page.keyboard.press('ArrowLeft');
    await page.waitForFunction((at) => document.querySelector('.viewport')!.scrollLeft < at, moved);
    await page.keyboard.press('-');
    await page.keyboard.press('0');
    assert.equal(await page.getByRole('button', { name: 'Fit' }).getAttribute('aria-pressed'), 'true');
    await page.mouse.move(place.x + 100, place.y + 100);
    await page.keyboard.down('Control');
    const small = await shownWidth(view);
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    await page.waitForFunction(
      (before) => document.querySelector('img.image')!.getBoundingClientRect().width > before,
      small,
    );
    await view.close();
  });

  test('a large image is moved by dragging', async () => {
    const view = await open();
    const { page } = view;
    await page.getByRole('button', { name: '100%' }).click();
    const place = page.locator('.viewport');
    const from = await place.evaluate((element) => element.scrollLeft);
    await page.mouse.move(300, 300);
    await page.mouse.down();
    await page.mouse.move(250, 300, { steps: 3 });
    await page.mouse.up();
    assert.equal(await place.evaluate((element) => element.scrollLeft), from + 50);
    await view.close();
  });

  test('the zoom outlives a reload', async () => {
    const view = await open();
    await view.page.getByRole('button', { name: '100%' }).click();
    await view.page.reload();
    await view.page.getByText('1,200 × 800 pixels').waitFor();
    assert.equal(await shownWidth(view), 1200);
    await view.close();
  });

  test('a turned photo is shown upright, a small one at its size on a checkerboard', async () => {
    const turned = await open({}, 'turned.jpg');
    await turned.page.getByText('800 × 1,200 pixels').waitFor();
    await turned.close();
    const small = await open({}, 'small.png');
    await small.page.getByText('8 × 6 pixels').waitFor();
    assert.equal(await shownWidth(small), 8);
    assert.match(
      await small.page.locator('img.image').evaluate((image) => getComputedStyle(image).backgroundImage),
      /conic-gradient/,
    );
    await small.close();
  });

  test('predictions are a list with bars and percentages; another checkpoint changes them', async () => {
    const view = await open();
    const { page } = view;
    const items = page.getByRole('listitem');
    assert.deepEqual(await items.locator('.prediction').allInnerTexts(), [
      'glass\n81.3%',
      'metal\n15.0%',
      'paper\n3.8%',
    ]);
    assert.equal(
      await items
        .first()
        .locator('.bar-fill')
        .evaluate((bar: HTMLElement) => bar.style.width),
      '81.25%',
    );
    await page.getByText('By trashnet-lora, step 92').waitFor();
    await page.getByRole('button', { name: 'Change checkpoint…' }).click();
    assert.deepEqual(await view.posted(), [{ type: 'chooseCheckpoint' }]);
    await view.send({
      type: 'patch',
      state: { checkpoint: { path: '/r/184', run: 'trashnet-full', step: 1184 }, verdict: { kind: 'classifying' } },
    });
    await page.getByRole('progressbar', { name: 'Classifying…' }).waitFor();
    assert.equal(await items.count(), 0);
    await view.send({
      type: 'patch',
      state: { verdict: { kind: 'predictions', predictions: [{ label: 'metal', probability: 0.99 }] } },
    });
    await page.getByText('By trashnet-full, step 1,184').waitFor();
    assert.deepEqual(await items.locator('.prediction').allInnerTexts(), ['metal\n99.0%']);
    await view.close();
  });

  test('without a checkpoint it offers to choose or to train one', async () => {
    const view = await open({ checkpoint: null, verdict: { kind: 'noCheckpoint' } });
    await view.page.getByText('Choose Checkpoint…').click();
    await view.page.getByText('Train One', { exact: true }).click();
    assert.deepEqual(await view.posted(), [{ type: 'chooseCheckpoint' }, { type: 'train' }]);
    await view.close();
  });

  test('an error has its remedy and a second try', async () => {
    const view = await open({ verdict: { kind: 'error', error } });
    await view.page.getByRole('alert').getByText('Choose another one.').waitFor();
    await view.page.getByText('Try Again').click();
    await view.page.getByRole('button', { name: 'Show log' }).click();
    assert.deepEqual(await view.posted(), [{ type: 'classify' }, { type: 'openLog' }]);
    await view.close();
  });

  test('a format that the browser cannot show is reported and requests a preview; predictions stay', async () => {
    const view = await open({}, 'scan.tiff');
    const { page } = view;
    await page.getByText('The editor cannot show this kind of image.').waitFor();
    assert.deepEqual(await view.posted(), [{ type: 'imageFailed' }]);
    assert.equal(await page.getByRole('listitem').count(), 3);
    await view.send({
      type: 'patch',
      state: {
        image: { kind: 'none', error: { ...error, message: 'No preview can be made.', file: '/images/scan.tiff' } },
      },
    });
    await page.getByText('No preview can be made.').waitFor();
    await view.send({
      type: 'patch',
      state: { image: { kind: 'shown', src: `data:image/png;base64,${files['small.png']!.toString('base64')}` } },
    });
    await page.getByText('8 × 6 pixels').waitFor();
    assert.equal(await page.getByText('No preview can be made.').count(), 0);
    await view.close();
  });

  test('side by side or stacked: at 320 px the predictions are under the image, and nothing is cut off', async () => {
    for (const width of [320, 200]) {
      const view = await open({}, 'photo.jpg', { width });
      await view.page.getByText('1,200 × 800 pixels').waitFor();
      const [stage, verdict] = [
        (await view.page.locator('.stage').boundingBox())!,
        (await view.page.locator('.verdict').boundingBox())!,
      ];
      assert.ok(verdict.y >= stage.y + stage.height && stage.height > 100);
      assert.equal(await view.page.evaluate(() => document.documentElement.scrollWidth), width);
      await view.close();
    }
  });
});
