/**
 * Measures the dashboard of a run of 100,000 steps and 500 classes in a real editor: the time from the click to the
 * whole dashboard, and the memory that it takes. A run of 100 steps and 6 classes tells how much of it is the editor's
 * own. `node --import tsx test/vscode/measureDashboard.ts [rounds]`.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CDPSession } from 'playwright-core';
import { recordedRun, type RunShape } from '../webview/recordedRun.js';
import type { Editor } from './harness/editor.js';
import { startEditor } from './harness/startEditor.js';

const runs: Record<string, RunShape> = {
  large: { steps: 100_000, epochs: 20, labels: Array.from({ length: 500 }, (_, index) => `class ${index}`) },
  small: { steps: 100, epochs: 20 },
};

/** A field of an event of the browser's trace. */
interface TraceEvent {
  name: string;
  pid: number;
  args: { data?: { jsHeapSizeUsed?: number }; usedHeapSizeBefore?: number };
}

function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vitune-dashboard-')));
  for (const [name, shape] of Object.entries(runs)) {
    const run = join(folder, 'runs', name);
    const last = String(shape.steps);
    mkdirSync(join(run, 'checkpoints', last), { recursive: true });
    const about = { name, config: join(folder, 'gone.vitune.json'), createdAt: 1 };
    writeFileSync(join(run, 'run.json'), JSON.stringify(about));
    const events = recordedRun(shape).map((event) => `${JSON.stringify(event)}\n`);
    writeFileSync(join(run, 'events.jsonl'), events.join(''));
    for (const pointer of ['best', 'last']) writeFileSync(join(run, pointer), last);
  }
  return folder;
}

/** Resident memory of the editor's extension host, in bytes; undefined where the system does not tell. */
function extensionHostMemory(editor: Editor): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const home = dirname(editor.launched.log);
  for (const pid of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      const isHost = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=extensionHost');
      if (!isHost || !readFileSync(`/proc/${pid}/environ`, 'utf8').includes(home)) continue;
      return Number(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
    } catch {
      // It ended meanwhile, or is another user's.
    }
  }
  return undefined;
}

/**
 * Runs in the window, whose frames code-server serves from its own address. Resolves with the milliseconds from the
 * next click until the dashboard has drawn its three curves and its matrix.
 */
function timeToDraw(): Promise<number> {
  const framesOf = (frame: Window): Window[] =>
    Array.from(frame, (_, index) => frame[index]!).flatMap((each) => [each, ...framesOf(each)]);
  const isWhole = ({ document }: Window) =>
    document.body?.dataset.view === 'dashboard' &&
    document.querySelectorAll('.chart .u-wrap canvas').length === 3 &&
    document.querySelector<HTMLCanvasElement>('.matrix canvas')!.height > 150;
  return new Promise((resolve) => {
    const clicked = (): void => {
      const before = performance.now();
      const look = (): unknown =>
        framesOf(window).some(isWhole)
          ? // In the next frame what was drawn is on the screen.
            requestAnimationFrame(() => resolve(performance.now() - before))
          : requestAnimationFrame(look);
      look();
    };
    window.addEventListener('mousedown', clicked, { capture: true, once: true });
  });
}

async function open(editor: Editor, name: string): Promise<number> {
  // tsx names functions by a helper that the window lacks.
  const time = editor.page.evaluate<number>(`globalThis.__name ??= (it) => it; (${timeToDraw.toString()})()`);
  await editor.row(name).click();
  return time;
}

async function close(editor: Editor): Promise<void> {
  await editor.command('View: Close All Editors');
  await editor.page.locator('.tab').waitFor({ state: 'detached' });
}

/** The most that JavaScript's heap held in a process of the browser while `work` was done, in bytes, by process. */
async function heapPeaks(browser: CDPSession, work: () => Promise<unknown>): Promise<number[]> {
  const peaks = new Map<number, number>();
  const note = ({ pid, args }: TraceEvent): void => {
    const held = args.data?.jsHeapSizeUsed ?? args.usedHeapSizeBefore;
    if (held !== undefined) peaks.set(pid, Math.max(held, peaks.get(pid) ?? 0));
  };
  browser.on('Tracing.dataCollected', ({ value }) => (value as unknown as TraceEvent[]).forEach(note));
  const done = new Promise((resolve) => browser.once('Tracing.tracingComplete', resolve));
  const categories = 'devtools.timeline,disabled-by-default-devtools.timeline';
  await browser.send('Tracing.start', { categories, transferMode: 'ReportEvents' });
  await work();
  await browser.send('Tracing.end');
  await done;
  return [...peaks.values()];
}

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? '?' : `${(bytes / 1e6).toFixed(0)} MB`);

const rounds = Number(process.argv[2] ?? 3);
const workspace = makeFolder();
const editor = await startEditor({ workspace });
try {
  const browser = await editor.page.context().browser()!.newBrowserCDPSession();
  const page = await editor.page.context().newCDPSession(editor.page);
  await editor.openContainer('ViTune');
  for (const name of Object.keys(runs)) await editor.row(name).filter({ hasText: 'finished' }).waitFor();
  console.log(`extension host with all runs read: ${megabytes(extensionHostMemory(editor))}`);
  // The first page of a window waits for the editor's own frames and service worker.
  console.log(`the window's first page, small: ${((await open(editor, 'small')) / 1000).toFixed(2)} s`);
  await close(editor);
  for (let round = 1; round <= rounds; round++) {
    for (const name of Object.keys(runs)) {
      const time = await open(editor, name);
      const host = megabytes(extensionHostMemory(editor));
      await close(editor);
      await page.send('HeapProfiler.collectGarbage');
      const { usedSize } = await page.send('Runtime.getHeapUsage');
      const peak = Math.max(...(await heapPeaks(browser, () => open(editor, name)))) - usedSize;
      await close(editor);
      const load = loadavg()[0]!.toFixed(1);
      console.log(
        `${name}: ${(time / 1000).toFixed(2)} s, ${megabytes(peak)} above ${megabytes(usedSize)} of the window; ` +
          `extension host ${host}; load ${load}`,
      );
    }
  }
} finally {
  await editor.close();
  rmSync(workspace, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
