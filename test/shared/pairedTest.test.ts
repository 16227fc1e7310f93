/** McNemar's test is SciPy's binomial test, its approximation is close to it, and the words say what it means. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { countPairs, pairedTest, pairedWords } from '../../src/shared/pairedTest.js';

const golden = JSON.parse(readFileSync(new URL('../golden/calibration.json', import.meta.url), 'utf8')) as {
  pairs: { onlyFirst: number; onlySecond: number; p: number }[];
};

test("the exact test is SciPy's", () => {
  for (const { p, ...counts } of golden.pairs) {
    const found = pairedTest({ images: 1000, ...counts });
    assert.ok(Math.abs(found.p - p) < 1e-9, JSON.stringify({ found, p }));
    assert.equal(pairedTest({ images: 1000, onlyFirst: counts.onlySecond, onlySecond: counts.onlyFirst }).p, found.p);
  }
});

test('with many images that tell the models apart, the approximation takes over without a jump', () => {
  const exact = pairedTest({ images: 9000, onlyFirst: 530, onlySecond: 470 }).p;
  const approximate = pairedTest({ images: 9000, onlyFirst: 531, onlySecond: 470 }).p;
  assert.ok(exact > approximate && exact - approximate < 0.005, `${exact} ${approximate}`);
});

test('outcomes are counted in pairs, and put into words', () => {
  const counts = countPairs('1101', '1010');
  assert.deepEqual(counts, { images: 4, onlyFirst: 2, onlySecond: 1 });
  assert.throws(() => countPairs('11', '1'));
  const fill = (message: string, ...args: (string | number)[]) =>
    message.replace(/\{(\d)\}/g, (_, i: string) => String(args[Number(i)]));
  const words = (onlyFirst: number, onlySecond: number) =>
    pairedWords(pairedTest({ images: 100, onlyFirst, onlySecond }), 'lora', fill);
  assert.equal(words(9, 3), '6.0 points better than lora; could be chance (p = 0.15, images: 100).');
  assert.equal(words(2, 30), '28.0 points worse than lora; more than chance (p < 0.001, images: 100).');
  assert.match(words(4, 4), /^As accurate as lora/);
});
