/** Lines of JSON out of pieces of bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonLines, parseLines } from '../../../src/extension/trainer/jsonLines.js';

test('an object that comes byte by byte is one object, letters of several bytes included', () => {
  const lines = new JsonLines();
  const bytes = Buffer.from('{"type":"çığ 🐱"}\n{"type":"2"}\n');
  const objects = [...bytes].flatMap((byte) => lines.push(Buffer.from([byte])));
  assert.deepEqual(objects, [{ type: 'çığ 🐱' }, { type: '2' }]);
});

test('a line that is not an object with a type is left out, the lines around it are not', () => {
  assert.deepEqual(parseLines('{"type":"a"}\nwarning\n{"torn":\n{"b":2}\n{"type":3}\n{"type":"b"}\n'), [
    { type: 'a' },
    { type: 'b' },
  ]);
});
