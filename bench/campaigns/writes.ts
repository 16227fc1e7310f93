/**
 * Kills at the n-th system call of checkpoint writing, by strace (Linux); each run then ends as one that was never
 * killed. `npm run campaign -- writes --count 60`
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from './limits.js';
import { differences, stateOf, train, writeConfig, writeImages } from './killedRun.js';

const calls = 'openat,write,pwrite64,writev,fsync,fdatasync,mkdir,rename,renameat2,unlink,rmdir';
/** One thread makes all calls, so that they can be counted. */
const env = { UV_THREADPOOL_SIZE: '1' };

/** The numbers of the calls of the writing thread that touch checkpoints or pointers, from a log of strace. */
function numbersOf(log: string, run: string): { number: number; call: string }[] {
  const threads = new Map<string, { number: number; call: string }[]>();
  for (const line of log.split('\n')) {
    const [, thread, call] = /^(\d+) +((?:\w+)\(.*)/.exec(line) ?? [];
    if (thread && call) {
      const own = threads.get(thread) ?? [];
      own.push({ number: own.length + 1, call });
      threads.set(thread, own);
    }
  }
  const isOurs = ({ call }: { call: string }): boolean =>
    call.includes(`${run}/checkpoints`) || /\/(\.unfinished-)?(last|best)\b/.test(call);
  return [...threads.values()].map((own) => own.filter(isOurs)).reduce((a, b) => (b.length > a.length ? b : a), []);
}

/** Returns whether every run ended as an undisturbed one. */
export async function writes({ count, until }: Limits): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vitune-writes-'));
  await writeImages(folder);
  const config = writeConfig(folder, 'lora');
  const cache = join(folder, 'cache');
  const whole = join(folder, 'whole');
  const first = await train(config, whole, { cache });
  if (first.code !== 0) throw new Error(first.text);
  const expected = stateOf(whole);

  const run = join(folder, 'run');
  const log = join(folder, 'strace.log');
  const strace = (...more: string[]): string[] => ['strace', '-f', '-qq', '-y', '-s', '200', '-o', log, ...more];
  await train(config, run, { cache, env, under: strace('-e', `trace=${calls}`) });
  const all = numbersOf(readFileSync(log, 'utf8'), run);
  console.log(`${all.length} system calls write the run's checkpoints and pointers`);
  // In an order that jumps about: a campaign that is cut short has seen all parts of the run.
  const tries = Math.min(count, all.length);
  const chosen = Array.from({ length: tries }, (_, i) => all[Math.floor((((i * 37) % tries) * all.length) / tries)]!);

  let [tried, killed, wrong] = [0, 0, 0];
  const kinds = new Map<string, number>();
  for (const { number, call } of chosen) {
    if (Date.now() >= until) break;
    tried++;
    rmSync(run, { recursive: true, force: true });
    const inject = strace('-e', `trace=${calls}`, '-e', `inject=${calls}:signal=SIGKILL:when=${number}`);
    const broken = await train(config, run, { cache, env, under: inject });
    const died = broken.code !== 0;
    if (died) {
      killed++;
      const kind = call.slice(0, call.indexOf('('));
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    const ended = died ? await train(config, run, { cache }) : broken;
    const over = ended.code === 0 || /NOTHING_TO_RESUME|RUN_FINISHED/.test(ended.text);
    const different = over ? differences(expected, stateOf(run)) : [ended.text.trim().split('\n').at(-1)!];
    if (different.length === 0) continue;
    wrong++;
    console.log(`WRONG after ${call.slice(0, 160)}: ${different.join(', ')}`);
  }
  console.log(`  at ${[...kinds].map(([kind, times]) => `${kind} ${times}`).join(', ')}`);
  console.log(`${killed} kills in ${tried} tries at system calls: ${wrong} runs ended otherwise than undisturbed`);
  if (wrong === 0) rmSync(folder, { recursive: true, force: true });
  return wrong === 0;
}
