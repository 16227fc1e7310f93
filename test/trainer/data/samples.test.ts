/** Images and paths in compact tables: what was put in comes out, whatever the names. */
import assert from 'node:assert/strict';
import { join, sep } from 'node:path';
import { test } from 'node:test';
import { PathTable } from '../../../src/trainer/data/pathTable.js';
import type { Sample } from '../../../src/trainer/data/sample.js';
import { Samples } from '../../../src/trainer/data/samples.js';
import { Random } from '../../../src/trainer/core/random.js';

test('paths are returned as they were added: alternating folders, long and odd names, through all growth', () => {
  const random = new Random(1, 'paths');
  const pieces = ['a', '\u0000', 'ş', '漢', '🦊', '\ud83e', '\udd8a', 'e\u0301', ' ', '\ufffd', '.', 'x'.repeat(300)];
  const piece = () => Array.from({ length: random.below(6) }, () => pieces[random.below(pieces.length)]!).join('');
  const folders = [sep, join(sep, 'a'), join(sep, 'a', 'b c'), join(sep, 'ünï 漢字'), '', join('a', 'b')];
  const paths = Array.from({ length: 5000 }, () => `${folders[random.below(folders.length)]!}${sep}${piece()}`).concat(
    'no folder',
    '',
  );
  const table = new PathTable();
  for (const path of paths) table.push(path);
  assert.equal(table.length, paths.length);
  assert.deepEqual([...table], paths);
  for (const row of [5001, 0, 2500]) assert.equal(table.at(row), paths[row]);
});

test('samples keep their labels, equal or not, and so does a part of them', () => {
  const all = Array.from({ length: 300 }, (_, i): Sample => {
    const path = join(sep, 'photos', String(i % 3), `${i}.jpg`);
    return i % 2 ? { path, label: i % 5 } : { path, label: -1, targets: i % 4 ? [i % 7, 9] : [] };
  });
  const samples = Samples.of(all);
  assert.deepEqual([...samples], all);
  assert.deepEqual(samples.at(7), all[7]);
  assert.deepEqual([samples.pathAt(8), samples.labelsAt(8)], [all[8]!.path, { label: -1, targets: [] }]);
  const kept = (row: number) => row % 3 === 1;
  assert.deepEqual(
    [...samples.filter(kept)],
    all.filter((_, row) => kept(row)),
  );
  assert.equal(samples.filter(() => false).length, 0);
});
