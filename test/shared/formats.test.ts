/** Numbers as people read them, in English and in Turkish. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formats } from '../../src/shared/formats.js';

const english = new Formats('en');
const turkish = new Formats('tr');

test('shares are percentages in the way of the language', () => {
  assert.equal(english.percent(0.875), '87.5%');
  assert.equal(english.percent(1), '100.0%');
  assert.equal(turkish.percent(0.875), '%87,5');
});

test('a loss keeps four significant digits, and NaN stays visible', () => {
  assert.equal(english.loss(1.7918), '1.792');
  assert.equal(english.loss(0.0041234), '0.004123');
  assert.equal(english.loss(0), '0.000');
  assert.equal(english.loss(Number.NaN), 'NaN');
});

test('a learning rate is written as in a config', () => {
  assert.equal(english.learningRate(0.001), '1e-3');
  assert.equal(english.learningRate(9.8765e-4), '9.88e-4');
  assert.equal(english.learningRate(0), '0');
});

test('a duration has its two largest units', () => {
  assert.equal(english.duration(0), '0 sec');
  assert.equal(english.duration(59.4), '59 sec');
  assert.equal(english.duration(59.6), '1 min');
  assert.equal(english.duration(125), '2 min 5 sec');
  assert.equal(english.duration(3600 * 3 + 59), '3 hr');
  assert.equal(english.duration(86400 + 3600 * 5 + 60), '1 day 5 hr');
  assert.equal(english.duration(-3), '0 sec');
});

test('sizes are decimal, speeds have a decimal only where it says something', () => {
  assert.equal(english.bytes(999), '999 byte');
  assert.equal(english.bytes(10_240), '10 kB');
  assert.equal(english.bytes(999_600), '1 MB');
  assert.equal(english.speed(3.14), '3.1');
  assert.equal(english.speed(1234.5), '1,235');
});

test('an unknown or malformed language falls back to a known one', () => {
  assert.match(new Formats('not a tag').integer(1234), /^1.?234$/);
  assert.match(new Formats('').integer(1234), /^1.?234$/);
});
