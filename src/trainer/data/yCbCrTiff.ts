/**
 * TIFF with luma and chroma that is not JPEG-compressed, which libvips misreads as RGB: its samples are read unchanged
 * and converted here. Reference: TIFF 6.0, section 21.
 */
import * as l10n from '@vscode/l10n';
import { TiffHeader, tiffTag } from './tiffHeader.js';

const uncompressed = 1;
/** Old and new style: libtiff converts the colours of these. */
const jpegs = [6, 7];

/** How the colours of such a file are stored; undefined for every other file. */
export class YCbCrTiff {
  private constructor(
    private readonly bytes: Uint8Array,
    private readonly header: TiffHeader,
    private readonly across: number,
    private readonly down: number,
  ) {}

  /** Throws an Error in words where the colours cannot be read. */
  static of(bytes: Uint8Array): YCbCrTiff | undefined {
    const header = TiffHeader.of(bytes);
    const compression = header?.valueOf(tiffTag.compression) ?? uncompressed;
    if (header?.valueOf(tiffTag.photometric) !== 6 || jpegs.includes(compression)) return undefined;
    const isPlain =
      header.valueOf(tiffTag.bitsPerSample) === 8 &&
      header.valueOf(tiffTag.samplesPerPixel) === 3 &&
      (header.valueOf(tiffTag.planarConfiguration) ?? 1) === 1;
    // Pillow before 7 wrote files without the tag, each pixel with its own colour, though 2 x 2 is what that means.
    const stored = header.valuesOf(tiffTag.stripByteCounts).reduce((sum, count) => sum + count, 0);
    const [width = 0, height = 0] = [header.valueOf(tiffTag.imageWidth), header.valueOf(tiffTag.imageLength)];
    const isWhole = compression === uncompressed && stored === 3 * width * height;
    const [across = 2, down = 2] = isWhole ? [1, 1] : header.valuesOf(tiffTag.yCbCrSubSampling);
    const isReduced = across !== 1 || down !== 1;
    const isTiled = header.placeOf(tiffTag.tileWidth) !== undefined;
    if (!isPlain || (isReduced && (compression !== uncompressed || isTiled)))
      throw new Error(l10n.t('this way of storing YCbCr colours in a TIFF file is not supported; save it as RGB'));
    return new YCbCrTiff(bytes, header, across, down);
  }

  /** A copy of the file that claims its samples to be RGB, where each pixel has its own colour. */
  get relabelled(): Uint8Array | undefined {
    if (this.across !== 1 || this.down !== 1) return undefined;
    return this.header.relabelled(this.bytes, { [tiffTag.photometric]: 2 });
  }

  get width(): number {
    return this.header.valueOf(tiffTag.imageWidth) ?? 0;
  }

  get height(): number {
    return this.header.valueOf(tiffTag.imageLength) ?? 0;
  }

  /**
   * The samples `[height, width, 3]` of a file where several pixels share a colour: blocks of their lumas and one pair
   * of chromas. Throws a RangeError where the file ends too early.
   */
  unpacked(): Uint8Array {
    const { bytes, header, across, down, width, height } = this;
    const data = new Uint8Array(3 * width * height);
    const rows = Math.min(header.valueOf(tiffTag.rowsPerStrip) ?? height, height);
    const blockBytes = across * down + 2;
    const perRow = Math.ceil(width / across);
    header.valuesOf(tiffTag.stripOffsets).forEach((start, strip) => {
      const top = strip * rows;
      const bottom = Math.min(top + rows, height);
      const blocks = perRow * Math.ceil((bottom - top) / down);
      if (start + blocks * blockBytes > bytes.length) throw new RangeError('The strip lies past the end of the file.');
      for (let y = top; y < bottom; y++)
        for (let x = 0; x < width; x++) {
          const block = start + blockBytes * (Math.floor((y - top) / down) * perRow + Math.floor(x / across));
          const at = 3 * (y * width + x);
          data[at] = bytes[block + ((y - top) % down) * across + (x % across)]!;
          data[at + 1] = bytes[block + blockBytes - 2]!;
          data[at + 2] = bytes[block + blockBytes - 1]!;
        }
    });
    return data;
  }

  /** Converts `[pixels, 3]` in place to RGB, by the coefficients and the reference levels of the file. */
  toRgb(data: Uint8Array): void {
    const given = this.header.valuesOf(tiffTag.yCbCrCoefficients);
    const [red, green, blue] = given.length === 3 ? (given as [number, number, number]) : [0.299, 0.587, 0.114];
    const levels = this.header.valuesOf(tiffTag.referenceBlackWhite);
    const [y0, y1, b0, b1, r0, r1] =
      levels.length === 6 ? (levels as [number, number, number, number, number, number]) : [0, 255, 128, 255, 128, 255];
    for (let i = 0; i < data.length; i += 3) {
      const luma = ((data[i]! - y0) * 255) / (y1 - y0);
      const cb = ((data[i + 1]! - b0) * 127) / (b1 - b0);
      const cr = ((data[i + 2]! - r0) * 127) / (r1 - r0);
      const r = luma + cr * (2 - 2 * red);
      const b = luma + cb * (2 - 2 * blue);
      const rgb = [r, (luma - blue * b - red * r) / green, b];
      rgb.forEach((value, c) => (data[i + c] = Math.min(255, Math.max(0, Math.round(value)))));
    }
  }
}
