/** What is drawn for a step: dropout's zeros, and the patches that stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../../../src/trainer/core/random.js';
import { drawMask } from '../../../src/trainer/engine/masks.js';

test('each row of kept tokens has a single one; special tokens stay, patches are drawn evenly and in their order', () => {
  const [batch, kept, tokens, special] = [200, 7, 18, 2];
  const mask = drawMask({ name: 'm', shape: [batch, kept, tokens], special }, new Random(1, 'm', 0, 0));
  const chosen = Array<number>(tokens).fill(0);
  const sets = new Set<string>();
  for (let image = 0; image < batch; image++) {
    const places = Array.from({ length: kept }, (_, row) => {
      const at = (image * kept + row) * tokens;
      const ones = [...mask.subarray(at, at + tokens)].flatMap((value, place) => (value ? [place] : []));
      assert.equal(ones.length, 1);
      return ones[0]!;
    });
    assert.deepEqual(places.slice(0, special), [0, 1]);
    assert.deepEqual(
      places,
      [...new Set(places)].sort((a, b) => a - b),
    );
    places.forEach((place) => chosen[place]!++);
    sets.add(places.join());
  }
  // 5 of 16 patches: 62.5 of 200 on average, with a deviation of 6.6.
  for (const count of chosen.slice(special)) assert.ok(Math.abs(count - 62.5) < 33, `${count}`);
  assert.ok(sets.size > 190);
});

test('the same seed, name and step draw the same mask, another step another one', () => {
  const draw = (step: number) => drawMask({ name: 'm', shape: [4, 5, 9], special: 1 }, new Random(1, 'm', step, 0));
  assert.deepEqual(draw(3), draw(3));
  assert.notDeepEqual(draw(3), draw(4));
  assert.notDeepEqual(
    drawMask({ name: 'm', shape: [64], rate: 0.5 }, new Random(1, 'm', 3, 0)),
    drawMask({ name: 'm', shape: [64], rate: 0.5 }, new Random(1, 'm', 4, 0)),
  );
});
