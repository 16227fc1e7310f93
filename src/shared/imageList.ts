/**
 * A list of images with columns, such as label and prediction, in one block of bytes: as a file on disk, in a message,
 * and in memory. A million images take some 20 MB.
 *
 * The bytes: `VTIMAGES`, the length of the header (u32, little endian), the header as JSON in UTF-8, and from the next
 * multiple of 8 on the arrays that the header names, each at a multiple of 8.
 */

/** What a column says of each image. `title` is for columns that no view knows by their `id`. */
export type ImageColumn = { id: string; title?: string; /** Of several tasks, whose it is. */ task?: string } & (
  ChoiceColumn | NumberColumn
);

/** One of a few words. */
export interface ChoiceColumn {
  kind: 'choice';
  values: string[];
  /**
   * Where a value stands for several words or none (the labels of a multi-label image): the words that there are, and
   * which of them each value has.
   */
  parts?: { words: string[]; of: number[][] };
  /** [images]: the number of the value plus 1; 0: there is none. */
  data: Uint8Array | Uint16Array | Uint32Array;
}

export interface NumberColumn {
  kind: 'number';
  /** A share of 1, bytes, milliseconds since 1970, a figure, or a place in an order that is only sorted by. */
  format: 'percent' | 'bytes' | 'date' | 'figure' | 'rank';
  /** [images]; NaN: there is none. */
  data: Float32Array | Float64Array;
}

/**
 * The column of a list that has been brought up to date: an image with a word in it is no longer there. Rows keep
 * their numbers, so that what is selected stays selected.
 */
export const goneColumn = 'gone';

/** Thrown for bytes that are not a whole list. */
export class ImageListDamaged extends Error {}

interface Header {
  images: number;
  folders: string[];
  /** Names that UTF-8 has no bytes for, by row: Windows allows halves of surrogate pairs. */
  odd: [row: number, name: string][];
  arrays: { type: ArrayName; at: number; length: number }[];
  /** Columns without their data, which are the arrays after `folder`, `ends` and `names`, in order. */
  columns: Omit<ImageColumn, 'data'>[];
}

const arrayTypes = { Uint8Array, Uint16Array, Uint32Array, Float32Array, Float64Array };
type ArrayName = keyof typeof arrayTypes;
type Data = Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array;

const magic = 'VTIMAGES';
const upToEight = (bytes: number): number => Math.ceil(bytes / 8) * 8;

export class ImageList {
  // A name may begin with a byte order mark, which is then part of it.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #odd: ReadonlyMap<number, string>;

  constructor(
    private readonly folders: readonly string[],
    private readonly folder: Uint8Array | Uint16Array | Uint32Array,
    /** Where each name ends in `names`. */
    private readonly ends: Uint32Array,
    /** The file names end to end, in UTF-8. */
    private readonly names: Uint8Array,
    readonly columns: readonly ImageColumn[],
    odd: readonly [number, string][],
  ) {
    this.#odd = new Map(odd);
  }

  get length(): number {
    return this.ends.length;
  }

  nameAt(row: number): string {
    const odd = this.#odd.get(row);
    if (odd !== undefined) return odd;
    return this.#decoder.decode(this.names.subarray(row ? this.ends[row - 1] : 0, this.ends[row]));
  }

  pathAt(row: number): string {
    return this.folders[this.folder[row]!]! + this.nameAt(row);
  }

  /** The column of a task, or one that is of none. */
  column(id: string, task?: string): ImageColumn | undefined {
    return this.columns.find((each) => each.id === id && (each.task === undefined || each.task === task));
  }

  choice(id: string, task?: string): (ImageColumn & ChoiceColumn) | undefined {
    const found = this.column(id, task);
    return found?.kind === 'choice' ? found : undefined;
  }

  number(id: string, task?: string): (ImageColumn & NumberColumn) | undefined {
    const found = this.column(id, task);
    return found?.kind === 'number' ? found : undefined;
  }

