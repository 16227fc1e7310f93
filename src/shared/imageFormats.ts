/** The image formats, one row each: the endings of file names, the first bytes, and whether ViTune reads the format. */

interface ImageFormat {
  /** Endings of file names, in lower case. */
  endings: readonly string[];
  /** Whether the first `sniffedBytes` bytes of a file are those of the format. */
  matches?(bytes: Uint8Array): boolean;
}

const starts = (bytes: Uint8Array, ...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

const ascii = (bytes: Uint8Array, from: number, to = sniffedBytes): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(bytes.length, to)));

/** The brands of an ISO base media file, e.g. `avifmif1miaf`; empty of another. */
const brands = (bytes: Uint8Array): string => (ascii(bytes, 4, 8) === 'ftyp' ? ascii(bytes, 8) : '');

const text = (bytes: Uint8Array): string =>
  ascii(bytes, 0)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();

/** How many bytes `formatOfContent` looks at. */
export const sniffedBytes = 64;

const isAvif = (bytes: Uint8Array): boolean => /avi[fs]/.test(brands(bytes));

/** What `decode.ts` reads. */
const readable = {
  JPEG: { endings: ['jpg', 'jpeg', 'jpe', 'jfif'], matches: (bytes) => starts(bytes, 0xff, 0xd8, 0xff) },
  PNG: { endings: ['png', 'apng'], matches: (bytes) => starts(bytes, 0x89, 0x50, 0x4e, 0x47) },
  WebP: { endings: ['webp'], matches: (bytes) => ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 12) === 'WEBP' },
  GIF: { endings: ['gif'], matches: (bytes) => ascii(bytes, 0, 4) === 'GIF8' },
  TIFF: {
    endings: ['tif', 'tiff'],
    matches: (bytes) =>
      starts(bytes, 0x49, 0x49, 0x2a, 0) ||
      starts(bytes, 0x4d, 0x4d, 0, 0x2a) ||
      starts(bytes, 0x49, 0x49, 0x2b, 0) ||
      starts(bytes, 0x4d, 0x4d, 0, 0x2b),
  },
  AVIF: { endings: ['avif'], matches: isAvif },
  HEIC: {
    endings: ['heic', 'heif', 'hif'],
    matches: (bytes) => !isAvif(bytes) && /hei[cxms]|hev[cx]|mif1/.test(brands(bytes)),
  },
  BMP: {
    endings: ['bmp', 'dib'],
    // "BM", then the file's size, then two reserved words that are zero.
    matches: (bytes) => ascii(bytes, 0, 2) === 'BM' && [6, 7, 8, 9].every((i) => bytes[i] === 0),
  },
  ICO: {
    endings: ['ico', 'cur'],
    // Reserved 0, type 1 (icon) or 2 (cursor), then a count: the count's high byte is 0 in any real file.
    matches: (bytes) => (starts(bytes, 0, 0, 1, 0) || starts(bytes, 0, 0, 2, 0)) && bytes[4] !== 0 && bytes[5] === 0,
  },
} satisfies Record<string, ImageFormat>;

/** What ViTune names and leaves out. */
const unreadable: Record<string, ImageFormat> = {
  SVG: { endings: ['svg', 'svgz'], matches: (bytes) => text(bytes).startsWith('<svg') },
  'JPEG 2000': {
    endings: ['jp2', 'j2k', 'jpx', 'jpf'],
    matches: (bytes) => starts(bytes, 0, 0, 0, 0x0c, 0x6a, 0x50, 0x20, 0x20) || starts(bytes, 0xff, 0x4f, 0xff, 0x51),
  },
  'JPEG XL': {
    endings: ['jxl'],
    matches: (bytes) => starts(bytes, 0xff, 0x0a) || starts(bytes, 0, 0, 0, 0x0c, 0x4a, 0x58, 0x4c, 0x20),
  },
  Photoshop: { endings: ['psd', 'psb'], matches: (bytes) => ascii(bytes, 0, 4) === '8BPS' },
  'camera raw': { endings: ['dng', 'cr2', 'cr3', 'nef', 'arw', 'orf', 'rw2', 'raf'] },
  Netpbm: { endings: ['ppm', 'pgm', 'pbm', 'pnm'] },
  TGA: { endings: ['tga'] },
  OpenEXR: { endings: ['exr'] },
  DICOM: { endings: ['dcm'] },
  HTML: {
    endings: [],
    matches: (bytes) => text(bytes).startsWith('<!doctype html') || text(bytes).startsWith('<html'),
  },
};

export type ReadableFormat = keyof typeof readable;

const formats = Object.entries<ImageFormat>({ ...readable, ...unreadable });

const byEnding = new Map(formats.flatMap(([name, { endings }]) => endings.map((ending) => [ending, name] as const)));

/** The endings of the names of images that ViTune reads. */
export const readableEndings: readonly string[] = Object.values<ImageFormat>(readable).flatMap(
  ({ endings }) => endings,
);

/** The image format that the file's name claims, readable or not; undefined where it claims none. */
export function formatOfName(path: string): string | undefined {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? byEnding.get(name.slice(dot + 1).toLowerCase()) : undefined;
}

export function isReadable(format: string): format is ReadableFormat {
  return Object.hasOwn(readable, format);
}

/**
 * The format that the first `sniffedBytes` bytes of a file show, readable or not; undefined where they show none that
 * is known here.
 */
export function formatOfContent(bytes: Uint8Array): string | undefined {
  return formats.find(([, { matches }]) => matches?.(bytes))?.[0];
}
