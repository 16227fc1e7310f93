/** Lines of JSON out of pieces of bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonLines, parseLines } from '../../../src/extension/trainer/jsonLines.js';

test('an object that comes byte by byte is one object, letters of several bytes included', () => {
  const lines = new JsonLines();
  const bytes = Buffer.from('{"name":"çığ 🐱"}\n{"n":2}\n');
  const objects = [...bytes].flatMap((byte) => lines.push(Buffer.from([byte])));
  assert.deepEqual(objects, [{ name: 'çığ 🐱' }, { n: 2 }]);
});

test('what is no object is left out, the lines around it are not', () => {
  assert.deepEqual(parseLines('{"a":1}\nwarning\n{"torn":\n{"b":2}\n'), [{ a: 1 }, { b: 2 }]);
});
