/**
 * Reads BMP and ICO files, which sharp does not. Written here because the npm packages for them are unmaintained or
 * read only a part of the formats, and both need the same device-independent bitmap. Reference: Microsoft's "Bitmap
 * Storage" and "BITMAPV5HEADER" pages.
 */
import * as l10n from '@vscode/l10n';

export interface Bitmap {
  width: number;
  height: number;
  /** `[height, width, 4]` RGBA, top row first. */
  data: Uint8Array;
}

/** Called with the number of pixels before memory is taken for them; throws where that is too many. */
export type RequirePixels = (pixels: number) => void;

/**
 * Reads a whole BMP file. Throws a plain Error with a message for the user, or a RangeError if the file ends too early.
 */
export function readBmp(bytes: Uint8Array, requirePixels: RequirePixels): Bitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return readDib(bytes.subarray(14), { pixelsAt: view.getUint32(10, true) - 14, icon: false, requirePixels });
}

/** The largest image of an ICO file: a PNG file inside it, or a bitmap. Throws like `readBmp`. */
export function readIco(bytes: Uint8Array, requirePixels: RequirePixels): { png: Uint8Array } | { bitmap: Bitmap } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = Array.from({ length: view.getUint16(4, true) }, (_, i) => {
    const at = 6 + 16 * i;
    // A side of 0 means 256.
    const side = (offset: number) => view.getUint8(at + offset) || 256;
    return {
      area: side(0) * side(1),
      bits: view.getUint16(at + 6, true),
      length: view.getUint32(at + 8, true),
      offset: view.getUint32(at + 12, true),
    };
  });
  const best = entries.sort((a, b) => b.area - a.area || b.bits - a.bits)[0];
  if (!best) throw new Error(l10n.t('it holds no image'));
  if (best.offset + best.length > bytes.length) throw new RangeError('The icon lies past the end of the file.');
  const inner = bytes.subarray(best.offset, best.offset + best.length);
  if (inner[0] === 0x89 && inner[1] === 0x50) return { png: inner };
  return { bitmap: readDib(inner, { pixelsAt: undefined, icon: true, requirePixels }) };
}

interface DibOptions {
  /** Where the pixels begin, counted from the header; undefined: right after the palette. */
  pixelsAt: number | undefined;
  /** In an icon the height counts a 1-bit mask below the image, and 32-bit pixels have alpha. */
  icon: boolean;
  requirePixels: RequirePixels;
}

