/**
 * Reading and writing of safetensors files (https://huggingface.co/docs/safetensors, format of 2022): one tensor at a
 * time, every defect named.
 */
import { closeSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { openInput } from '../core/files.js';
import { errors, reasonOf } from '../errors/errors.js';
import { readFullySync } from '../core/fileBytes.js';
import type { FilePlace } from '../core/filePlace.js';
import { readBfloats, readHalves, toHalves } from '../core/float16.js';
import { parseHeader, type TensorEntry } from './safetensorsHeader.js';

/** A float tensor in memory: row-major, `data.length` is the product of `shape` (1 for the empty shape). */
export interface Tensor {
  shape: number[];
  data: Float32Array;
}

/** Tensors on disk, read on request. */
export interface TensorReader {
  /** What is there, by name, in the order of the file. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** A float tensor (F64, F32, F16, BF16) as fp32. Requesting a missing name or type is a bug of the caller. */
  read(name: string): Promise<Float32Array>;
  /** The same while the caller waits, also after `close`; into the beginning of `target` where it is given. */
  readNow(name: string, target?: Float32Array): Float32Array;
  /** The place of a tensor that is stored as fp32; undefined for another format. */
  placeOf(name: string): FilePlace | undefined;
  close(): Promise<void>;
}

const floats = new Set(['F64', 'F32', 'F16', 'BF16']);
/** Bytes converted at once, so that a half-precision tensor is never held twice in full. */
const chunkBytes = 4 * 2 ** 20;

/** Whether `read` can give it; integer and 8-bit tensors are listed but not read. */
export function isFloat(entry: TensorEntry): boolean {
  return floats.has(entry.dtype);
}

function readExactly(file: number, path: string, target: Uint8Array, position: number): void {
  if (!readFullySync(file, target, position)) throw errors.safetensors.truncated(path);
}

// The bytes of a file are little-endian, as those of every machine that ONNX Runtime for Node is built for.
function readFloats(file: number, path: string, entry: TensorEntry, into?: Float32Array): Float32Array {
  const data = into?.subarray(0, entry.elements) ?? new Float32Array(entry.elements);
  if (entry.dtype === 'F32') {
    readExactly(file, path, new Uint8Array(data.buffer, data.byteOffset, data.byteLength), entry.begin);
    return data;
  }
  const width = (entry.end - entry.begin) / (entry.elements || 1);
  const buffer = new ArrayBuffer(Math.min(chunkBytes, entry.end - entry.begin));
  for (let position = entry.begin, first = 0; position < entry.end;) {
    const length = Math.min(buffer.byteLength, entry.end - position);
    const count = length / width;
    readExactly(file, path, new Uint8Array(buffer, 0, length), position);
    const target = data.subarray(first, first + count);
    if (entry.dtype === 'F16') readHalves(new Uint16Array(buffer, 0, count), target);
    else if (entry.dtype === 'BF16') readBfloats(new Uint16Array(buffer, 0, count), target);
    else target.set(new Float64Array(buffer, 0, count));
    position += length;
    first += count;
  }
  return data;
}

/** Opens a file and checks its whole header; no tensor is read yet. Close it. */
export async function openSafetensors(path: string): Promise<TensorReader> {
  const handle = await openInput(path).catch((error: unknown) => {
    throw errors.fileUnreadable(path, reasonOf(error));
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw errors.fileUnreadable(path, 'not a file');
    const { entries, metadata } = await parseHeader(path, stat.size, async (target, position) =>
      readExactly(handle.fd, path, target, position),
    );
    const entryOf = (name: string): TensorEntry => {
      const entry = entries.get(name);
      if (!entry || !isFloat(entry))
        throw new Error(`${path}: no float tensor '${name}' (${entry?.dtype ?? 'absent'})`);
      return entry;
    };
    return {
      entries,
      metadata,
      read: async (name) => readFloats(handle.fd, path, entryOf(name)),
      readNow(name, target) {
        const file = openSync(path, 'r');
        try {
          return readFloats(file, path, entryOf(name), target);
        } finally {
          closeSync(file);
        }
      },
      placeOf(name) {
        const { dtype, begin } = entryOf(name);
        return dtype === 'F32' ? { file: path, offset: begin } : undefined;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads every float tensor of a file; `others` lists those of other types, which are not read. */
export async function readSafetensors(
  path: string,
): Promise<{ tensors: Map<string, Tensor>; others: TensorEntry[]; metadata: Readonly<Record<string, string>> }> {
  const reader = await openSafetensors(path);
  try {
    const tensors = new Map<string, Tensor>();
    const others: TensorEntry[] = [];
    for (const [name, entry] of reader.entries) {
      if (isFloat(entry)) tensors.set(name, { shape: entry.shape, data: await reader.read(name) });
      else others.push(entry);
    }
    return { tensors, others, metadata: reader.metadata };
  } finally {
    await reader.close();
  }
}

/** Throws a UserError that names the first tensor with a NaN or an infinity; `file` is where the tensors came from. */
export function requireFinite(tensors: Iterable<readonly [string, Pick<Tensor, 'data'>]>, file: string): void {
  for (const [name, { data }] of tensors) {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (value - value !== 0) throw errors.safetensors.notFinite(file, name, i);
    }
  }
}

function bytesOf(name: string, tensor: Tensor, dtype: 'F32' | 'F16', path: string): Uint8Array {
  const elements = tensor.shape.reduce((a, b) => a * b, 1);
  if (elements !== tensor.data.length)
    throw new Error(`${name}: shape [${tensor.shape.join()}] but ${tensor.data.length} numbers`);
  if (dtype === 'F32') return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const halves = toHalves(tensor.data);
  const lost = halves.findIndex((bits, i) => (bits & 0x7fff) === 0x7c00 && Number.isFinite(tensor.data[i]!));
  if (lost >= 0) throw errors.beyondHalf(path, name, tensor.data[lost]!);
  return new Uint8Array(halves.buffer);
}

/** Writes the tensors in the order given. The data begins at a multiple of 8 bytes. Not atomic: see `store.ts`. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Record<string, string> = {},
  dtype: 'F32' | 'F16' = 'F32',
): Promise<void> {
  const list = [...tensors];
  // A map, since a tensor may be named `__proto__`.
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  let offset = 0;
  for (const [name, { shape, data }] of list) {
    if (name === '__metadata__' || header.has(name)) throw new Error(`tensor name '${name}' is taken`);
    const end = offset + data.length * (dtype === 'F32' ? 4 : 2);
    header.set(name, { dtype, shape, data_offsets: [offset, end] });
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const head = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  json.copy(head, 8);
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(head);
    for (const [name, tensor] of list) await handle.writeFile(bytesOf(name, tensor, dtype, path));
  } finally {
    await handle.close();
  }
}
