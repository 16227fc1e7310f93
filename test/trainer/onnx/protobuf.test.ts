/** The wire format of protobuf, byte by byte (https://protobuf.dev/programming-guides/encoding/). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Message } from '../../../src/trainer/onnx/protobuf.js';

const hex = (message: Message): string => Buffer.from(message.finish()).toString('hex');

test('integers', () => {
  assert.equal(hex(new Message().int(1, 150)), '089601');
  assert.equal(hex(new Message().int(1, 0)), '0800');
  assert.equal(hex(new Message().int(16, 1)), '800101');
  assert.equal(hex(new Message().int(1, -1)), `08${'ff'.repeat(9)}01`);
  assert.equal(hex(new Message().int(1, 2 ** 40)), '08808080808020');
  assert.equal(hex(new Message().int(1, 2n ** 63n - 1n)), `08${'ff'.repeat(8)}7f`);
  assert.equal(hex(new Message().ints(4, [3, 270])), '2003208e02');
});

test('floats, text, bytes and nested messages', () => {
  assert.equal(hex(new Message().float(2, 1.5)), '150000c03f');
  assert.equal(hex(new Message().text(2, 'testing')), '120774657374696e67');
  assert.equal(hex(new Message().text(1, 'ä')), '0a02c3a4');
  assert.equal(hex(new Message().bytes(9, Uint8Array.of(0, 255))), '4a0200ff');
  assert.equal(hex(new Message().message(3, new Message().int(1, 150)).message(3, new Message())), '1a030896011a00');
  const long = hex(new Message().message(1, new Message().bytes(1, new Uint8Array(300))));
  assert.equal(long.slice(0, 12), '0aaf020aac02');
  assert.equal(long.length / 2, 306);
});