  /** The list with a column more, or with this one in the place of that of the same name. */
  with(...columns: ImageColumn[]): ImageList {
    const isReplaced = (old: ImageColumn) => columns.some(({ id, task }) => id === old.id && task === old.task);
    const kept = this.columns.filter((old) => !isReplaced(old));
    return new ImageList(this.folders, this.folder, this.ends, this.names, [...kept, ...columns], [...this.#odd]);
  }

  /** The list without these columns. */
  without(...ids: string[]): ImageList {
    const kept = this.columns.filter(({ id }) => !ids.includes(id));
    return new ImageList(this.folders, this.folder, this.ends, this.names, kept, [...this.#odd]);
  }

  /** The images of these rows, in this order. */
  pick(rows: Uint32Array): ImageList {
    const ends = new Uint32Array(rows.length);
    const parts = Array.from(rows, (row) => this.names.subarray(row ? this.ends[row - 1] : 0, this.ends[row]));
    let end = 0;
    parts.forEach((part, i) => (ends[i] = end += part.length));
    const names = new Uint8Array(end);
    parts.forEach((part, i) => names.set(part, ends[i]! - part.length));
    const of = <Picked extends Data>(data: Picked): Picked =>
      new (data.constructor as new (values: ArrayLike<number>) => Picked)(Array.from(rows, (row) => data[row]!));
    const columns = this.columns.map((column) => ({ ...column, data: of(column.data) }) as ImageColumn);
    const odd = Array.from(rows).flatMap((row, i): [number, string][] => {
      const name = this.#odd.get(row);
      return name === undefined ? [] : [[i, name]];
    });
    return new ImageList(this.folders, of(this.folder), ends, names, columns, odd);
  }

  /** The first images of the list. */
  head(images: number): ImageList {
    const columns = this.columns.map((column) => ({ ...column, data: column.data.slice(0, images) }) as ImageColumn);
    const ends = this.ends.slice(0, images);
    const odd = [...this.#odd].filter(([row]) => row < images);
    return new ImageList(
      this.folders,
      this.folder.slice(0, images),
      ends,
      this.names.slice(0, ends.at(-1) ?? 0),
      columns,
      odd,
    );
  }

  /** All names, end to end, and where each ends in them; undefined where these are no places in the text. */
  get plainNames(): { text: string; ends: Uint32Array } | undefined {
    const text = this.#decoder.decode(this.names);
    return text.length === this.names.length && this.#odd.size === 0 ? { text, ends: this.ends } : undefined;
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const data: Data[] = [this.folder, this.ends, this.names, ...this.columns.map((column) => column.data)];
    let at = 0;
    const arrays = data.map((array) => {
      const type = array.constructor.name === 'Buffer' ? 'Uint8Array' : (array.constructor.name as ArrayName);
      const place = { type, at, length: array.length };
      at += upToEight(array.byteLength);
      return place;
    });
    const columns = this.columns.map(({ data: _, ...about }) => about);
    const header: Header = {
      images: this.length,
      folders: [...this.folders],
      odd: [...this.#odd],
      arrays,
      columns,
    };
    const text = new TextEncoder().encode(JSON.stringify(header));
    const start = upToEight(magic.length + 4 + text.length);
    const bytes = new Uint8Array(start + at);
    bytes.set(new TextEncoder().encode(magic));
    new DataView(bytes.buffer).setUint32(magic.length, text.length, true);
    bytes.set(text, magic.length + 4);
    data.forEach((array, i) => {
      bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), start + arrays[i]!.at);
    });
    return bytes;
  }

  /** Reads what `toBytes` wrote; the arrays are views of `buffer`. Throws `ImageListDamaged`. */
  static of(buffer: ArrayBuffer): ImageList {
    try {
      return read(buffer);
    } catch (error) {
      // A header that is no JSON, or that names more than there is.
      if (error instanceof SyntaxError || error instanceof RangeError || error instanceof TypeError)
        throw new ImageListDamaged(error.message);
      throw error;
    }
  }
}

function read(buffer: ArrayBuffer): ImageList {
  const decoder = new TextDecoder();
  if (decoder.decode(new Uint8Array(buffer, 0, magic.length)) !== magic) throw new ImageListDamaged('no list');
  const length = new DataView(buffer).getUint32(magic.length, true);
  const header = JSON.parse(decoder.decode(new Uint8Array(buffer, magic.length + 4, length))) as Header;
  const start = upToEight(magic.length + 4 + length);
  const arrays = header.arrays.map((each): Data => new arrayTypes[each.type](buffer, start + each.at, each.length));
  const [folder, ends, names, ...data] = arrays;
  const columns = header.columns.map((about, i) => ({ ...about, data: data[i] }) as ImageColumn);
  const isWhole =
    ends?.length === header.images &&
    folder?.length === header.images &&
    names?.length === (ends.at(-1) ?? 0) &&
    columns.every((column) => column.data?.length === header.images);
  if (!isWhole) throw new ImageListDamaged('its arrays have not the length of the list');
  return new ImageList(
    header.folders,
    folder as Uint8Array | Uint16Array | Uint32Array,
    ends as Uint32Array,
    names as Uint8Array,
    columns,
    header.odd,
  );
}

/** The numbers of a choice column in as few bytes as hold them. */
export function smallest(numbers: Uint32Array, values: number): Uint8Array | Uint16Array | Uint32Array {
  if (values < 2 ** 8) return new Uint8Array(numbers);
  return values < 2 ** 16 ? new Uint16Array(numbers) : numbers;
}
