/** Which files are images: by the ending of the name, and by the first bytes of the content. */
import { extname } from 'node:path';

/** The formats that `decode.ts` reads; every other format is reported to the user and left out. */
export type ReadableFormat = 'JPEG' | 'PNG' | 'WebP' | 'GIF' | 'TIFF' | 'AVIF' | 'BMP' | 'ICO';

const readable: Record<ReadableFormat, string[]> = {
  JPEG: ['jpg', 'jpeg', 'jpe', 'jfif'],
  PNG: ['png', 'apng'],
  WebP: ['webp'],
  GIF: ['gif'],
  TIFF: ['tif', 'tiff'],
  AVIF: ['avif'],
  BMP: ['bmp', 'dib'],
  ICO: ['ico', 'cur'],
};
const unreadable: Record<string, string[]> = {
  SVG: ['svg', 'svgz'],
  HEIC: ['heic', 'heif'],
  'JPEG 2000': ['jp2', 'j2k', 'jpx', 'jpf'],
  'JPEG XL': ['jxl'],
  Photoshop: ['psd', 'psb'],
  'camera raw': ['dng', 'cr2', 'cr3', 'nef', 'arw', 'orf', 'rw2', 'raf'],
  Netpbm: ['ppm', 'pgm', 'pbm', 'pnm'],
  TGA: ['tga'],
  OpenEXR: ['exr'],
  DICOM: ['dcm'],
};

const byEnding = new Map<string, string>();
for (const formats of [readable, unreadable])
  for (const [name, endings] of Object.entries(formats)) for (const ending of endings) byEnding.set(ending, name);

/** The image format that the file's name claims, readable or not; undefined where it claims none. */
export function formatOfName(path: string): string | undefined {
  return byEnding.get(extname(path).slice(1).toLowerCase());
}

export function isReadable(format: string): format is ReadableFormat {
  return Object.hasOwn(readable, format);
}

/** How many bytes `formatOfContent` looks at. */
export const sniffedBytes = 64;

const ascii = (bytes: Uint8Array, from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));

/**
 * The format that the first `sniffedBytes` bytes of a file show, readable or not; undefined where they show none that
 * is known here.
 */
export function formatOfContent(bytes: Uint8Array): string | undefined {
  const starts = (...magic: number[]) => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xff, 0xd8, 0xff)) return 'JPEG';
  if (starts(0x89, 0x50, 0x4e, 0x47)) return 'PNG';
  if (
    starts(0x49, 0x49, 0x2a, 0) ||
    starts(0x4d, 0x4d, 0, 0x2a) ||
    starts(0x49, 0x49, 0x2b, 0) ||
    starts(0x4d, 0x4d, 0, 0x2b)
  )
    return 'TIFF';
  // Reserved 0, type 1 (icon) or 2 (cursor), then a count: the count's high byte is 0 in any real file.
  if ((starts(0, 0, 1, 0) || starts(0, 0, 2, 0)) && bytes[4] !== 0 && bytes[5] === 0) return 'ICO';
  if (starts(0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20) || starts(0xff, 0x4f, 0xff, 0x51)) return 'JPEG 2000';
  if (starts(0xff, 0x0a) || starts(0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20)) return 'JPEG XL';
  const head = ascii(bytes, 0, Math.min(bytes.length, sniffedBytes));
  if (head.startsWith('GIF8')) return 'GIF';
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return 'WebP';
  if (head.slice(4, 8) === 'ftyp') {
    const brands = head.slice(8);
    if (/avi[fs]/.test(brands)) return 'AVIF';
    if (/hei[cxms]|hev[cx]|mif1/.test(brands)) return 'HEIC';
  }
  // "BM", then the file's size, then two reserved words that are zero.
  if (head.startsWith('BM') && [6, 7, 8, 9].every((i) => bytes[i] === 0)) return 'BMP';
  if (head.startsWith('8BPS')) return 'Photoshop';
  const text = head
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();
  if (text.startsWith('<svg')) return 'SVG';
  if (text.startsWith('<!doctype html') || text.startsWith('<html')) return 'HTML';
  return undefined;
}
