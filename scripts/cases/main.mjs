/**
 * Runs small inputs that once went wrong and prints observed against expected: `npm run cases [-- FOLDER [NAME...]]`.
 * FOLDER holds one folder per case (see readCase.mjs); by default `../shared/cases` next to the checkout. Exit code 1
 * if any case differs.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from '../build.mjs';
import { root } from '../ensure-installed.mjs';
import { checkOf, copyOf } from './checks.mjs';
import { readCase } from './readCase.mjs';

const [given = join(root, '..', 'shared', 'cases'), ...only] = process.argv.slice(2);
const folder = resolve(given);
if (!existsSync(folder)) throw new Error(`There is no folder ${folder}. Name one: npm run cases -- FOLDER`);
// A build of its own: another command may build at the same time.
const built = join(root, 'build', `cases-${process.pid}`);
await build({ folder: built });
process.env.VITUNE_CASES_PROGRAM = join(built, 'trainer', 'cli.mjs');
const work = mkdtempSync(join(tmpdir(), 'vitune-cases-'));
process.env.VITUNE_CACHE ??= join(work, 'cache');
let [passed, differing, skipped] = [0, 0, 0];
try {
  // All of them, since a case may use the images of another.
  copyOf(folder, join(work, 'cases'));
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(folder, entry.name, 'README.md')))
    .map((entry) => entry.name)
    .filter((name) => only.length === 0 || only.includes(name));
  for (const name of names) {
    const c = readCase(join(work, 'cases', name));
    const check = checkOf(c);
    const results = check
      ? await check(c)
      : [{ what: 'README.md', expected: 'commands of a known kind', observed: 'none', ok: false }];
    for (const { what, expected, observed, ok, skipped: isSkipped } of results) {
      console.log(`${isSkipped ? 'skip' : ok ? 'ok  ' : 'DIFF'} ${name}: ${what}`);
      console.log(`       expected ${expected}\n       observed ${observed}`);
    }
    if (results.every(({ skipped: isSkipped }) => isSkipped)) skipped++;
    else if (results.every(({ ok }) => ok)) passed++;
    else differing++;
  }
} finally {
  for (const path of [work, built]) rmSync(path, { recursive: true, force: true });
}
console.log(`\n${passed} as expected, ${differing} differ, ${skipped} skipped`);
if (differing > 0) process.exitCode = 1;
