/** The owner of frozen weights: one array for all who hold one, a scratch buffer for loans, nothing quantised twice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';

const shapeOf = (length: number): number[] => [length, 1];

/** A source that counts, reads into scratch where it is offered, and gives every weight other numbers. */
function counted() {
  const reads: string[] = [];
  const store = new WeightStore({
    read(name, [length], scratch) {
      reads.push(name);
      const target = scratch?.subarray(0, length) ?? new Float32Array(length!);
      return target.fill(name.charCodeAt(0));
    },
  });
  return { store, reads };
}

test('a shared weight is one array, which a loan lends without reading it again', () => {
  const { store, reads } = counted();
  const shared = store.share('a', shapeOf(4));
  assert.equal(store.share('a', shapeOf(4)), shared);
  store.lend('a', shapeOf(4), (numbers) => assert.equal(numbers, shared));
  assert.deepEqual(reads, ['a']);
});

test('loans one after another use one buffer; a loan within a loan leaves the outer one as it is', () => {
  const { store } = counted();
  const buffers = ['a', 'b', 'c'].map((name, i) =>
    store.lend(name, shapeOf(8 - i), (numbers) => {
      assert.deepEqual([...numbers], Array<number>(8 - i).fill(name.charCodeAt(0)));
      return numbers.buffer;
    }),
  );
  assert.equal(new Set(buffers).size, 1);
  store.lend('a', shapeOf(4), (outer) => {
    store.lend('b', shapeOf(4), (inner) => assert.notEqual(inner.buffer, outer.buffer));
    assert.deepEqual([...outer], [97, 97, 97, 97]);
  });
});

test('a loan that fails gives its buffer back', () => {
  const { store } = counted();
  const buffer = store.lend('a', shapeOf(4), (numbers) => numbers.buffer);
  assert.throws(() =>
    store.lend('a', shapeOf(4), () => {
      throw new Error('no');
    }),
  );
  store.lend('b', shapeOf(4), (numbers) => assert.equal(numbers.buffer, buffer));
});

test('a weight is quantised once for each way, however many graphs ask, and the same numbers in another way anew', () => {
  const { store, reads } = counted();
  const nf4 = { quantization: 'nf4', blockSize: 4 } as const;
  const first = store.quantized('a', shapeOf(8), nf4);
  assert.equal(store.quantized('a', shapeOf(8), nf4).codes, first.codes);
  const other = store.quantized('a', shapeOf(8), { quantization: 'int8', blockSize: 4 });
  assert.ok(other.codes instanceof Int8Array && !(first.codes instanceof Int8Array));
  assert.deepEqual(reads, ['a', 'a']);
});

test('a store may be the source of another, whose loans need no second array', () => {
  const { store, reads } = counted();
  const outer = new WeightStore(store);
  const buffers = ['a', 'b'].map((name) => outer.lend(name, shapeOf(4), (numbers) => numbers.buffer));
  assert.equal(buffers[0], buffers[1]);
  assert.equal(outer.share('a', shapeOf(4)), store.share('a', shapeOf(4)));
  assert.deepEqual(reads, ['a', 'b', 'a']);
});
