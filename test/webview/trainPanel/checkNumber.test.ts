/** Texts that a user may type into a numeric field. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNumber } from '../../../src/webview/trainPanel/checkNumber.js';

const share = { integer: false, minimum: 0, exclusiveMaximum: 1 };
const count = { integer: true, minimum: 1, maximum: 1024 };

test('numbers in the forms that people type', () => {
  assert.deepEqual(checkNumber('', share), { value: undefined });
  assert.deepEqual(checkNumber('  ', share), { value: undefined });
  assert.deepEqual(checkNumber('0.25', share), { value: 0.25 });
  assert.deepEqual(checkNumber('0,25', share), { value: 0.25 });
  assert.deepEqual(checkNumber(',5', share), { value: 0.5 });
  assert.deepEqual(checkNumber('.5', share), { value: 0.5 });
  assert.deepEqual(checkNumber(' 1e-3 ', share), { value: 0.001 });
  assert.deepEqual(checkNumber('8', count), { value: 8 });
  assert.deepEqual(checkNumber('8.0', count), { value: 8 });
});

test('not a number', () => {
  for (const text of ['abc', '1.2.3', '1,000,000', '0x10', 'Infinity', 'NaN', '1e999', '--1', '1 2']) {
    assert.deepEqual(checkNumber(text, share), { problem: 'Not a number.' }, text);
  }
});

test('each bound has its own message', () => {
  assert.deepEqual(checkNumber('8.5', count), { problem: 'Must be a whole number.' });
  assert.deepEqual(checkNumber('9007199254740993', { integer: true }), { problem: 'Must be a whole number.' });
  assert.deepEqual(checkNumber('0', count), { problem: 'Must be 1 or more.' });
  assert.deepEqual(checkNumber('1025', count), { problem: 'Must be 1024 or less.' });
  assert.deepEqual(checkNumber('1', share), { problem: 'Must be less than 1.' });
  assert.deepEqual(checkNumber('-0.1', share), { problem: 'Must be 0 or more.' });
  assert.deepEqual(checkNumber('0', { integer: false, exclusiveMinimum: 0 }), { problem: 'Must be more than 0.' });
});
