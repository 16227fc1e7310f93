/**
 * CIELab TIFF with 8 bits a channel, which libvips 8.18 refuses ("bad labq format"): read as if it were RGB, then
 * converted here.
 */

/** A copy of the TIFF file that claims its Lab samples to be RGB; undefined where the file is no 8-bit CIELab TIFF. */
export function relabelledLab(bytes: Uint8Array): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  if (bytes.length < 8 || view.getUint16(2, little) !== 42) return undefined;
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) return undefined;
  const count = view.getUint16(directory, little);
  if (directory + 2 + 12 * count > bytes.length) return undefined;
  let photometric: number | undefined;
  const tag = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = directory + 2 + 12 * i;
    const id = view.getUint16(at, little);
    // Values of type SHORT lie in the first two bytes of the value field; three of them lie elsewhere in the file.
    const values = view.getUint32(at + 4, little);
    const place = values <= 2 ? at + 8 : view.getUint32(at + 8, little);
    if (view.getUint16(at + 2, little) !== 3 || place + 2 > bytes.length) continue;
    tag.set(id, view.getUint16(place, little));
    if (id === 262) photometric = place;
  }
  if (photometric === undefined || tag.get(262) !== 8 || tag.get(258) !== 8 || tag.get(277) !== 3) return undefined;
  const copy = Uint8Array.from(bytes);
  new DataView(copy.buffer).setUint16(photometric, 2, little);
  return copy;
}

/**
 * Converts `[pixels, 3]` in place from CIELab (L of 0 to 255, a and b in two's complement; white D50, as ICC has it) to
 * sRGB.
 */
export function labToSrgb(data: Uint8Array): void {
  const inverse = (t: number) => (t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29));
  // IEC 61966-2-1.
  const encode = (linear: number) => {
    const v = Math.min(1, Math.max(0, linear));
    return Math.round(255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
  };
  for (let i = 0; i < data.length; i += 3) {
    const l = ((data[i]! / 255) * 100 + 16) / 116;
    const x = 0.96422 * inverse(l + ((data[i + 1]! << 24) >> 24) / 500);
    const y = inverse(l);
    const z = 0.82521 * inverse(l - ((data[i + 2]! << 24) >> 24) / 200);
    // XYZ of D50 to linear sRGB, adapted by Bradford's method (brucelindbloom.com).
    data[i] = encode(3.1338561 * x - 1.6168667 * y - 0.4906146 * z);
    data[i + 1] = encode(-0.9787684 * x + 1.9161415 * y + 0.033454 * z);
    data[i + 2] = encode(0.0719453 * x - 0.2289914 * y + 1.4052427 * z);
  }
}
