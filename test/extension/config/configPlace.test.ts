/** Where in a config a position is, also in one that is half typed; `|` is the position. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyUnder, placeAt, valueAt } from '../../../src/extension/config/configPlace.js';

const cases: [marked: string, path: (string | number)[], replaced: string, isKey?: true][] = [
  ['{ "dataset": "|" }', ['dataset'], '""'],
  ['{ "dataset": "emo|ji" }', ['dataset'], '"emoji"'],
  ['{ "dataset": "emo|\n}', ['dataset'], '"emo'],
  ['{ "dataset": | }', ['dataset'], ''],
  ['{ "dataset": emo| }', ['dataset'], 'emo'],
  ['{ "method": { "type": "lora", "targetModules": ["query", "|"] } }', ['method', 'targetModules', 1], '""'],
  ['{ "method": { "targetModules": [|] } }', ['method', 'targetModules', 0], ''],
  ['{ "classWeights": { "|" } }', ['classWeights', ''], '""', true],
  ['{ // "model": "x"\n "model": "|" }', ['model'], '""'],
];
for (const [marked, path, replaced, isKey = false] of cases)
  test(`the place in ${marked}`, () => {
    const offset = marked.indexOf('|');
    const text = marked.replace('|', '');
    const place = placeAt(text, offset);
    assert.deepEqual(place.path, path);
    assert.equal(text.slice(place.replaced.offset, place.replaced.offset + place.replaced.length), replaced);
    assert.equal(place.isKey, isKey);
  });

test('the value at a path', () => {
  assert.deepEqual(valueAt('{ "a": { "b": [1, 2], }, // c\n', ['a', 'b']), [1, 2]);
  assert.equal(valueAt('{ "a": 1 }', ['b', 'c']), undefined);
  assert.equal(valueAt('', ['b']), undefined);
});

test('what is under a position: a key, its value, nothing', () => {
  const text = '{ "method": { "rank": 8 }, "epochs": 3 }';
  const pathAt = (words: string) => keyUnder(text, text.indexOf(words) + 1)?.path;
  assert.deepEqual(pathAt('"rank"'), ['method', 'rank']);
  assert.deepEqual(pathAt(' 8'), ['method', 'rank']);
  assert.deepEqual(pathAt('"epochs"'), ['epochs']);
  assert.deepEqual(pathAt('"method"'), ['method']);
  assert.equal(pathAt('{ "method"'), undefined);
});
