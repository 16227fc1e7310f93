/** The tags of a TIFF file's first image: what its samples are. Reference: TIFF 6.0, and BigTIFF by AWare Systems. */

/** Bytes a value takes, and how it is read, by the type's number. */
const types: Readonly<Record<number, [size: number, read: (view: DataView, at: number, little: boolean) => number]>> = {
  1: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getUint16(at, little)],
  4: [4, (view, at, little) => view.getUint32(at, little)],
  5: [8, (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little)],
  6: [1, (view, at) => view.getInt8(at)],
  8: [2, (view, at, little) => view.getInt16(at, little)],
  9: [4, (view, at, little) => view.getInt32(at, little)],
  11: [4, (view, at, little) => view.getFloat32(at, little)],
  12: [8, (view, at, little) => view.getFloat64(at, little)],
  16: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
};

/** Tags that hold a value for each strip; nobody needs more of them than this. */
const maxValues = 2 ** 20;

export class TiffHeader {
  readonly #places = new Map<number, { type: number; count: number; at: number }>();

  private constructor(
    private readonly view: DataView,
    readonly isLittle: boolean,
  ) {}

  /** Undefined if the bytes are not a TIFF file with a readable first directory. */
  static of(bytes: Uint8Array): TiffHeader | undefined {
    const header = new TiffHeader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), bytes[0] === 0x49);
    try {
      header.#readDirectory();
    } catch (error) {
      // The directory points past the end of the file.
      if (error instanceof RangeError) return undefined;
      throw error;
    }
    return header.#places.size > 0 ? header : undefined;
  }

  #readDirectory(): void {
    const { view, isLittle } = this;
    const version = view.getUint16(2, isLittle);
    if (version !== 42 && version !== 43) return;
    const isBig = version === 43;
    const number = (at: number): number =>
      isBig ? Number(view.getBigUint64(at, isLittle)) : view.getUint32(at, isLittle);
    const [entrySize, inline] = isBig ? [20, 8] : [12, 4];
    const directory = number(isBig ? 8 : 4);
    const count = isBig ? number(directory) : view.getUint16(directory, isLittle);
    for (let i = 0; i < Math.min(count, 4096); i++) {
      const at = directory + (isBig ? 8 : 2) + entrySize * i;
      const type = view.getUint16(at + 2, isLittle);
      const values = number(at + 4);
      const value = at + 4 + inline;
      const place = (types[type]?.[0] ?? 1) * values <= inline ? value : number(value);
      this.#places.set(view.getUint16(at, isLittle), { type, count: values, at: place });
    }
  }

  /** Where the first value of a tag lies in the file. */
  placeOf(tag: number): number | undefined {
    return this.#places.get(tag)?.at;
  }

  /** The values of a tag; none where it is missing, or no numbers. */
  valuesOf(tag: number): number[] {
    const found = this.#places.get(tag);
    const type = found && types[found.type];
    if (!found || !type || found.count > maxValues) return [];
    const [size, read] = type;
    if (found.at + size * found.count > this.view.byteLength) return [];
    return Array.from({ length: found.count }, (_, i) => read(this.view, found.at + size * i, this.isLittle));
  }

  /** The first value of a tag. */
  valueOf(tag: number): number | undefined {
    return this.valuesOf(tag)[0];
  }

  /** A copy of the file in which the given tags of type SHORT have other values. */
  relabelled(bytes: Uint8Array, tags: Readonly<Record<number, number>>): Uint8Array {
    const copy = Uint8Array.from(bytes);
    const view = new DataView(copy.buffer);
    for (const [tag, value] of Object.entries(tags)) {
      const place = this.#places.get(Number(tag));
      for (let i = 0; i < (place?.type === 3 ? place.count : 0); i++)
        view.setUint16(place!.at + 2 * i, value, this.isLittle);
    }
    return copy;
  }
}

export const tiffTag = {
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  maxSampleValue: 281,
  planarConfiguration: 284,
  tileWidth: 322,
  extraSamples: 338,
  sampleFormat: 339,
  sMinSampleValue: 340,
  sMaxSampleValue: 341,
  yCbCrCoefficients: 529,
  yCbCrSubSampling: 530,
  referenceBlackWhite: 532,
  minSampleValue: 280,
  imageWidth: 256,
  imageLength: 257,
} as const;
