/** Of an image's EXIF data: when it was taken, and by which camera. Reference: CIPA DC-008 (Exif 2.32), 4.6. */

export interface Capture {
  /** Seconds since 1970 by the camera's own clock, which has no time zone. */
  time?: number;
  /** Make and model. */
  camera?: string;
}

const tags = { make: 0x10f, model: 0x110, exifDirectory: 0x8769, taken: 0x9003 };
const [text, long] = [2, 4];
/** A directory of more entries is not one. */
const maxEntries = 1024;

/** Reads what an EXIF block (with or without `Exif\0\0` before it) says; what is damaged says nothing. */
export function captureOf(exif: Uint8Array | undefined): Capture {
  if (!exif) return {};
  const isNamed = String.fromCharCode(...exif.subarray(0, 4)) === 'Exif';
  const bytes = isNamed ? exif.subarray(6) : exif;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0x49;
  const read = (directory: number): Map<number, string | number> => {
    const found = new Map<number, string | number>();
    const count = view.getUint16(directory, isLittle);
    for (let i = 0; i < Math.min(count, maxEntries); i++) {
      const at = directory + 2 + 12 * i;
      const [tag, type, length] = [
        view.getUint16(at, isLittle),
        view.getUint16(at + 2, isLittle),
        view.getUint32(at + 4, isLittle),
      ];
      const value = view.getUint32(at + 8, isLittle);
      if (type === long) found.set(tag, value);
      if (type !== text) continue;
      const start = length > 4 ? value : at + 8;
      found.set(tag, Buffer.from(bytes.subarray(start, start + length)).toString('latin1'));
    }
    return found;
  };
  try {
    const first = read(view.getUint32(4, isLittle));
    const inner = first.get(tags.exifDirectory);
    const taken = typeof inner === 'number' ? read(inner).get(tags.taken) : undefined;
    const time = typeof taken === 'string' ? secondsOf(taken) : undefined;
    const camera = [first.get(tags.make), first.get(tags.model)].map(worded).filter(Boolean).join(' ');
    return { ...(time === undefined ? {} : { time }), ...(camera ? { camera } : {}) };
  } catch (error) {
    // A directory that points past the end.
    if (error instanceof RangeError) return {};
    throw error;
  }
}

const worded = (value: string | number | undefined): string =>
  typeof value === 'string' ? value.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim() : '';

/** `2024:05:17 12:30:05` */
function secondsOf(written: string): number | undefined {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)/.exec(written)?.slice(1).map(Number);
  if (!parts) return undefined;
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
  return year > 1900 ? seconds : undefined;
}
