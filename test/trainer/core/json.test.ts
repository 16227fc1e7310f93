/** JSON whose floats stay floats. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonText, parseJson } from '../../../src/trainer/core/json.js';

const roundTrip = (text: string): string => jsonText(parseJson(text)).replaceAll(/\s+/g, '');

test('whole numbers stay as they were written, at every depth', () => {
  for (const text of [
    '{"a":1.0,"b":1,"c":[1,2.0,{"d":-0.0}],"e":{"f":100.0,"g":0.5,"h":1e-12}}',
    '[3.0,4]',
    '{"a":"1.0"}',
  ])
    assert.equal(roundTrip(text), text.replace('-0.0', '0.0'));
  assert.equal(roundTrip('{"a":1e3}'), '{"a":1000.0}');
  assert.equal(roundTrip('{"say \\"1.0\\"":2}'), '{"say\\"1.0\\"":2}');
});

test('a spread copy keeps its floats, and a key can be made one', () => {
  const read = parseJson('{"scale":1.0,"side":2}') as object;
  assert.equal(jsonText({ ...read, other: 3 }), '{\n  "scale": 1.0,\n  "side": 2,\n  "other": 3\n}\n');
  assert.equal(
    jsonText({ rate: 0, inner: [{ rate: 2 }] }, new Set(['rate'])).replaceAll(/\s/g, ''),
    '{"rate":0.0,"inner":[{"rate":2.0}]}',
  );
});

test('what is read is what JSON.parse reads, and its errors are the same', () => {
  const text = '{"a":[1.0,{"b":2.0}],"c":null,"d":"\\u0041"}';
  assert.equal(JSON.stringify(parseJson(text)), JSON.stringify(JSON.parse(text)));
  for (const bad of ['{"a":1.}', '{a:1}', '', '[1.0']) assert.throws(() => parseJson(bad), SyntaxError);
});
