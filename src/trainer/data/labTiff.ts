/**
 * CIELab TIFF with 8 bits a channel, which libvips 8.18 refuses ("bad labq format"): read as if it were RGB, then
 * converted here.
 */

import { TiffHeader, tiffTag } from './tiffHeader.js';

/** A copy of the TIFF file that claims its Lab samples to be RGB; undefined if the file is not an 8-bit CIELab TIFF. */
export function relabelledLab(bytes: Uint8Array): Uint8Array | undefined {
  const header = TiffHeader.of(bytes);
  const isLab =
    header?.valueOf(tiffTag.photometric) === 8 &&
    header.valueOf(tiffTag.bitsPerSample) === 8 &&
    header.valueOf(tiffTag.samplesPerPixel) === 3;
  return isLab ? header.relabelled(bytes, { [tiffTag.photometric]: 2 }) : undefined;
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
