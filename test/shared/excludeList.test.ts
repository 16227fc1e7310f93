/** The text of the list of images to leave out: read, added to and taken from, with all else left as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lineOf, pathsListed, withLines, withoutLines } from '../../src/shared/excludeList.js';

test('lines are paths; empty lines and remarks are none; the line ends of all systems', () => {
  const text = '\uFEFF# by hand\r\ncat/a.png\r\n\r\n  \ndog/ b .png\rcat/#c.png';
  assert.deepEqual(pathsListed(text), [
    { line: 2, path: 'cat/a.png' },
    { line: 5, path: 'dog/ b .png' },
    { line: 6, path: 'cat/#c.png' },
  ]);
});

test('what is added is read again, and what is taken away leaves the text before', () => {
  const paths = ['cat/a.png', '#odd.png', 'dog\\deep\\b.png', ' ', 'ç/ö.png'];
  const lines = paths.map((path) => lineOf(path)!);
  assert.equal(lineOf('two\nlines.png'), undefined);
  for (const before of ['', '# remark\r\nold.png\r\n', 'no end', '\uFEFF', '\uFEFFold.png\n']) {
    const after = withLines(before, lines);
    assert.deepEqual(
      pathsListed(after).map(({ path }) => path),
      [...pathsListed(before).map(({ path }) => path), 'cat/a.png', './#odd.png', 'dog/deep/b.png', './ ', 'ç/ö.png'],
    );
    const closed = before === 'no end' ? 'no end\n' : before;
    assert.equal(
      withoutLines(after, (path) => lines.includes(path)),
      closed,
    );
  }
  assert.equal(withLines('a.png', []), 'a.png');
  assert.equal(
    withoutLines('\uFEFFa.png\r\n# b\r\n', (path) => path === 'a.png'),
    '\uFEFF# b\r\n',
  );
});
