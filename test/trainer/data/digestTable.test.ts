/** The table of digests: against a Map, through all its growth. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Column, DigestTable, digestOf } from '../../../src/trainer/data/digestTable.js';

test('finds what was added, each key once, and nothing else', () => {
  const table = new DigestTable();
  const values = new Column(new Float64Array(1));
  table.reserve(1000);
  values.reserve(1000);
  const known = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    const key = `image ${(i * 7919) % 3000}`;
    values.set(table.add(digestOf(key)), i + 2 ** 40);
    known.set(key, i + 2 ** 40);
  }
  assert.equal(table.rows, 3000);
  for (const [key, value] of known) assert.equal(values.get(table.find(digestOf(key))!), value);
  for (let i = 0; i < 3000; i++) assert.equal(table.find(digestOf(`another ${i}`)), undefined);
});

test('digests with a common beginning are distinguished', () => {
  const table = new DigestTable();
  const digests = Array.from({ length: 300 }, (_, i) => {
    const digest = Buffer.alloc(16);
    // They fall upon one slot, at the end of the table, and differ in one word each.
    digest.writeUInt32LE(0xffffffff, 0);
    digest.writeUInt32LE(i, 4 + 4 * (i % 3));
    return digest;
  });
  // At the beginning of its bytes, or amid others; the room grows on the way.
  const rows = digests.map((digest, i) => {
    if (i === 100) table.reserve(200);
    return i % 2 ? table.add(digest) : table.add(Buffer.concat([digest, digest, digest]), 16);
  });
  const distinct = new Set(digests.map((digest) => digest.toString('hex')));
  assert.equal(table.rows, distinct.size);
  digests.forEach((digest, i) => assert.equal(table.find(digest), rows[i]));
});
