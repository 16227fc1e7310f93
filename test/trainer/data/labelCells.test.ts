/** Cells of label files found and changed in place: every byte outside the cell stays, whatever the file is written in. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bytesWith, cellOf, cellsIn } from '../../../src/trainer/data/labelCells.js';
import { readLabelTable } from '../../../src/trainer/data/labelTable.js';
import { Random } from '../../../src/trainer/core/random.js';
import { temporaryFolder } from './images.js';

const utf16 = (text: string, isBig = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBig ? bytes.swap16() : bytes;
};

const files: [name: string, bytes: Buffer][] = [
  ['plain', Buffer.from('image,label\na.png,cat\nb.png,dog\n')],
  ['BOM, CRLF, no end', Buffer.from('\uFEFFimage,label\r\na.png,cat\r\nb.png,dog')],
  ['quotes and line breaks', Buffer.from('"image","label"\r\n"a, ""1"".png","cat\nsmall"\r\nb.png,"dog"\r\n')],
  ['sep=;', Buffer.from('sep=;\r\nimage;label\r\na.png;cat\r\n;\r\nb.png; dog \r\n')],
  ['tabs, old Mac', Buffer.from('image\tlabel\ra.png\tcat\rb.png\tdog\r')],
  ['empty rows, a wide delimiter of text', Buffer.from('\n\nimage,label\n\n,\na.png,çörek 🐈\n\nb.png,\n\n')],
  ['UTF-16 LE with a mark', utf16('\uFEFFimage,label\r\na.png,çay\r\nb.png,dog\r\n')],
  ['UTF-16 BE with a mark', utf16('\uFEFFimage,label\r\na.png,çay\r\nb.png,dog\r\n', true)],
  ['UTF-16 LE without', utf16('image,label\na.png,cat\nb.png,dog\n')],
  ['UTF-16 BE without', utf16('image,label\na.png,cat\nb.png,dog\n', true)],
  ['mixed line ends', Buffer.from('image,label\r\na.png,cat\nb.png,dog\r')],
];

for (const [name, bytes] of files)
  test(`one cell changes: ${name}`, async (t) => {
    const file = join(await temporaryFolder(t), 'labels.csv');
    await writeFile(file, bytes);
    const table = await readLabelTable(file);
    const { text, rows, delimiter } = cellsIn(bytes);
    assert.deepEqual(
      rows.map((row) => row.map(({ value }) => value)),
      [table.columns, ...table.rows.map(({ cells }) => cells)],
    );
    const cell = rows[1]![1]!;
    const before = text.slice(cell.start, cell.end);
    const after = cellOf('red; "big", panda', delimiter, before);
    const changed = bytesWith(bytes, text, [{ cell, after }]);
    await writeFile(file, changed);
    const again = await readLabelTable(file);
    assert.equal(again.rows[0]!.cells[1], 'red; "big", panda');
    assert.deepEqual(
      again.rows.slice(1),
      table.rows.slice(1).map((row, i) => ({ ...row, place: again.rows[i + 1]!.place })),
    );
    // Put back, the file has the bytes it had.
    const back = cellsIn(changed);
    assert.deepEqual(Buffer.from(bytesWith(changed, back.text, [{ cell: back.rows[1]![1]!, after: before }])), bytes);
  });

test('a cell keeps its quotes, and gets them only where it needs them', () => {
  assert.equal(cellOf('dog', ',', 'cat'), 'dog');
  assert.equal(cellOf('dog', ',', '"cat"'), '"dog"');
  assert.equal(cellOf('a,b', ',', 'cat'), '"a,b"');
  assert.equal(cellOf('a,b', ';', 'cat'), 'a,b');
  assert.equal(cellOf('a "b"', ';', ''), '"a ""b"""');
});

test('whatever the trainer accepts as a label file is read in the same way', async (t) => {
  const folder = await temporaryFolder(t);
  const cells = ['a', ' ç ', '""', '"a ""b"""', '"x,y"', '"two\nlines"', '"\r\n"', ' ', '', 'a b', '🐈', '"', 'a"b'];
  const ends = ['\n', '\r\n', '\r', '\n\n', ' \n'];
  let accepted = 0;
  for (let i = 0; i < 800; i++) {
    const drawn = new Random(5, i);
    const one = (from: readonly string[]): string => from[drawn.below(from.length)]!;
    const separator = one([',', ';', '\t']);
    const row = () => `${one(cells)}${separator}${one(cells)}${one(ends)}`;
    const text = `${one(['', '', `sep=${separator}\r\n`, '\n'])}image${separator}label\n${row()}${row()}${row()}`;
    const bytes = i % 5 === 0 ? utf16(`\uFEFF${text}`, i % 2 === 0) : Buffer.from(text);
    const file = join(folder, 'labels.csv');
    await writeFile(file, bytes);
    const table = await readLabelTable(file).catch(() => undefined);
    if (!table) continue;
    accepted++;
    const { rows } = cellsIn(bytes);
    const expected = [table.columns, ...table.rows.map(({ cells }) => cells)];
    assert.deepEqual(
      rows.map((row) => row.map(({ value }) => value)),
      expected,
      JSON.stringify(text),
    );
  }
  assert.ok(accepted > 200, String(accepted));
});
