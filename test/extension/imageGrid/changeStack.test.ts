/** Undo and redo of changes: their order, what a new change forgets, and work turned into what takes it back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeStack } from '../../../src/extension/imageGrid/changeStack.js';
import { inverseOf, noWork, sizeOf, workOf, type Work } from '../../../src/extension/imageGrid/work.js';

test('the last change is undone first; a new one forgets what was undone, and the oldest go', () => {
  const dropped: number[] = [];
  const stack = new ChangeStack<number>(({ work }) => dropped.push(work));
  const entry = (work: number) => ({ title: String(work), dataset: '/photos', work });
  for (let work = 0; work < 102; work++) stack.add(entry(work));
  assert.deepEqual(dropped, [0, 1]);
  const undone = stack.take('undo')!;
  assert.equal(undone.work, 101);
  stack.put('redo', entry(-101));
  assert.equal(stack.take('redo')!.work, -101);
  assert.equal(stack.take('redo'), undefined);
  stack.put('redo', entry(-101));
  stack.add(entry(200));
  assert.deepEqual(dropped, [0, 1, -101]);
  assert.deepEqual([stack.take('redo'), stack.take('undo')!.work, stack.take('undo')!.work], [undefined, 200, 100]);
});

test('what takes work back, taken back, is the work', () => {
  const work: Work = {
    moves: [
      { from: '/a/1', to: '/b/1' },
      { from: '/a/2', to: '/b/2' },
    ],
    trash: [{ path: '/a/3', copy: '/held/3' }],
    restore: [],
    cells: { file: '/labels.csv', changes: [{ path: '/a/4', column: 'label', before: 'cat', after: '"dog"' }] },
    exclude: { paths: ['/a/5'], isExcluded: true },
    prune: ['/a'],
  };
  assert.equal(sizeOf(work), 5);
  const back = inverseOf(work, ['/b']);
  assert.deepEqual(back.moves, [
    { from: '/b/2', to: '/a/2' },
    { from: '/b/1', to: '/a/1' },
  ]);
  assert.deepEqual([back.cells!.changes[0]!.before, back.cells!.changes[0]!.after], ['"dog"', 'cat']);
  assert.deepEqual([back.exclude!.isExcluded, back.prune, back.trash], [false, ['/b'], []]);
  assert.deepEqual(back.restore, work.trash);
  assert.deepEqual(inverseOf(back, ['/a']), work);
});

test('a plan without cells and excluded images is no work on text files', () => {
  const plan = { moves: [], cells: [], exclude: [], trash: ['/a'], emptied: ['/b'], images: 1, numbered: 0, left: [] };
  const work = workOf({ ...plan, endsDraw: false }, (path) => `/held${path}`);
  assert.deepEqual(work, { ...noWork, trash: [{ path: '/a', copy: '/held/a' }], prune: ['/b'] });
});
