/** Edits of a config's text keep its comments, and come as one change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differenceOf, edited, editsOf } from '../../../src/extension/config/configEdits.js';

const text = '{\n  // mine\n  "epoch": 3, // few\n  "classWeights": { "a.b": 2 },\n  "method": "lora"\n}\n';

test('a key is renamed, set, added and removed; comments stay', () => {
  assert.equal(edited(text, [{ path: ['epoch'], name: 'epochs' }]), text.replace('"epoch"', '"epochs"'));
  assert.equal(edited(text, [{ path: ['classWeights', 'a.b'], name: 'c"d' }]), text.replace('"a.b"', '"c\\"d"'));
  assert.equal(edited(text, [{ path: ['method'], value: 'head' }]), text.replace('"lora"', '"head"'));
  assert.match(edited(text, [{ path: ['batchSize'], value: 8 }]), /"method": "lora",\n {2}"batchSize": 8\n\}/);
  assert.doesNotMatch(edited(text, [{ path: ['epoch'] }]), /epoch/);
});

test('several edits are made one after another', () => {
  const after = edited(text, [
    { path: ['epoch'], name: 'epochs' },
    { path: ['epochs'], value: 10 },
    { path: ['learningRate'] },
  ]);
  assert.equal(after, text.replace('"epoch": 3', '"epochs": 10'));
});

test('what an estimate proposes is set, beside what is there', () => {
  const after = edited('{ "batchSize": 64 } // large\n', editsOf('batchSize=8 gradientAccumulationSteps=8'));
  assert.match(after, /"batchSize": 8,\s+"gradientAccumulationSteps": 8\s*\} \/\/ large\n$/);
  assert.deepEqual(editsOf('gradientCheckpointing=true'), [{ path: ['gradientCheckpointing'], value: true }]);
  assert.deepEqual(editsOf('method=head'), [{ path: ['method'], value: 'head' }]);
});

test('an edit whose place is gone changes nothing', () => {
  assert.equal(edited(text, [{ path: ['method', 'rnk'], name: 'rank' }]), text);
  assert.equal(edited('', [{ path: ['a'], name: 'b' }]), '');
});

for (const [before, after] of [
  ['abc', 'abc'],
  ['abc', 'aXc'],
  ['aa', 'aaa'],
  ['aaa', 'aa'],
  ['', 'x'],
  ['abab', 'ab'],
] as const)
  test(`the difference makes ${after} of ${before}`, () => {
    const { offset, length, content } = differenceOf(before, after);
    assert.equal(before.slice(0, offset) + content + before.slice(offset + length), after);
  });
