/** Where tiles lie, and how a content of any height scrolls. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gap, layoutOf, narrowestTile, offsetToShow, rowsAt } from '../../../src/webview/imageGrid/layout.js';
import { Selection } from '../../../src/webview/imageGrid/selection.js';
import { VirtualScroll } from '../../../src/webview/imageGrid/virtualScroll.js';

test('as many tiles as fit lie side by side, and fill the width', () => {
  for (let width = 100; width < 2000; width += 7) {
    const { columns, tileWidth, rows, pitch, height } = layoutOf(width, 1000);
    assert.ok(columns * tileWidth + (columns - 1) * gap <= width);
    assert.ok(columns === 1 || tileWidth >= narrowestTile, String(width));
    assert.ok((columns + 1) * narrowestTile + columns * gap > width, String(width));
    assert.ok((rows - 1) * columns < 1000 && rows * columns >= 1000);
    assert.equal(height, rows * pitch);
  }
  assert.deepEqual([layoutOf(900, 0).rows, layoutOf(900, 1).rows], [0, 1]);
});

test('the rows that are seen, and the way to one that is not', () => {
  const layout = layoutOf(900, 1000);
  const { pitch, rows } = layout;
  assert.deepEqual(rowsAt(layout, 0, 2 * pitch), { first: 0, end: 2 });
  assert.deepEqual(rowsAt(layout, pitch / 2, 2 * pitch), { first: 0, end: 3 });
  assert.deepEqual(rowsAt(layout, layout.height - pitch, pitch), { first: rows - 1, end: rows });
  const viewport = 2.5 * pitch;
  assert.equal(offsetToShow(layout, 4, 4 * pitch, viewport), 4 * pitch);
  assert.equal(offsetToShow(layout, 3, 4 * pitch, viewport), 3 * pitch);
  assert.equal(offsetToShow(layout, 6, 4 * pitch, viewport), 4.5 * pitch);
  // A window lower than a row shows its top.
  assert.equal(offsetToShow(layout, 6, 0, pitch / 2), 6 * pitch);
});

test('a content within the limit scrolls as it is', () => {
  const scroll = new VirtualScroll(1000);
  assert.equal(scroll.resize(900, 100), 0);
  assert.equal(scroll.moved(333), undefined);
  assert.deepEqual([scroll.offset, scroll.height], [333, 900]);
  assert.equal(scroll.goTo(5000), 800);
});

/** A content of 100,000 in an element of 1,000. */
function higher(): VirtualScroll {
  const scroll = new VirtualScroll(1000);
  scroll.resize(100_000, 100);
  return scroll;
}

test('in a higher content small movements are as small, and large ones in proportion', () => {
  const scroll = higher();
  assert.equal(scroll.height, 1000);
  assert.equal(scroll.moved(40), undefined);
  assert.equal(scroll.offset, 40);
  assert.equal(scroll.settle(), 40);
  assert.equal(scroll.moved(450), undefined);
  assert.equal(scroll.offset, 49_950);
  assert.equal(scroll.moved(460), undefined);
  assert.equal(scroll.offset, 49_960);
  assert.equal(scroll.moved(900), undefined);
  assert.equal(scroll.offset, 99_900);
});

test('both ends are reached by small movements, and no image is passed over', () => {
  const scroll = higher();
  let top = scroll.goTo(99_000);
  let before = scroll.offset;
  let steps = 0;
  while (scroll.offset < 99_900 && steps++ < 1000) {
    top = Math.min(900, top + 30);
    top = scroll.moved(top) ?? top;
    assert.ok(scroll.offset - before <= 30, `from ${before} to ${scroll.offset}`);
    before = scroll.offset;
  }
  assert.equal(scroll.offset, 99_900);
  while (scroll.offset > 0 && steps++ < 10_000) {
    top = Math.max(0, top - 30);
    top = scroll.moved(top) ?? top;
    assert.ok(before - scroll.offset <= 30);
    before = scroll.offset;
  }
  assert.equal(scroll.offset, 0);
});

test('a selection counts, lists and keeps its images', () => {
  const selection = new Selection(21);
  const all = Uint32Array.from(Array(21).keys());
  for (const row of [0, 7, 8, 20, 20]) selection.set(row, true);
  selection.set(7, false);
  selection.set(6, false);
  assert.deepEqual([selection.size, [...selection.among(all)]], [3, [0, 8, 20]]);
  assert.deepEqual([...selection.among(Uint32Array.of(20, 7, 0))], [20, 0]);
  // The list has grown since.
  const later = new Selection(40);
  later.restore(selection.toText());
  assert.deepEqual([later.size, [...later.among(all)]], [3, [0, 8, 20]]);
  const shorter = new Selection(5);
  shorter.restore(selection.toText());
  assert.equal(shorter.size, 0);
  selection.grow(30);
  selection.set(29, true);
  selection.keep(Uint32Array.of(29, 8, 3));
  assert.deepEqual([selection.size, selection.has(0), selection.has(8), selection.has(29)], [2, false, true, true]);
  selection.clear();
  assert.deepEqual([selection.size, selection.toText()], [0, '']);
});
