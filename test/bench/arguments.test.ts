/** The arguments of the benchmarks: read by the kind of their default, or refused with the usage. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { readArguments, repeated, requireKnown } from '../../bench/arguments.mjs';

const options = { models: ['ti', 's'], rounds: 2, page: '', dry: false };
const read = (...args: string[]) => readArguments('node bench/x.mjs', options, 'FOLDER...', args);

test('defaults, and values of the kind of their default', () => {
  assert.deepEqual(read('photos'), { values: options, positionals: ['photos'] });
  assert.deepEqual(read('a', 'b', '--models', 'b', '--rounds', '0.5', '--page', 'x.md', '--dry'), {
    values: { models: ['b'], rounds: 0.5, page: 'x.md', dry: true },
    positionals: ['a', 'b'],
  });
  assert.deepEqual(readArguments('x', { rounds: 2 }, undefined, []).values, { rounds: 2 });
});

test('what is wrong is named, with the usage', () => {
  const usage = /usage: node bench\/x\.mjs FOLDER\.\.\. \[--models ti,s\] \[--rounds 2\] \[--page VALUE\] \[--dry\]/;
  for (const [args, message] of [
    [['--rounds', '3'], /FOLDER\.\.\. is missing/],
    [['a', '--rounds', 'three'], /--rounds is not a number: three/],
    [['a', '--round', '3'], /--round/],
  ] as const)
    assert.throws(
      () => read(...args),
      (error: Error) => message.test(error.message) && usage.test(error.message),
    );
  assert.throws(() => readArguments('x', { rounds: 2 }, undefined, ['photos']), /photos/);
});

test('an option given several times, a number without a default, and operands that may be missing', () => {
  const given = (...args: string[]) =>
    readArguments('x', { set: repeated('KEY=VALUE'), count: NaN, minutes: Infinity }, '[PART...]', args);
  assert.deepEqual(given(), { values: { set: [], count: NaN, minutes: Infinity }, positionals: [] });
  assert.deepEqual(given('--set', 'a=1,2', '--set', 'b=3', '--count', '5').values, {
    set: ['a=1,2', 'b=3'],
    count: 5,
    minutes: Infinity,
  });
  assert.throws(() => given('--minutes', ''), /usage: x \[PART\.\.\.\] \[--set KEY=VALUE\]\.\.\. \[--count N\]/);
});

test('a name that is not known is refused with those that are', () => {
  requireKnown(['head'], { head: 1, lora: 2 });
  assert.throws(() => requireKnown(['heads'], { head: 1, lora: 2 }), /heads is not one of head, lora/);
});

test('--help prints the usage and ends', () => {
  const done = spawnSync(process.execPath, ['bench/gpu/pack.mjs', '--help'], { encoding: 'utf8' });
  assert.equal(done.stdout, 'usage: node bench/gpu/pack.mjs MODEL_FOLDER...\n');
  assert.equal(done.status, 0);
});
