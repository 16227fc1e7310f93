/** Every view in every kind of theme: no violation that axe finds, and no variable of the theme without a fallback. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Browser } from 'playwright-core';
import { root } from '../../scripts/ensure-installed.mjs';
import type { ViewName } from '../../src/webview/protocol.js';
import { mapState } from './mapStates.js';
import { gridState } from './imageLists.js';
import { dashboardState, plan, recordedRun, runSummary, trainPanelState } from './recordedRun.js';
import { imageState, reportState, runsState } from './reports.js';
import type { ThemeName } from './themes.js';
import { browserLacks, launchBrowser, ViewPage } from './viewPage.js';

const lacks = browserLacks();
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const themes: ThemeName[] = ['dark', 'light', 'highContrast', 'highContrastLight'];
const error = { code: 'X', message: 'The folder cannot be read.', remedy: 'Choose another.', file: '/images' };
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const image = {
  file: { path: '/images/a.png', name: 'a.png', size: 68 },
  image: { kind: 'shown', src: pixel },
  checkpoint: { path: '/r/1', run: 'first', step: 1 },
  verdict: { kind: 'predictions', predictions: [{ label: 'cat', probability: 0.9 }] },
  why: { kind: 'hidden' },
};
const comparison = {
  folder: '/images/runs/compare',
  name: 'animals',
  comparison: {
    format: 1,
    dataset: '/images/animals',
    settings: [],
    methods: ['head', 'lora', 'full'],
    rows: [
      { method: 'head', run: '/r/head', trainableParameters: 10, peakMemoryBytes: 1e8, seconds: 3, accuracy: 0.8 },
      { method: 'lora', run: '/r/lora', error },
    ],
  },
  work: { method: 'full', phase: null, done: 1, total: 9, stopping: false },
};

const states: [name: string, view: ViewName, state: unknown, width: number][] = [
  ['the training panel', 'trainPanel', trainPanelState({ runs: [runSummary()], error, notice: { message: 'On the CPU.' } }), 320],
  ['the training panel with advice', 'trainPanel', trainPanelState({ plan }), 240],
  ['the training panel with an ended run', 'trainPanel', trainPanelState({ runs: [runSummary({ status: 'failed', resumable: true })] }), 240],
  ['the dashboard', 'dashboard', dashboardState(recordedRun({ steps: 200, epochs: 4 }), { status: 'finished' }), 900],
  ['the dashboard of a run whose data changed', 'dashboard', dashboardState(recordedRun({ steps: 200, epochs: 4 }), { status: 'finished', isTrained: true, again: { folder: '/r/first', name: 'first' }, changed: '7 labels changed' }), 900],
  ['the dashboard of a run that begins', 'dashboard', dashboardState([], { status: 'starting', checkpoints: [] }), 900],
  ['the comparison', 'comparison', comparison, 900],
  ['the image editor', 'imageEditor', image, 900],
  ['the image editor without a checkpoint', 'imageEditor', { ...image, checkpoint: null, verdict: { kind: 'noCheckpoint' } }, 500],
  ['the image grid', 'imageGrid', gridState(40, { query: { sort: { column: 'loss', descending: true } } }), 900],
  ['a narrow image grid', 'imageGrid', gridState(), 340],
  ['a map of a dataset', 'datasetMap', mapState(), 900],
  ['a narrow map of a dataset', 'datasetMap', mapState(), 340],
  ['an image grid without images', 'imageGrid', gridState(0), 900],
  ['a report', 'report', reportState(), 900],
  ['a report of two runs', 'report', runsState(), 900],
  ['a report of images', 'report', imageState(['/a.jpg', '/b.jpg']), 900],
]; // prettier-ignore

describe('accessibility', { skip: lacks ?? false }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser.close());

  for (const [name, view, state, width] of states) {
    for (const theme of themes) {
      test(`${name}, ${theme}`, async () => {
        const opened = await ViewPage.open(browser, view, state, { theme, width });
        await opened.page.evaluate(axe);
        const { violations } = await opened.page.evaluate(() =>
          (window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({
            resultTypes: ['violations'],
          }),
        );
        assert.deepEqual(
          violations.map(({ id, nodes }) => [
            id,
            ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
          ]),
          [],
        );
        await opened.close();
      });
    }
  }

  test('each series of a chart is seen on the background of each theme, distinguished by more than its colour', async () => {
    for (const theme of themes) {
      const opened = await ViewPage.open(browser, 'dashboard', dashboardState(recordedRun({ steps: 200, epochs: 4 })), {
        theme,
        width: 900,
      });
      const swatches = await opened.page.locator('.swatch').evaluateAll((canvases) =>
        (canvases as HTMLCanvasElement[]).map((canvas) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((_, index) => index % 4 === 3 && data[index]! > 60).length;
        }),
      );
      assert.equal(swatches.length, 5, theme);
      assert.ok(
        swatches.every((points) => points > 20),
        `${theme}: ${swatches.join()}`,
      );
      const shapes = await opened.page
        .locator('.swatch')
        .evaluateAll((canvases) => (canvases as HTMLCanvasElement[]).slice(0, 3).map((canvas) => canvas.toDataURL()));
      assert.equal(new Set(shapes).size, 3, theme);
      await opened.close();
    }
  });
});

test('no style sheet reads a variable of the theme without a fallback', () => {
  const folder = join(root, 'src', 'webview');
  const sheets = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.css'));
  for (const sheet of sheets)
    assert.deepEqual(readFileSync(join(folder, sheet), 'utf8').match(/var\(\s*--vscode-[\w-]+\s*\)/g) ?? [], [], sheet);
});
