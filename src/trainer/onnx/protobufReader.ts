/**
 * A reader of untrusted protobuf messages: every length is checked against the available bytes, and fields are decoded
 * only on request.
 */
import * as l10n from '@vscode/l10n';

/** The bytes are not a valid protobuf message; the text says why. */
export class ProtobufError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ProtobufError';
  }
}

const short = (): ProtobufError => new ProtobufError(l10n.t('it ends too early'));
const wrong = (): ProtobufError => new ProtobufError(l10n.t('its bytes are not valid'));

/** One field of a message: a number, or bytes (a text, a nested message, packed numbers). */
export interface Field {
  number: number;
  /** Of a varint, signed as int64 is. */
  value?: bigint;
  bytes?: Uint8Array;
  /** The encoded field, tag included. */
  raw: Uint8Array;
}

/** The number at `at`, and the position of the next byte. */
function varint(message: Uint8Array, at: number): [value: bigint, next: number] {
  let value = 0n;
  for (let i = 0; i < 10; i++) {
    const byte = message[at + i];
    if (byte === undefined) throw short();
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return [BigInt.asIntN(64, value), at + i + 1];
  }
  throw wrong();
}

/** The fields of a message in their order. Throws `ProtobufError` if the bytes are not a message. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  for (let at = 0; at < message.length;) {
    const start = at;
    const [tag, afterTag] = varint(message, at);
    const number = Number(tag >> 3n);
    if (number < 1 || number > 0x1fffffff) throw wrong();
    const wire = Number(tag & 7n);
    if (wire === 0) {
      const [value, next] = varint(message, afterTag);
      yield { number, value, raw: message.subarray(start, next) };
      at = next;
      continue;
    }
    const [length, from] = wire === 2 ? varint(message, afterTag) : [{ 1: 8n, 5: 4n }[wire], afterTag];
    if (length === undefined) throw wrong();
    if (length < 0n) throw wrong();
    if (length > message.length - from) throw short();
    at = from + Number(length);
    yield { number, bytes: message.subarray(from, at), raw: message.subarray(start, at) };
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The text of a field. */
export function textOf({ bytes }: Field): string {
  if (!bytes) throw wrong();
  try {
    return utf8.decode(bytes);
  } catch {
    throw wrong();
  }
}

/** The nested message of a field. */
export function messageOf({ bytes }: Field): Uint8Array {
  if (!bytes) throw wrong();
  return bytes;
}

/** The integer of a field; throws if a double cannot hold it. */
export function numberOf({ value }: Field): number {
  const result = Number(value);
  if (value === undefined || !Number.isSafeInteger(result)) throw wrong();
  return result;
}

/** The integers of a repeated field, packed or not. */
export function numbersOf(field: Field): number[] {
  if (!field.bytes) return [numberOf(field)];
  const found: number[] = [];
  for (let at = 0; at < field.bytes.length;) {
    const [value, next] = varint(field.bytes, at);
    found.push(numberOf({ ...field, value }));
    at = next;
  }
  return found;
}
