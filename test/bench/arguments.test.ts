/** The arguments of the benchmarks: read by the kind of their default, or refused with the usage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArguments } from '../../bench/arguments.mjs';

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
