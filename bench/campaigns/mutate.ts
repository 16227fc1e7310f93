/** Damages bytes and JSON texts in the ways that disks, editors, other programs and attackers do. */
import type { Choice } from './random.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const strange: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  2 ** 63,
  '',
  '0',
  '../../../etc/passwd',
  '\u0000',
  '\u001b[31m',
  '__proto__',
  '(a+)+$',
  '[',
  'x'.repeat(5000),
  [],
  [[[[[[]]]]]],
  [-1],
  [0],
  [1e9, 1e9],
  {},
  { a: {} },
];

/** Bytes that mean something in binary formats. */
const telling = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x0a, 0x22, 0x7b, 0x2c];

function damaged(bytes: Buffer, choice: Choice): Buffer {
  const at = choice.below(bytes.length + 1);
  const span = choice.below(Math.min(64, bytes.length - at) + 1);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + span)];
  switch (choice.below(7)) {
    case 0: // A bit flips.
      if (at === bytes.length) return before;
      return Buffer.concat([before, Buffer.of(bytes[at]! ^ (1 << choice.below(8))), bytes.subarray(at + 1)]);
    case 1: // The file ends too early.
      return Buffer.from(before);
    case 2: // A part is missing.
      return Buffer.concat([before, after]);
    case 3: // A part is there twice.
      return Buffer.concat([before, bytes.subarray(at, at + span), bytes.subarray(at)]);
    case 4: // A part is something else.
      return Buffer.concat([before, Buffer.from(Array.from({ length: span }, () => choice.below(256))), after]);
    case 5: // A byte is one that means something.
      return Buffer.concat([before, Buffer.of(choice.of(telling)), bytes.subarray(at + 1)]);
    default: {
      // A length or an offset is enormous.
      const number = Buffer.alloc(8);
      number.writeBigUInt64LE(BigInt.asUintN(64, choice.of([-1n, 2n ** 63n, 2n ** 32n, 2n ** 31n, 1n, 0n])));
      return Buffer.concat([before, number, bytes.subarray(at + 8)]);
    }
  }
}

/** Changes one value, key or element somewhere in `value`. */
function changed(value: Json, choice: Choice): Json {
  if (value === null || typeof value !== 'object' || choice.below(4) === 0) return choice.of(strange);
  if (Array.isArray(value)) {
    const at = choice.below(value.length + 1);
    if (at === value.length) return [...value, choice.of(strange)];
    return choice.below(4) === 0 ? value.toSpliced(at, 1) : value.with(at, changed(value[at]!, choice));
  }
  const keys = Object.keys(value);
  const key = choice.of([...keys, 'unknown']);
  const { [key]: inner = null, ...others } = value;
  if (choice.below(5) === 0) return others;
  if (choice.below(8) === 0) return { ...others, [`${key}_`]: inner };
  return { ...value, [key]: changed(inner, choice) };
}

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
};

/** Half of the time JSON is changed as JSON: a reader's checks are beyond its parser. */
function changedText(bytes: Buffer, choice: Choice): Buffer | undefined {
  const text = bytes.toString('utf8');
  const whole = parsed(text);
  if (whole !== undefined) return Buffer.from(JSON.stringify(changed(whole, choice)));
  const lines = text.split('\n');
  const at = choice.below(lines.length);
  const line = parsed(lines[at]!);
  return line === undefined ? undefined : Buffer.from(lines.with(at, JSON.stringify(changed(line, choice))).join('\n'));
}

/** safetensors: eight bytes of length, a header in JSON, data. */
function changedHeader(bytes: Buffer, choice: Choice): Buffer | undefined {
  if (bytes.length < 8) return undefined;
  const length = Number(bytes.readBigUInt64LE());
  if (length > bytes.length - 8) return undefined;
  const header = changedText(bytes.subarray(8, 8 + length), choice);
  if (!header) return undefined;
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([start, header, bytes.subarray(8 + length)]);
}

/** A damaged copy of a file that was whole: one to three changes. */
export function mutated(whole: Buffer, kind: 'bytes' | 'json' | 'safetensors', choice: Choice): Buffer {
  let bytes = whole;
  for (let left = 1 + choice.below(3); left > 0; left--) {
    const structured =
      kind === 'bytes' || choice.below(2) === 0 ? undefined : kind === 'json' ? changedText : changedHeader;
    bytes = structured?.(bytes, choice) ?? damaged(bytes, choice);
  }
  return bytes;
}
