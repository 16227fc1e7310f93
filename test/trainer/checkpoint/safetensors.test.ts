/** The safetensors codec: round trips, every type it reads, and a hostile file for each defect of its list. */
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  openSafetensors,
  readSafetensors,
  requireFinite,
  writeSafetensors,
  type Tensor,
} from '../../../src/trainer/checkpoint/safetensors.js';
import { UserError } from '../../../src/trainer/errors/errors.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitune 'safe' ü "));
});
after(() => rm(folder, { recursive: true }));

/** A file with this header (an object or raw text) and this many zero bytes, or these bytes, of data. */
async function fileOf(header: unknown, data: number | Uint8Array, claimed?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(json.length));
  const path = join(folder, 'case.safetensors');
  await writeFile(path, Buffer.concat([length, json, typeof data === 'number' ? Buffer.alloc(data) : data]));
  return path;
}

const rejects = (path: string, code: string) =>
  assert.rejects(readSafetensors(path), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.place.file, path);
    assert.ok(error.remedy.length > 10);
    return true;
  });

const tensors = new Map<string, Tensor>([
  ['weight', { shape: [2, 3], data: new Float32Array([1, -2.5, 3e-8, 4, 65504, -0]) }],
  ['scalar', { shape: [], data: new Float32Array([7]) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ['__proto__', { shape: [3], data: new Float32Array([1, 2, 3]) }],
]);

test('what is written is read again', async () => {
  const path = join(folder, 'round.safetensors');
  await writeSafetensors(path, tensors, { format: 'pt', note: 'ünïcode "quoted"' });
  const read = await readSafetensors(path);
  assert.deepEqual(read.tensors, tensors);
  assert.deepEqual({ ...read.metadata }, { format: 'pt', note: 'ünïcode "quoted"' });
  assert.deepEqual(read.others, []);
  assert.equal((await readFile(path)).readBigUInt64LE() % 8n, 0n, 'data aligned to 8 bytes');
});

test('halves are rounded on the way out and exact on the way in', async () => {
  const path = join(folder, 'half.safetensors');
  await writeSafetensors(path, [['a', { shape: [3], data: new Float32Array([0.1, 2049, -65504]) }]], {}, 'F16');
  assert.deepEqual([...(await readSafetensors(path)).tensors.get('a')!.data], [0.0999755859375, 2048, -65504]);
});

test('a value too large for a half is an error, not an infinity', async () => {
  const path = join(folder, 'half.safetensors');
  await assert.rejects(writeSafetensors(path, [['a', { shape: [1], data: new Float32Array([70000]) }]], {}, 'F16'), {
    code: 'WEIGHTS_BEYOND_F16',
  });
});

test('F64 and BF16 become fp32, integers are returned separately', async () => {
  const data = Buffer.alloc(16 + 4 + 8);
  data.writeDoubleLE(0.5, 0);
  data.writeDoubleLE(-3, 8);
  data.writeUInt16LE(0x3f80, 16);
  data.writeUInt16LE(0xc000, 18);
  const path = await fileOf(
    {
      ids: { dtype: 'I64', shape: [1], data_offsets: [20, 28] },
      double: { dtype: 'F64', shape: [2], data_offsets: [0, 16] },
      brain: { dtype: 'BF16', shape: [2], data_offsets: [16, 20] },
    },
    data,
  );
  const read = await readSafetensors(path);
  assert.deepEqual([...read.tensors.get('double')!.data], [0.5, -3]);
  assert.deepEqual([...read.tensors.get('brain')!.data], [1, -2]);
  assert.deepEqual(
    read.others.map((entry) => [entry.name, entry.dtype]),
    [['ids', 'I64']],
  );
});

test('a tensor larger than one chunk is converted whole', async () => {
  const n = 3 * 2 ** 20 + 5;
  const path = join(folder, 'large.safetensors');
  await writeSafetensors(
    path,
    [['a', { shape: [n], data: Float32Array.from({ length: n }, (_, i) => i % 2048) }]],
    {},
    'F16',
  );
  const data = (await readSafetensors(path)).tensors.get('a')!.data;
  assert.equal(data.length, n);
  assert.ok(data.every((value, i) => value === i % 2048));
});

test('the lazy reader reads one tensor at a time and no integer', async () => {
  const path = await fileOf(
    { a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, n: { dtype: 'I32', shape: [1], data_offsets: [8, 12] } },
    12,
  );
  const reader = await openSafetensors(path);
  assert.deepEqual([...(await reader.read('a'))], [0, 0]);
  await assert.rejects(reader.read('n'), /no float tensor 'n' \(I32\)/);
  await assert.rejects(reader.read('b'), /no float tensor 'b' \(absent\)/);
  await reader.close();
});

test('the first value that is not a number is named', () => {
  const data = new Float32Array([1, 2, NaN]);
  assert.throws(() => requireFinite([['layer.bias', { data }]], 'x.safetensors'), {
    code: 'SAFETENSORS_NOT_FINITE',
    message: /layer\.bias.*position 2/,
  });
  assert.throws(() => requireFinite([['a', { data: new Float32Array([-Infinity]) }]], 'x'), {
    code: 'SAFETENSORS_NOT_FINITE',
  });
  requireFinite(tensors, 'x');
});

const good = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
/** Name, code, header, data (bytes), claimed header length. */
const defects: [string, string, unknown, number, bigint?][] = [
  ['header length beyond the file', 'HEADER_TOO_LONG', { a: good }, 4, 1000n],
  ['absurd header length', 'HEADER_TOO_LONG', { a: good }, 4, 2n ** 63n],
  ['header cut in the middle', 'HEADER_NOT_JSON', { a: good }, 4, 10n],
  ['header that is a list', 'HEADER_NOT_JSON', [], 0],
  ['header that is null', 'HEADER_NOT_JSON', 'null', 0],
  ['empty header', 'HEADER_NOT_JSON', '', 0],
  ['header with a comment', 'HEADER_NOT_JSON', '{} // x', 0],
  ['the same tensor twice', 'DUPLICATE_KEY', `{"a":${JSON.stringify(good)},"a":${JSON.stringify(good)}}`, 4],
  [
    'the same tensor twice, once escaped',
    'DUPLICATE_KEY',
    `{"a":${JSON.stringify(good)},"\\u0061":${JSON.stringify(good)}}`,
    4,
  ],
  ['the same field twice', 'DUPLICATE_KEY', '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4],
  ['metadata with a number', 'METADATA_NOT_TEXT', { __metadata__: { n: 1 }, a: good }, 4],
  ['metadata that is a list', 'METADATA_NOT_TEXT', { __metadata__: ['x'], a: good }, 4],
  ['entry that is a number', 'ENTRY_MALFORMED', { a: 1 }, 4],
  ['entry without offsets', 'ENTRY_MALFORMED', { a: { dtype: 'F32', shape: [1] } }, 4],
  ['entry with three offsets', 'ENTRY_MALFORMED', { a: { ...good, data_offsets: [0, 4, 8] } }, 4],
  ['unknown type', 'UNKNOWN_TYPE', { a: { ...good, dtype: 'F31' } }, 4],
  ['type named like a built-in', 'UNKNOWN_TYPE', { a: { ...good, dtype: 'constructor' } }, 4],
  ['negative size', 'SHAPE_INVALID', { a: { ...good, shape: [-1, -1] } }, 4],
  ['fractional size', 'SHAPE_INVALID', { a: { ...good, shape: [0.5, 2] } }, 4],
  ['text as size', 'SHAPE_INVALID', { a: { ...good, shape: ['1'] } }, 4],
  ['sizes whose product overflows', 'SHAPE_INVALID', { a: { ...good, shape: [2 ** 40, 2 ** 40] } }, 4],
  ['huge size', 'SIZE_MISMATCH', { a: { ...good, shape: [2 ** 50] } }, 4],
  ['shape and bytes disagree', 'SIZE_MISMATCH', { a: { ...good, shape: [2] } }, 4],
  ['negative offset', 'OUT_OF_BOUNDS', { a: { ...good, data_offsets: [-4, 0] } }, 4],
  ['offsets swapped', 'OUT_OF_BOUNDS', { a: { ...good, data_offsets: [4, 0] } }, 4],
  ['offsets beyond the end', 'OUT_OF_BOUNDS', { a: { ...good, data_offsets: [4, 8] } }, 4],
  [
    'two tensors share bytes',
    'OVERLAP',
    { a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] }, b: { ...good, data_offsets: [4, 8] } },
    8,
  ],
  ['the same bytes twice', 'OVERLAP', { a: good, b: good }, 4],
  ['a hole before the first tensor', 'HOLE', { a: { ...good, data_offsets: [4, 8] } }, 8],
  ['a hole between tensors', 'HOLE', { a: good, b: { ...good, data_offsets: [8, 12] } }, 12],
  ['bytes after the last tensor', 'HOLE', { a: good }, 5],
  ['bytes but no tensor', 'HOLE', {}, 4],
];
for (const [name, code, header, data, claimed] of defects) {
  test(`defect: ${name}`, async () => rejects(await fileOf(header, data, claimed), `SAFETENSORS_${code}`));
}

test('defect: fewer than 8 bytes', async () => {
  const path = join(folder, 'case.safetensors');
  for (const size of [0, 7]) {
    await writeFile(path, Buffer.alloc(size));
    await rejects(path, 'SAFETENSORS_TOO_SHORT');
  }
});

test('defect: bytes that are not UTF-8', async () => {
  const path = join(folder, 'case.safetensors');
  await writeFile(path, Buffer.from([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x7d]));
  await rejects(path, 'SAFETENSORS_HEADER_NOT_JSON');
});

test('defect: nesting a million deep', async () => {
  const deep = '['.repeat(1e6) + ']'.repeat(1e6);
  await rejects(
    await fileOf(`{"a":{"dtype":"F32","shape":${deep},"data_offsets":[0,4]}}`, 4),
    'SAFETENSORS_SHAPE_INVALID',
  );
});

test('defect: a file that shrinks after it was opened', async () => {
  const path = await fileOf({ a: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } }, 8);
  const reader = await openSafetensors(path);
  const handle = await open(path, 'r+');
  await handle.truncate((await handle.stat()).size - 2);
  await handle.close();
  await assert.rejects(reader.read('a'), { code: 'SAFETENSORS_TRUNCATED' });
  await reader.close();
});

test('a real file cut at any byte is refused', async () => {
  const path = join(folder, 'cut.safetensors');
  await writeSafetensors(path, tensors);
  const whole = await readFile(path);
  for (let size = 0; size < whole.length; size++) {
    await writeFile(path, whole.subarray(0, size));
    await assert.rejects(readSafetensors(path), UserError);
  }
});

test('no file, or a folder', async () => {
  await rejects(join(folder, 'absent.safetensors'), 'FILE_UNREADABLE');
  await rejects(folder, 'FILE_UNREADABLE');
});
