/**
 * Decodes HEIF files with HEVC images (HEIC), which sharp's own libheif cannot, with the C functions of libheif's
 * WebAssembly. Reference: heif.h of libheif 1.23.
 */
import { createLibheif, type Libheif } from './libheif.js';
import { nameOfHdr, profileOfCodes, type Chromaticities } from './nclxProfile.js';
import { rgbTiff } from './rgbTiff.js';
import { Upright } from './upright.js';

/** What is known of a file's primary image before it is decoded; its size is as seen upright. */
export interface HeifHeader {
  width: number;
  height: number;
  /** Pixels that are stored: more than are seen of a cropped image. */
  storedPixels: number;
  /** Bytes that the library takes at most while it decodes, and those of the result. */
  heapBytes: number;
  resultBytes: number;
}

export interface HeifPixels {
  /** An uncompressed TIFF file with 8 bits a sample and the image's colour profile; nothing is left to be turned. */
  tiff: Uint8Array<ArrayBuffer>;
  /** The camera's notes, from the header of their TIFF structure on. */
  exif: Uint8Array<ArrayBuffer> | undefined;
}

/** What the library, or an image's colours, have against a file. */
export class HeifError extends Error {
  constructor(
    readonly kind: 'truncated' | 'damaged' | 'unsupported' | 'hdr',
    message: string,
  ) {
    super(message);
  }
}

/** Values of heif.h. */
const rgbColourspace = 1;
const interleaved = 10;
const chroma = { 3: 10, 4: 11 };
/** Errors: kinds of files, features, and (where its decoder was not built in) compressions. */
const unsupported = new Set([3, 4, 11]);
const endOfData = 100;
/** Offsets in `heif_decoding_options`. */
const ignoreTransformations = 1;
const strictDecoding = 21;
const fourcc = (name: string): number => Buffer.from(name, 'latin1').readUInt32BE();

/** What the library takes with a file open, and room for what it keeps beside the pixels. */
const heapAtRest = 40 * 2 ** 20;
/**
 * Bytes for each pixel that is decoded at once. Measured with libheif 1.23 on 4:4:4: 8.7, 14.7 with 10 bits, 11.7 and
 * 20 with transparency; the heap grows in steps of a twentieth.
 */
const perPixel = (isDeep: boolean, hasAlpha: boolean): number => (isDeep ? 17 : 10) + (hasAlpha ? 7 : 0);

/** An instance of the library, whose heap takes no more than it is let. It never shrinks. */
export class HeifLibrary {
  readonly #heif: Libheif;
  /** 64 bytes for results, behind those of an error. */
  readonly #scratch: number;
  #limit = heapAtRest;

  constructor() {
    this.#heif = createLibheif(() => this.#limit);
    this.#scratch = this.#heif._malloc(12 + 64);
  }

  get heapBytes(): number {
    return this.#bytes.length;
  }

