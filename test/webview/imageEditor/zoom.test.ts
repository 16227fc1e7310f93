/** Zoom levels. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitZoom, largest, nextZoom, smallest } from '../../../src/webview/imageEditor/zoom.js';

test('a large image shrinks to its place with a margin, a small one stays', () => {
  assert.equal(fitZoom({ width: 1000, height: 100 }, { width: 532, height: 532 }, 16), 0.5);
  assert.equal(fitZoom({ width: 100, height: 1000 }, { width: 532, height: 532 }, 16), 0.5);
  assert.equal(fitZoom({ width: 20, height: 10 }, { width: 532, height: 532 }, 16), 1);
  assert.ok(fitZoom({ width: 20, height: 10 }, { width: 0, height: 0 }, 16) > 0);
});

test('steps of zoom meet 100 % from any level and stop at the ends', () => {
  const up = nextZoom(0.65, 1);
  assert.ok(up > 0.65 && up < 0.8);
  assert.ok(Math.abs(nextZoom(up, 1) - 1) < 1e-12);
  assert.ok(Math.abs(nextZoom(nextZoom(1, 1), 1) - 2) < 1e-12);
  assert.ok(Math.abs(nextZoom(nextZoom(1, -1), 1) - 1) < 1e-12);
  assert.equal(nextZoom(largest, 1), largest);
  assert.equal(nextZoom(smallest, -1), smallest);
});
