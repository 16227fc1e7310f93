/**
 * Heads in closed form beside heads that take steps, on photo folders: accuracy and seconds of a run with kept features,
 * and of one more run after a class was added. Prints a table.
 *
 *     node bench/ridge.mjs FOLDER... [--seeds N]
 */
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { readArguments } from './arguments.mjs';
import { buildCli } from './bundle.mjs';
import { mean, percent, table } from './page.mjs';
import { train } from './training.mjs';

const { values, positionals } = readArguments('node bench/ridge.mjs', { seeds: 3 }, 'FOLDER...');
buildCli();
const work = mkdtempSync(join(tmpdir(), 'vitune-ridge-'));
const methods = [
  ['steps', { type: 'head' }],
  ['ridge, linear', { type: 'head', solver: 'ridge', projection: 0 }],
  ['ridge', { type: 'head', solver: 'ridge' }],
];
/** A run with features that are kept in a folder of this measurement. */
async function run(dataset, method, seed) {
  const env = { VITUNE_CACHE: join(work, 'cache') };
  const { accuracies, finished, events } = await train({ dataset, method, seed }, { env });
  const computed = events.filter(({ phase, done, total }) => phase === 'features' && done === total);
  return {
    accuracy: accuracies[0],
    seconds: finished.seconds,
    computed: computed.reduce((sum, { total }) => sum + total, 0),
  };
}

/** A copy of a class folder beside the others, without its smallest class, and what adds that class. */
function withoutOneClass(folder) {
  const classes = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
  const [added, ...others] = classes.sort(
    (a, b) => readdirSync(join(folder, a)).length - readdirSync(join(folder, b)).length,
  );
  const to = join(work, `added-${basename(folder)}`);
  for (const name of others) cpSync(join(folder, name), join(to, name), { recursive: true });
  return { to, add: () => cpSync(join(folder, added), join(to, added), { recursive: true }) };
}

try {
  const rows = [];
  for (const folder of positionals.map((each) => resolve(each))) {
    const seeds = Array.from({ length: values.seeds }, (_, i) => 42 + i);
    const found = new Map(methods.map(([name]) => [name, []]));
    for (const seed of seeds) {
      // The features of this split are kept from here on.
      await run(folder, methods[1][1], seed);
      for (const [name, method] of methods) found.get(name).push(await run(folder, method, seed));
    }
    for (const [name, all] of found) {
      const accuracies = all.map(({ accuracy }) => percent(accuracy)).join(', ');
      const average = percent(mean(all.map(({ accuracy }) => accuracy)));
      rows.push([basename(folder), name, average, accuracies, mean(all.map(({ seconds }) => seconds)).toFixed(1)]);
    }
    if (readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory()).length < 3) continue;
    const { to, add } = withoutOneClass(folder);
    await run(to, methods[2][1], seeds[0]);
    add();
    const { accuracy, seconds, computed } = await run(to, methods[2][1], seeds[0]);
    rows.push([basename(folder), `a class added: ${computed} images`, percent(accuracy), '', seconds.toFixed(1)]);
  }
  console.log(table(['photos', 'head', 'accuracy', 'by seed', 'seconds'], rows));
} finally {
  rmSync(work, { recursive: true, force: true });
}
