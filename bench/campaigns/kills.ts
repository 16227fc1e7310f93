/**
 * Kills at random moments of a training, up to four a run; each run then ends as one that was never killed.
 * `npm run campaign -- kills --count 500 [--seed 1]`
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { differences, type MethodName, methods, stateOf, train, writeConfig, writeImages } from './killedRun.js';
import type { Limits } from './limits.js';
import { Choice } from './random.js';

const killsPerRun = 4;

interface Whole {
  config: string;
  lines: number;
  milliseconds: number;
  state: Map<string, string>;
}

/** Returns whether every run ended as an undisturbed one. */
export async function kills({ count, seed, until }: Limits): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'vitune-kills-'));
  await writeImages(folder);
  const names = Object.keys(methods) as MethodName[];
  const wholes = new Map<MethodName, Whole>();
  for (const name of names) {
    const config = writeConfig(folder, name);
    const [run, began] = [join(folder, `whole-${name}`), Date.now()];
    const { code, lines, text } = await train(config, run, { cache: join(folder, 'cache') });
    if (code !== 0) throw new Error(text);
    wholes.set(name, { config, lines, milliseconds: Date.now() - began, state: stateOf(run) });
  }
  const counts = new Map(names.map((name) => [name, { kills: 0, runs: 0, wrong: 0 }]));
  let killed = 0;
  for (let number = 0; killed < count && Date.now() < until; number++) {
    const name = names[number % names.length]!;
    const whole = wholes.get(name)!;
    const choice = new Choice(seed, `kill ${number}`);
    const run = join(folder, 'run');
    // A cache of its own: features computed before a kill and after it.
    const cache = join(folder, 'run-cache');
    for (const path of [run, cache]) rmSync(path, { recursive: true, force: true });
    mkdirSync(cache);
    const own = counts.get(name)!;
    for (let round = 0; ; round++) {
      const last = round === killsPerRun || killed >= count;
      // Half by the clock, from the start of the process on; half shortly after some event, where the writing is.
      const byClock = choice.below(2) === 0;
      const [at, delay] = [1 + choice.below(whole.lines), choice.below(byClock ? whole.milliseconds : 25)];
      const ended = await train(whole.config, run, {
        cache,
        ...(!last && {
          onLine: (line, child) => {
            if (line === (byClock ? 1 : at)) void pause(delay).then(() => child.kill('SIGKILL'));
          },
        }),
      });
      if (ended.signal === 'SIGKILL') {
        killed++;
        own.kills++;
        continue;
      }
      // A kill that came too late, or was never due: the run is over, or, killed as it ended, has nothing to resume.
      const over = ended.code === 0 || /NOTHING_TO_RESUME|RUN_FINISHED/.test(ended.text);
      const wrong = over ? differences(whole.state, stateOf(run)) : [ended.text.trim().split('\n').at(-1)!];
      own.runs++;
      if (wrong.length > 0) {
        own.wrong++;
        console.log(`WRONG ${name}, run ${number} of seed ${seed}: ${wrong.join(', ')}`);
      }
      break;
    }
    if (number % 20 === 19) console.log(`${killed} of ${count} kills`);
  }
  for (const [name, own] of counts)
    console.log(`  ${name}: ${own.kills} kills in ${own.runs} runs, ${own.wrong} ended otherwise`);
  const wrong = [...counts.values()].reduce((sum, own) => sum + own.wrong, 0);
  console.log(`${killed} kills: ${wrong} runs ended otherwise than undisturbed`);
  if (wrong === 0) rmSync(folder, { recursive: true, force: true });
  return wrong === 0;
}
