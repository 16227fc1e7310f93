/** The header of a safetensors file: parsed from bytes that may be hostile, with a closed list of defects. */
import { createScanner } from 'jsonc-parser';
import { errors } from '../errors/errors.js';

/** A tensor as the header describes it. */
export interface TensorEntry {
  name: string;
  dtype: string;
  shape: number[];
  /** The product of `shape`. */
  elements: number;
  /** Where its bytes lie in the file: [begin, end). */
  begin: number;
  end: number;
}

/** Bits an element of each type that the format defines. */
const dtypeBits: Record<string, number> = {
  ...{
    F4: 4,
    F6_E2M3: 6,
    F6_E3M2: 6,
    F8_E4M3: 8,
    F8_E5M2: 8,
    F8_E8M0: 8,
    F16: 16,
    BF16: 16,
    F32: 32,
    F64: 64,
    C64: 64,
  },
  ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, U32: 32, I32: 32, U64: 64, I64: 64 },
};

/** The format's own limit; it keeps a damaged length from asking for gigabytes. */
const maxHeaderBytes = 100_000_000;

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const listOf = (values: unknown[]) =>
  `[${values.map((v) => (isObject(v) || Array.isArray(v) ? '…' : String(v))).join(', ')}]`;

/** The first key that occurs twice in one object of a valid JSON text; `JSON.parse` would silently keep the last. */
function duplicateKey(text: string): string | undefined {
  // The scanner, not the parser: hostile nesting cannot overflow its stack.
  const scanner = createScanner(text, true);
  const open: Set<string>[] = [];
  let key = '';
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const first = text[scanner.getTokenOffset()];
    if (first === '"') key = scanner.getTokenValue();
    else if (first === '{' || first === '[') open.push(new Set());
    else if (first === '}' || first === ']') open.pop();
    else if (first === ':') {
      const keys = open.at(-1)!;
      if (keys.has(key)) return key;
      keys.add(key);
    }
  }
  return undefined;
}

function parseJson(path: string, bytes: Uint8Array): Json {
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw errors.safetensors.headerNotJson(path);
  }
  if (!isObject(value)) throw errors.safetensors.headerNotJson(path);
  const twice = duplicateKey(text);
  if (twice !== undefined) throw errors.safetensors.duplicateKey(path, twice);
  return value;
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((v) => typeof v === 'string'))
    throw errors.safetensors.metadataNotText(path);
  return value as Record<string, string>;
}

function parseEntry(path: string, name: string, value: unknown, dataBegin: number, dataBytes: number): TensorEntry {
  if (!isObject(value)) throw errors.safetensors.entryMalformed(path, name);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Array.isArray(shape) || !Array.isArray(offsets) || offsets.length !== 2) {
    throw errors.safetensors.entryMalformed(path, name);
  }
  if (!Object.hasOwn(dtypeBits, dtype)) throw errors.safetensors.unknownType(path, name, dtype);
  const elements = shape.reduce((product: number, n: unknown) => (isCount(n) ? product * n : NaN), 1);
  if (!isCount(elements)) throw errors.safetensors.shapeInvalid(path, name, listOf(shape));
  const [begin, end] = offsets as unknown[];
  if (!isCount(begin) || !isCount(end) || begin > end || end > dataBytes)
    throw errors.safetensors.outOfBounds(path, name, listOf(offsets), dataBytes);
  const bytes = (elements * dtypeBits[dtype]!) / 8;
  if (bytes !== end - begin)
    throw errors.safetensors.sizeMismatch(path, name, `${dtype} [${shape.join(', ')}]`, bytes, end - begin);
  return { name, dtype, shape: shape as number[], elements, begin: dataBegin + begin, end: dataBegin + end };
}

/** Every byte of the data belongs to one tensor: no overlap, no hole, no rest. */
function requireCover(path: string, entries: TensorEntry[], dataBegin: number, size: number): void {
  let position = dataBegin;
  for (const entry of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin < position) throw errors.safetensors.overlap(path, entry.name);
    if (entry.begin > position) throw errors.safetensors.hole(path, position, entry.begin);
    position = entry.end;
  }
  if (position !== size) throw errors.safetensors.hole(path, position, size);
}

/**
 * Reads and checks the header of a file of `size` bytes; `read` fills its first argument from a place in the file.
 * @throws UserError naming the defect.
 */
export async function parseHeader(
  path: string,
  size: number,
  read: (target: Uint8Array, position: number) => Promise<void>,
): Promise<{ entries: Map<string, TensorEntry>; metadata: Record<string, string> }> {
  if (size < 8) throw errors.safetensors.tooShort(path, size);
  const prefix = Buffer.alloc(8);
  await read(prefix, 0);
  const length = Number(prefix.readBigUInt64LE());
  if (length > maxHeaderBytes || length > size - 8) throw errors.safetensors.headerTooLong(path, length, size);
  const bytes = Buffer.alloc(length);
  await read(bytes, 8);
  const { __metadata__, ...tensors } = parseJson(path, bytes);
  const metadata = parseMetadata(path, __metadata__);
  const dataBegin = 8 + length;
  const entries = Object.entries(tensors).map(([name, value]) =>
    parseEntry(path, name, value, dataBegin, size - dataBegin),
  );
  requireCover(path, entries, dataBegin, size);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}
