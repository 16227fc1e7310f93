/** Half precision against its definition, for every one of the 65536 bit patterns and the ties between neighbours. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBfloats, readHalves, toHalves } from '../../../src/trainer/core/float16.js';

const everyHalf = Uint16Array.from({ length: 65536 }, (_, i) => i);
const values = new Float32Array(65536);
readHalves(everyHalf, values);

test('halves have the values of IEEE 754', () => {
  const known: [number, number][] = [
    [0x3c00, 1],
    [0xc000, -2],
    [0x7bff, 65504],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ];
  for (const [bits, value] of known) assert.equal(values[bits], value, bits.toString(16));
  assert.ok(Object.is(values[0x8000], -0));
  assert.ok(Number.isNaN(values[0x7c01]) && Number.isNaN(values[0xffff]));
});

test('every half survives the conversion to fp32 and back', () => {
  const back = toHalves(values);
  for (let bits = 0; bits < 65536; bits++) {
    const isNaN = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    if (isNaN) assert.ok((back[bits]! & 0x7c00) === 0x7c00 && (back[bits]! & 0x3ff) !== 0, bits.toString(16));
    else assert.equal(back[bits], bits, bits.toString(16));
  }
});

test('fp32 numbers between two halves round to the nearest, ties to even', () => {
  // 0x7bff and its upper neighbour: the tie is 65520, and infinity counts as even.
  for (let bits = 0; bits < 0x7c00; bits++) {
    const below = values[bits]!;
    const above = bits === 0x7bff ? 65536 : values[bits + 1]!;
    const middle = new Float32Array([(below + above) / 2]);
    const words = new Uint32Array(middle.buffer);
    const even = bits & 1 ? bits + 1 : bits;
    assert.equal(toHalves(middle)[0], even, `tie above ${bits}`);
    assert.equal(toHalves(new Float32Array([-middle[0]!]))[0], even | 0x8000, `tie below -${bits}`);
    words[0]! += 1;
    assert.equal(toHalves(middle)[0], bits + 1, `just above the tie over ${bits}`);
    words[0]! -= 2;
    assert.equal(toHalves(middle)[0], bits, `just below the tie over ${bits}`);
  }
});

test('tiny and huge fp32 numbers become zero and infinity', () => {
  assert.deepEqual(
    [...toHalves(new Float32Array([1e-30, -1e-30, 1e30, -1e30, 1.5 * 2 ** -25]))],
    [0, 0x8000, 0x7c00, 0xfc00, 1],
  );
});

test('bfloat16 is the upper half of an fp32 number', () => {
  const target = new Float32Array(4);
  readBfloats(Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x0001), target);
  assert.deepEqual([...target], [1, -3, Infinity, 2 ** -133]);
});
