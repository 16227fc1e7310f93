/** The order of labels and files: by number where there is one, the same in every language. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sortNaturally } from '../../../src/trainer/data/naturalOrder.js';
import { Random } from '../../../src/trainer/core/random.js';

const plain = (text: string) => text;

test('numbers go by value, the rest by code unit; equal values by plain order', () => {
  const big = '12345678901234567890123';
  const sorted = [
    '',
    '0',
    '00',
    '01',
    '1',
    '2',
    '10',
    big,
    `${big.slice(0, -1)}4`,
    'A1',
    'B',
    'a',
    'a1b2',
    'a1b10',
    'a2',
    'a10',
    'i',
    'é',
    'ı',
    '漢',
  ];
  for (let seed = 0; seed < 50; seed++)
    assert.deepEqual(sortNaturally(new Random(seed).shuffle([...sorted]), plain), sorted);
});

test('composed and decomposed letters are one letter', () => {
  const sorted = ['f', 'é1'.normalize('NFD'), 'é2'.normalize('NFC'), 'é3'.normalize('NFD')];
  assert.deepEqual(sortNaturally([...sorted].reverse(), plain), sorted);
});
