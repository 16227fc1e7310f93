/**
 * Measures the image grid of a dataset of a million images in a real editor: how long it takes to open once the dataset
 * is listed, and the longest frame while it is scrolled by wheel, by keys and by its scroll bar, sorted and filtered.
 * `node --import tsx test/vscode/measureGrid.ts [images]`.
 */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CDPSession, Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { startEditor } from './harness/startEditor.js';
import { makeLargeDataset } from './largeDataset.js';

const images = Number(process.argv[2] ?? 1_000_000);
/** Of a dataset that tells how much of the time is the editor's own. */
const few = 1000;
/**
 * Runs in the window: milliseconds from the tab of the grid of this name to its first tiles, and to its first
 * thumbnails.
 */
const openingTime = (name: string): string => `new Promise((resolve) => {
  const framesOf = (frame) => Array.from(frame, (_, i) => frame[i]).flatMap((each) => [each, ...framesOf(each)]);
  const gridFrame = () => framesOf(window).find((each) => each.document.body?.dataset.view === 'imageGrid');
  let tab, tiles;
  const look = () => {
    if (tab === undefined && [...document.querySelectorAll('.tab')].some((each) => each.textContent.includes('${name}')))
      tab = performance.now();
    const grid = gridFrame();
    if (tab !== undefined && tiles === undefined && grid?.document.querySelector('.tile .name')?.textContent)
      tiles = performance.now();
    if (tiles !== undefined && grid.document.querySelector('.tile img')?.naturalWidth > 0)
      return resolve({ tiles: tiles - tab, thumbnails: performance.now() - tab });
    requestAnimationFrame(look);
  };
  look();
})`;

/** Runs in the grid: notes the time from each frame to the next, and tasks that blocked it for 50 ms or more. */
const startWatching = `(() => {
  const watch = (window.watch = { frames: [], tasks: [], isOver: false });
  let before = performance.now();
  const note = (now) => {
    watch.frames.push(now - before);
    before = now;
    if (!watch.isOver) requestAnimationFrame(note);
  };
  requestAnimationFrame((now) => { before = now; requestAnimationFrame(note); });
  watch.observer = new PerformanceObserver((list) => watch.tasks.push(...list.getEntries().map((each) => each.duration)));
  watch.observer.observe({ type: 'longtask' });
})()`;

interface Watched {
  frames: number[];
  tasks: number[];
}

/** A task of a thread in the browser's trace: `tdur` is the processor time that it took, in microseconds. */
interface TraceEvent {
  name: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
}

/**
 * The longest tasks of the threads that run pages in processor time, in milliseconds: what a frame costs whatever else the
 * machine is doing.
 */
async function longestTasks(browser: CDPSession, work: () => Promise<unknown>): Promise<number[]> {
  const pages = new Set<string>();
  const found: { thread: string; time: number }[] = [];
  const note = ({ name, pid, tid, tdur, args }: TraceEvent): void => {
    const thread = `${pid} ${tid}`;
    if (name === 'thread_name' && args.name === 'CrRendererMain') pages.add(thread);
    if (/RunTask$/.test(name) && tdur !== undefined) found.push({ thread, time: tdur / 1000 });
  };
  const collect = ({ value }: { value: unknown }) => (value as TraceEvent[]).forEach(note);
  browser.on('Tracing.dataCollected', collect);
  const done = new Promise((resolve) => browser.once('Tracing.tracingComplete', resolve));
  const categories = 'toplevel,disabled-by-default-lighthouse';
  await browser.send('Tracing.start', { categories, transferMode: 'ReportEvents' });
  await work();
  await browser.send('Tracing.end');
  await done;
  browser.off('Tracing.dataCollected', collect);
  const times = found.filter(({ thread }) => pages.has(thread)).map(({ time }) => time);
  return times.sort((a, b) => b - a);
}

const stopWatching = `(() => { window.watch.isOver = true; window.watch.observer.disconnect(); return { frames: window.watch.frames, tasks: window.watch.tasks }; })()`;

