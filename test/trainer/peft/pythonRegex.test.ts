/** Python's regular expressions, as JavaScript reads them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pythonRegex } from '../../../src/trainer/peft/pythonRegex.js';

const matching: [expression: string, text: string, expected: boolean][] = [
  [String.raw`^layer\.[0-3]\.query$`, 'layer.2.query', true],
  [String.raw`\Alayer\Z`, 'layer', true],
  [String.raw`\Alayer\Z`, 'layers', false],
  [String.raw`(?P<block>\d)\.(?P=block)`, '4.4', true],
  [String.raw`(?P<block>\d)\.(?P=block)`, '4.5', false],
  [String.raw`a\_b\-c`, 'a_b-c', true],
  [String.raw`[\w\-]+`, '-', true],
  ['(?:a|b)(?=c)', 'bc', true],
  ['a{2,3}?', 'aa', true],
];
for (const [expression, text, expected] of matching)
  test(`${expression} ${expected ? 'matches' : 'does not match'} ${text}`, () => {
    assert.equal(pythonRegex(expression)!.test(text), expected);
  });

for (const expression of ['(?i)a', '(?#comment)a', '(a)?(?(1)b|c)', 'a++', '(?>a)', '(a', '[a', '*'])
  test(`${expression} has no meaning that both languages share`, () => {
    assert.equal(pythonRegex(expression), undefined);
  });
