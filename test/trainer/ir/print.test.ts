/** The printed form of a graph is stable: one line per node, types, attributes, outputs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { print } from '../../../src/trainer/ir/print.js';

function example(): Builder {
  const b = new Builder();
  const x = b.cast(b.input('pixels', [2, 4], 'u8'), 'f32');
  const [y] = b.layerNorm(x, b.constant('gamma', [4], new Float32Array(4)), b.input('beta', [4]), 1e-6);
  const z = b.matmul(y!, b.reshape(b.slice(x, 0, 1, 2), [4, 1]), { alpha: 0.5 });
  b.output('loss', b.total(b.mul(b.transpose(z, [1, 0]), b.scalar(2))));
  b.output('x', x);
  return b;
}

test('a graph as text', () => {
  assert.equal(
    print(example().graph),
    `%0:u8[2,4] = input() {name=pixels}
%1:f32[2,4] = cast(%0) {to=f32}
%2:f32[4] = constant() {name=gamma}
%3:f32[4] = input() {name=beta}
%4:f32[2,4] %5:f32[2,1] %6:f32[2,1] = layerNorm(%1, %2, %3) {epsilon=0.000001}
%7:f32[1,4] = slice(%1) {axis=0 start=1 end=2}
%8:f32[4,1] = reshape(%7) {shape=[4,1]}
%9:f32[2,1] = matmul(%4, %8) {transA=false transB=false alpha=0.5}
%10:f32[1,2] = transpose(%9) {perm=[1,0]}
%11:f32[] = constant() {name=}
%12:f32[1,2] = mul(%10, %11)
%13:f32[2] = reshape(%12) {shape=[2]}
%14:f32[1] = sum(%13) {axes=[0]}
%15:f32[] = reshape(%14) {shape=[]}
-> loss = %15
-> x = %1`,
  );
});

test('the same steps print the same text', () => {
  assert.equal(print(example().graph), print(example().graph));
});