async function watched(browser: CDPSession, grid: Frame, what: string, work: () => Promise<unknown>): Promise<void> {
  await grid.evaluate(startWatching);
  const longest = await longestTasks(browser, work);
  const { frames, tasks } = await grid.evaluate<Watched>(stopWatching);
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(0);
  console.log(
    `${what}: ${frames.length} frames, median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, longest ${at(1)} ms; ` +
      `${tasks.length} tasks of 50 ms or more; longest in processor time ` +
      `${longest
        .slice(0, 5)
        .map((each) => each.toFixed(0))
        .join(', ')} ms; load ${loadavg()[0]!.toFixed(1)}`,
  );
}

const parent = realpathSync(mkdtempSync(join(tmpdir(), 'vitune-grid-')));
const workspace = join(parent, 'workspace');
mkdirSync(workspace);
console.log(`making ${images} files…`);
await makeLargeDataset(join(parent, 'few'), few);
await makeLargeDataset(join(parent, 'million'), images);
const editor = await startEditor({ workspace, size: { width: 1400, height: 900 } });
try {
  const { page } = editor;
  const browser = await page.context().browser()!.newBrowserCDPSession();
  await editor.openContainer('ViTune');
  const open = async (name: string): Promise<void> => {
    await editor.command('ViTune: Show Images');
    await editor.pick('Choose a Folder…');
    const opening = page.evaluate<{ tiles: number; thumbnails: number }>(openingTime(name));
    const before = performance.now();
    await editor.answer(join(parent, name), 'Choose a folder');
    const { tiles, thumbnails } = await opening;
    const all = ((performance.now() - before) / 1000).toFixed(1);
    console.log(
      `${name}: opened in ${(tiles / 1000).toFixed(2)} s (thumbnails ${(thumbnails / 1000).toFixed(2)} s) after the ` +
        `listing; ${all} s with it; load ${loadavg()[0]!.toFixed(1)}`,
    );
  };
  await open('few');
  await editor.command('View: Close All Editors');
  await open('million');
  const grid = await editor.webview('imageGrid');
  const counts = grid.locator('.counts');
  await until('the inspection to be cancelled', async () => {
    const cancel = editor.notification('Checking the images').getByText('Cancel', { exact: true }).first();
    if (!(await cancel.isVisible())) return (await editor.row('million').filter({ hasText: 'stopped' }).count()) > 0;
    await cancel.click();
    return false;
  });
  await grid.locator('.grid').hover();
  await watched(browser, grid, 'wheel', async () => {
    for (let i = 0; i < 150; i++) {
      await page.mouse.wheel(0, i % 30 < 20 ? 240 : 900);
      await page.waitForTimeout(20);
    }
  });
  await grid.locator('.grid').focus();
  await watched(browser, grid, 'keys', async () => {
    for (let i = 0; i < 100; i++) await page.keyboard.press(i % 2 ? 'PageDown' : 'ArrowDown');
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
  });
  await watched(browser, grid, 'scroll bar', async () => {
    for (let i = 0; i < 100; i++) {
      await grid
        .locator('.grid')
        .evaluate((element, share) => element.scrollTo(0, share * element.scrollHeight), i / 100);
      await page.waitForTimeout(20);
    }
  });
  await watched(browser, grid, 'select all', async () => {
    await page.keyboard.press('Control+A');
    await counts.filter({ hasText: 'selected' }).waitFor();
  });
  await page.keyboard.press('Escape');
  await watched(browser, grid, 'filter by a name', async () => {
    await grid.locator('vscode-text-field[data-field="text"] input').fill('99');
    await counts.filter({ hasText: ' of ' }).waitFor();
  });
  console.log(`found: ${await counts.textContent()}`);
  await grid.getByText('Clear Filters').click();
  const started = performance.now();
  await grid.locator('vscode-dropdown[data-field="sort"]').click();
  await grid.locator('vscode-option[value="size"]').locator('visible=true').first().click();
  await grid.locator('.columns-progress').locator('visible=true').waitFor();
  await grid.locator('.columns-progress').waitFor({ state: 'hidden' });
  console.log(`sorted by the size of the files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
} finally {
  await editor.close();
  if (existsSync(parent)) rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
