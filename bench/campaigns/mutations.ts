/**
 * Damaged inputs for every reader: none may crash the process, hang for 10 seconds, or throw anything but a UserError.
 * `npm run campaign -- mutations --count 1000000 [--seed 1]`
 */
import { fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from './limits.js';
import type { Report } from './mutationWorker.js';
import { makeWhole } from './readers.js';

const longest = 10_000;

/** Returns whether there was no fault. */
export async function mutations({ count, seed, until }: Limits): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vitune-mutations-'));
  const whole = join(folder, 'whole');
  mkdirSync(whole);
  await makeWhole(whole);
  const totals = new Map<string, { read: number; refused: number }>();
  const faults = new Map<string, number>();
  let [next, crashes, hangs] = [0, 0, 0];
  const began = Date.now();

  const take = (report: Report): void => {
    if (report.type === 'fault') {
      // The same line of code is one fault, however many inputs reach it.
      const [message, place = ''] = report.stack
        .split('\n')
        .filter((_, i, all) => i === 0 || /^\s+at .*src/.test(all[i]!));
      const key = `${report.reader}: ${message!.slice(0, 200)} ${place.trim()}`;
      if (!faults.has(key))
        console.log(`FAULT ${report.index} ${report.stack}\n  input: ${folder}/fault-${report.index}`);
      faults.set(key, (faults.get(key) ?? 0) + 1);
      return;
    }
    next = report.next;
    for (const [name, { read, refused }] of Object.entries(report.counts)) {
      const total = totals.get(name) ?? { read: 0, refused: 0 };
      totals.set(name, { read: total.read + read, refused: total.refused + refused });
    }
  };

  while (next < count && Date.now() < until) {
    const from = next;
    const worker = fork(
      join(import.meta.dirname, 'mutationWorker.ts'),
      [whole, join(folder, 'work'), String(seed), String(next), String(count)],
      { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
    );
    let heard = Date.now() + 60_000;
    let hung = false;
    const watch = setInterval(() => {
      if (Date.now() >= until) worker.kill('SIGTERM');
      if (Date.now() - heard < longest) return;
      hung = true;
      worker.kill('SIGKILL');
    }, 500);
    let shown = Date.now();
    worker.on('message', (report: Report) => {
      heard = Date.now();
      take(report);
      if (Date.now() - shown < 30_000) return;
      shown = Date.now();
      console.log(
        `${next} of ${count}, ${((1000 * next) / (Date.now() - began)).toFixed(0)} a second, ${faults.size} faults`,
      );
    });
    const ending = await new Promise<string>((resolve) =>
      worker.once('exit', (code, signal) => resolve(String(signal ?? code))),
    );
    clearInterval(watch);
    if (ending === '0' || ending === 'SIGTERM') break;
    if (hung) hangs++;
    else crashes++;
    console.log(`${hung ? 'HANG' : `CRASH (${ending})`} between input ${next} and the next tick`);
    // Those since the last tick are skipped: one of them ended the process.
    next = Math.max(next, from) + 50;
  }
  const rows = [...totals].sort(([a], [b]) => a.localeCompare(b));
  for (const [name, { read, refused }] of rows)
    console.log(`  ${name}: ${read + refused} inputs, ${read} read, ${refused} refused by name`);
  const done =
    rows.reduce((sum, [, { read, refused }]) => sum + read + refused, 0) +
    [...faults.values()].reduce((a, b) => a + b, 0);
  for (const [key, times] of faults) console.log(`  ${times} × ${key}`);
  console.log(`${done} inputs: ${crashes} crashes, ${hangs} hangs over 10 s, ${faults.size} kinds of fault`);
  const clean = crashes + hangs + faults.size === 0;
  if (clean) rmSync(folder, { recursive: true, force: true });
  return clean;
}