function readDib(dib: Uint8Array, options: DibOptions): Bitmap {
  const view = new DataView(dib.buffer, dib.byteOffset, dib.byteLength);
  const headerSize = view.getUint32(0, true);
  const core = headerSize === 12;
  if (!core && headerSize < 40) throw new Error(l10n.t('its header is damaged'));
  const width = core ? view.getUint16(4, true) : view.getInt32(4, true);
  const signedHeight = core ? view.getUint16(6, true) : view.getInt32(8, true);
  const bits = view.getUint16(core ? 10 : 14, true);
  const compression = core ? 0 : view.getUint32(16, true);
  const height = Math.floor(Math.abs(signedHeight) / (options.icon ? 2 : 1));
  if (width <= 0 || height <= 0) throw new Error(l10n.t('its header is damaged'));
  options.requirePixels(width * height);

  const masksAfterHeader = headerSize === 40 && (compression === 3 || compression === 6);
  const paletteAt = headerSize + (masksAfterHeader ? (compression === 6 ? 16 : 12) : 0);
  const declared = core ? 0 : view.getUint32(32, true);
  const colours = bits > 8 ? 0 : Math.min(declared || 2 ** bits, 2 ** bits);
  const entrySize = core ? 3 : 4;
  const palette = new Uint32Array(2 ** Math.min(bits, 8));
  for (let i = 0; i < colours; i++) {
    const at = paletteAt + i * entrySize;
    palette[i] = (view.getUint8(at + 2) << 16) | (view.getUint8(at + 1) << 8) | view.getUint8(at);
  }
  const pixelsAt = options.pixelsAt ?? paletteAt + colours * entrySize;
  const stride = Math.ceil((width * bits) / 32) * 4;
  const data = new Uint8Array(width * height * 4);
  const rowOf = (y: number) => (signedHeight < 0 ? y : height - 1 - y);
  const put = (x: number, y: number, rgb: number) => {
    const at = (rowOf(y) * width + x) * 4;
    data[at] = rgb >>> 16;
    data[at + 1] = rgb >>> 8;
    data[at + 2] = rgb;
    data[at + 3] = 255;
  };

  if (compression === 1 || compression === 2) {
    readRunLengths(dib.subarray(pixelsAt), compression === 1 ? 8 : 4, width, height, (x, y, index) =>
      put(x, y, palette[index] ?? 0),
    );
    return { width, height, data };
  }
  if (compression !== 0 && compression !== 3 && compression !== 6)
    throw new Error(l10n.t('its kind of BMP compression ({0}) is not supported', compression));
  if (pixelsAt + stride * height > dib.length) throw new RangeError('The pixels lie past the end of the file.');

  if (bits === 1 || bits === 2 || bits === 4 || bits === 8) {
    const perByte = 8 / bits;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const byte = dib[pixelsAt + y * stride + Math.floor(x / perByte)]!;
        put(x, y, palette[(byte >>> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1)]!);
      }
  } else if (bits === 24 || (bits === 32 && compression === 0)) {
    const size = bits / 8;
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = pixelsAt + y * stride + x * size;
        put(x, y, (dib[at + 2]! << 16) | (dib[at + 1]! << 8) | dib[at]!);
        if (options.icon && size === 4) data[(rowOf(y) * width + x) * 4 + 3] = dib[at + 3]!;
      }
  } else if (bits === 16 || bits === 32) {
    const masks = compression === 0 ? [0x7c00, 0x3e0, 0x1f] : [0, 1, 2].map((i) => view.getUint32(40 + 4 * i, true));
    const channel = (pixel: number, mask: number) => {
      if (mask === 0) return 0;
      const shift = 31 - Math.clz32(mask & -mask);
      return Math.round((((pixel & mask) >>> shift) / (mask >>> shift)) * 255);
    };
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = pixelsAt + y * stride + (x * bits) / 8;
        const pixel = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
        put(x, y, (channel(pixel, masks[0]!) << 16) | (channel(pixel, masks[1]!) << 8) | channel(pixel, masks[2]!));
      }
  } else throw new Error(l10n.t('its header is damaged'));

  if (options.icon) applyMask(dib.subarray(pixelsAt + stride * height), { width, height, data }, bits, rowOf);
  return { width, height, data };
}

/** Transparency of an icon without alpha: a 1-bit mask after the pixels, 1 for see-through. */
function applyMask(
  mask: Uint8Array,
  { width, height, data }: Bitmap,
  bits: number,
  rowOf: (y: number) => number,
): void {
  if (bits === 32) {
    let hasAlpha = false;
    for (let at = 3; at < data.length && !hasAlpha; at += 4) hasAlpha = data[at] !== 0;
    if (hasAlpha) return;
    for (let at = 3; at < data.length; at += 4) data[at] = 255;
  }
  const stride = Math.ceil(width / 32) * 4;
  if (mask.length < stride * height) return;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if ((mask[y * stride + (x >> 3)]! >>> (7 - (x & 7))) & 1) data[(rowOf(y) * width + x) * 4 + 3] = 0;
}

/**
 * RLE8 and RLE4: pairs of a count and an index, with escapes (count 0) for end of line, end of image, a jump, and
 * literal runs.
 */
function readRunLengths(
  bytes: Uint8Array,
  bits: 4 | 8,
  width: number,
  height: number,
  put: (x: number, y: number, index: number) => void,
): void {
  let x = 0;
  let y = 0;
  let at = 0;
  const next = () => {
    const byte = bytes[at++];
    if (byte === undefined) throw new RangeError('The runs end too early.');
    return byte;
  };
  const emit = (index: number) => {
    if (x < width && y < height) put(x, y, index);
    x++;
  };
  while (y < height) {
    const count = next();
    const value = next();
    if (count > 0) for (let i = 0; i < count; i++) emit(bits === 8 ? value : i % 2 === 0 ? value >>> 4 : value & 15);
    else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) return;
    else if (value === 2) {
      x += next();
      y += next();
    } else {
      const from = at;
      let byte = 0;
      for (let i = 0; i < value; i++) {
        if (bits === 8 || i % 2 === 0) byte = next();
        emit(bits === 8 ? byte : i % 2 === 0 ? byte >>> 4 : byte & 15);
      }
      if ((at - from) % 2 === 1) at++;
    }
  }
}

/** The words for an image beyond the bound on pixels. */
export function tooManyPixels(maximum: number): string {
  return l10n.t('it has too many pixels (more than {0} million)', Math.floor(maximum / 1e6));
}