  get #bytes(): Uint8Array<ArrayBuffer> {
    return this.#heif.HEAPU8 as Uint8Array<ArrayBuffer>;
  }

  /** Throws a HeifError. */
  header(file: Uint8Array): HeifHeader {
    return this.#opened(file, heapAtRest, (image) => image.header);
  }

  /** Throws a HeifError. */
  pixels(file: Uint8Array): HeifPixels {
    const { heapBytes } = this.header(file);
    return this.#opened(file, heapBytes, (image) => ({ tiff: image.decode(), exif: image.exif() }));
  }

  #opened<T>(file: Uint8Array, limit: number, step: (image: PrimaryImage) => T): T {
    const heif = this.#heif;
    this.#limit = limit + file.length;
    const [content, context] = [heif._malloc(file.length), heif._heif_context_alloc()];
    if (!content) throw new HeifError('damaged', 'its data takes more memory than its size says');
    let handle = 0;
    try {
      this.#bytes.set(file, content);
      this.call((error) => heif._heif_context_read_from_memory_without_copy(error, context, content, file.length, 0));
      handle = this.pointer((error, to) => heif._heif_context_get_primary_image_handle(error, context, to));
      return step(new PrimaryImage(this, heif, context, handle));
    } finally {
      if (handle) heif._heif_image_handle_release(handle);
      heif._heif_context_free(context);
      heif._free(content);
    }
  }

  /** Calls a function that gives a `heif_error` and throws that. */
  call(step: (error: number) => void): void {
    step(this.#scratch);
    const [code, subcode, text] = [0, 4, 8].map((at) => this.number(this.#scratch + at));
    if (!code) return;
    const end = this.#bytes.indexOf(0, text);
    const words = Buffer.from(this.#bytes.subarray(text, end)).toString('latin1');
    const isUnsupported = unsupported.has(code!);
    throw new HeifError(subcode === endOfData ? 'truncated' : isUnsupported ? 'unsupported' : 'damaged', words);
  }

  /** The same of a function that writes a pointer, too. */
  pointer(step: (error: number, to: number) => void): number {
    this.call((error) => step(error, this.results));
    return this.number(this.results);
  }

  /** Where functions may write 64 bytes of results. */
  get results(): number {
    return this.#scratch + 12;
  }

  number(at: number): number {
    return new DataView(this.#bytes.buffer).getUint32(at, true);
  }

  floats(at: number, count: number): number[] {
    const view = new DataView(this.#bytes.buffer);
    return Array.from({ length: count }, (_, i) => view.getFloat32(at + 4 * i, true));
  }

  slice(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(at, at + length);
  }

  view(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(at, at + length);
  }

  setByte(at: number, value: number): void {
    this.#bytes[at] = value;
  }
}

interface Tiling {
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** The image of a file that is to be seen; others (depth, brightness, the rest of a series) are left aside. */
class PrimaryImage {
  readonly #id: number;
  readonly #width: number;
  readonly #height: number;
  readonly #channels: 3 | 4;
  /**
   * Whether the image is stored as such, or as tiles. It is then turned here, after its colours were spread to all
   * pixels: libheif 1.23.2 turns before, and shifts them where a side is odd.
   */
  readonly #isPlain: boolean;
  /** The tiles, if they are decoded one by one: for the whole the library takes several times the memory. */
  readonly #tiling: Tiling | undefined;

  constructor(
    private readonly library: HeifLibrary,
    private readonly heif: Libheif,
    private readonly context: number,
    private readonly handle: number,
  ) {
    this.#id = heif._heif_image_handle_get_item_id(handle);
    this.#width = heif._heif_image_handle_get_width(handle);
    this.#height = heif._heif_image_handle_get_height(handle);
    this.#channels = heif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
    if (this.#width < 1 || this.#height < 1) throw new HeifError('damaged', 'it has no size');
    const type = heif._heif_item_get_item_type(context, this.#id);
    const tiles = type === fourcc('grid') ? this.#tiles() : undefined;
    this.#isPlain = type === fourcc('hvc1') || tiles !== undefined;
    this.#tiling = this.#channels === 3 ? tiles : undefined;
  }

  get header(): HeifHeader {
    const isDeep = this.heif._heif_image_handle_get_luma_bits_per_pixel(this.handle) > 8;
    const storedPixels =
      this.heif._heif_image_handle_get_ispe_width(this.handle) *
      this.heif._heif_image_handle_get_ispe_height(this.handle);
    const atOnce = this.#tiling ? this.#tiling.tileWidth * this.#tiling.tileHeight : storedPixels;
    return {
      width: this.#width,
      height: this.#height,
      storedPixels,
      heapBytes: heapAtRest + atOnce * perPixel(isDeep, this.#channels === 4),
      resultBytes: this.#width * this.#height * this.#channels,
    };
  }

  /** The tiles of a grid, as phones store photos, unless they are turned themselves. */
  #tiles(): Tiling | undefined {
    const { heif, library, handle } = this;
    library.call((error) => heif._heif_image_handle_get_image_tiling(error, handle, 0, library.results));
    const [, columns, rows, tileWidth, tileHeight] = Array.from({ length: 5 }, (_, i) =>
      library.number(library.results + 4 * i),
    ) as [number, number, number, number, number];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        const id = library.pointer((error, to) =>
          heif._heif_image_handle_get_grid_image_tile_id(error, handle, 0, column, row, to),
        );
        if (heif._heif_item_get_transformation_properties(this.context, id, 0, 0) > 0) return undefined;
      }
    return { columns, rows, tileWidth, tileHeight };
  }

  decode(): Uint8Array<ArrayBuffer> {
    const { heif, library } = this;
    const profile = this.#profile();
    const isPremultiplied = heif._heif_image_handle_is_premultiplied_alpha(this.handle) !== 0;
    const { bytes, pixels } = rgbTiff(this.#width, this.#height, this.#channels, { profile, isPremultiplied });
    const options = heif._heif_decoding_options_alloc();
    // Otherwise what is missing would be filled with grey, and only a warning left.
    library.setByte(options + strictDecoding, 1);
    try {
      if (this.#tiling) this.#decodeTiles(this.#tiling, options, pixels);
      else this.#decodeWhole(options, pixels);
    } finally {
      heif._heif_decoding_options_free(options);
    }
    return bytes;
  }

  #decodeWhole(options: number, pixels: Uint8Array): void {
    const upright = this.#isPlain ? this.#upright() : new Upright(this.#width, this.#height);
    this.library.setByte(options + ignoreTransformations, this.#isPlain ? 1 : 0);
    const image = this.library.pointer((error, to) =>
      this.heif._heif_decode_image(error, this.handle, to, rgbColourspace, chroma[this.#channels], options),
    );
    const stored = [upright.stored.width, upright.stored.height];
    const { width, height } = this.#copy(image, upright, 0, 0, pixels);
    if (width !== stored[0] || height !== stored[1]) throw new HeifError('damaged', 'its size is not as declared');
  }

  #decodeTiles(tiling: Tiling, options: number, pixels: Uint8Array): void {
    const upright = this.#upright();
    this.library.setByte(options + ignoreTransformations, 1);
    for (let row = 0; row < tiling.rows; row++)
      for (let column = 0; column < tiling.columns; column++) {
        const image = this.library.pointer((error, to) =>
          this.heif._heif_image_handle_decode_image_tile(
            error,
            this.handle,
            to,
            rgbColourspace,
            chroma[this.#channels],
            options,
            column,
            row,
          ),
        );
        this.#copy(image, upright, column * tiling.tileWidth, row * tiling.tileHeight, pixels);
      }
  }

  /** Copies a decoded image that is stored at (left, top) to where it is seen, and releases it. */
  #copy(image: number, upright: Upright, left: number, top: number, pixels: Uint8Array) {
    const { heif, library } = this;
    const at = heif._heif_image_get_plane_readonly(image, interleaved, library.results);
    const stride = library.number(library.results);
    const width = heif._heif_image_get_width(image, interleaved);
    const height = heif._heif_image_get_height(image, interleaved);
    const data = library.view(at, stride * height);
    upright.place({ data, stride, left, top, width, height }, this.#channels, pixels);
    heif._heif_image_release(image);
    return { width, height };
  }

  /** Cropping, turning and mirroring, in the order in which the file lists them. */
  #upright(): Upright {
    const { heif, library, context, handle } = this;
    const upright = new Upright(
      heif._heif_image_handle_get_ispe_width(handle),
      heif._heif_image_handle_get_ispe_height(handle),
    );
    const most = 16;
    const count = heif._heif_item_get_transformation_properties(context, this.#id, library.results, most);
    if (count > most) throw new HeifError('unsupported', 'it is turned too often');
    const properties = Array.from({ length: count }, (_, i) => library.number(library.results + 4 * i));
    for (const property of properties) this.#addTurn(upright, property);
    if (upright.width !== this.#width || upright.height !== this.#height)
      throw new HeifError('damaged', 'its size is not as declared');
    return upright;
  }

  #addTurn(upright: Upright, property: number): void {
    const { heif, library, context } = this;
    const type = heif._heif_item_get_property_type(context, this.#id, property);
    if (type === fourcc('irot')) {
      const degrees = heif._heif_item_get_property_transform_rotation_ccw(context, this.#id, property);
      upright.add({ kind: 'rotate', quarters: degrees / 90 });
    } else if (type === fourcc('imir')) {
      const direction = heif._heif_item_get_property_transform_mirror(context, this.#id, property);
      upright.add({ kind: 'mirror', axis: direction === 1 ? 'x' : 'y' });
    } else if (type === fourcc('clap')) {
      const to = [0, 4, 8, 12].map((at) => library.results + at) as [number, number, number, number];
      const size = [upright.width, upright.height] as const;
      heif._heif_item_get_property_transform_crop_borders(context, this.#id, property, ...size, ...to);
      const [left, top, right, bottom] = to.map((at) => library.number(at) | 0) as [number, number, number, number];
      upright.add({ kind: 'crop', left, top, right, bottom });
    }
  }

  /** The ICC profile that the file holds, or one of the colours that it names by numbers; undefined means sRGB. */
  #profile(): Uint8Array | undefined {
    const { heif, library, handle } = this;
    const type = heif._heif_image_handle_get_color_profile_type(handle);
    const length = heif._heif_image_handle_get_raw_color_profile_size(handle);
    if (length > 0) {
      const to = heif._malloc(length);
      library.call((error) => heif._heif_image_handle_get_raw_color_profile(error, handle, to));
      const profile = library.slice(to, length);
      heif._free(to);
      return profile;
    }
    if (type !== fourcc('nclx')) return undefined;
    const nclx = library.pointer((error, to) => heif._heif_image_handle_get_nclx_color_profile(error, handle, to));
    const [primaries, transfer] = [library.number(nclx + 4), library.number(nclx + 8)];
    const points = library.floats(nclx + 20, 8);
    heif._heif_nclx_color_profile_free(nclx);
    const hdr = nameOfHdr(transfer);
    if (hdr) throw new HeifError('hdr', hdr);
    const pairs = [0, 2, 4, 6].map((i) => [points[i]!, points[i + 1]!] as const) as unknown as Chromaticities;
    const profile = profileOfCodes(primaries, transfer, pairs);
    if (profile === 'unknown')
      throw new HeifError('unsupported', `colour primaries ${String(primaries)}, transfer ${String(transfer)}`);
    return profile;
  }

  exif(): Uint8Array<ArrayBuffer> | undefined {
    const { heif, library, handle } = this;
    const count = heif._heif_image_handle_get_list_of_metadata_block_IDs(handle, 0, library.results, 16);
    const ids = Array.from({ length: Math.min(16, count) }, (_, i) => library.number(library.results + 4 * i));
    const id = ids.find((each) => this.#text(heif._heif_image_handle_get_metadata_type(handle, each)) === 'Exif');
    const length = id === undefined ? 0 : heif._heif_image_handle_get_metadata_size(handle, id);
    if (id === undefined || length < 8) return undefined;
    const to = heif._malloc(length);
    try {
      library.call((error) => heif._heif_image_handle_get_metadata(error, handle, id, to));
      // The block begins with how far behind this number the TIFF structure begins.
      const block = library.slice(to, length);
      return block.subarray(4 + new DataView(block.buffer).getUint32(0));
    } finally {
      heif._free(to);
    }
  }

  #text(at: number): string {
    return at ? Buffer.from(this.library.view(at, 4)).toString('latin1') : '';
  }
}
