/** Makes TIFF files of any samples, uncompressed. */

type Samples =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

export interface TiffOptions {
  width: number;
  height: number;
  channels?: number;
  photometric?: number;
  /** Further tags: SHORT values, or floats where `isFloat`. */
  tags?: { id: number; values: number[]; isFloat?: boolean }[];
  isBigEndian?: boolean;
}

/** One strip with `samples` unchanged; several channels are interleaved. */
export function makeTiff(samples: Samples, o: TiffOptions): Buffer {
  const { width, height, channels = 1, photometric = channels >= 3 ? 2 : 1, tags = [], isBigEndian = false } = o;
  const size = samples.BYTES_PER_ELEMENT;
  const isFloat = samples instanceof Float32Array || samples instanceof Float64Array;
  const isSigned = samples instanceof Int8Array || samples instanceof Int16Array || samples instanceof Int32Array;
  const each = (value: number): number[] => Array<number>(channels).fill(value);
  const entries = [
    { id: 256, values: [width] },
    { id: 257, values: [height] },
    { id: 258, values: each(8 * size) },
    { id: 259, values: [1] },
    { id: 262, values: [photometric] },
    { id: 273, values: [0], isLong: true },
    { id: 277, values: [channels] },
    { id: 278, values: [height] },
    { id: 279, values: [samples.byteLength], isLong: true },
    { id: 339, values: each(isFloat ? 3 : isSigned ? 2 : 1) },
    ...tags,
  ].sort((a, b) => a.id - b.id) as { id: number; values: number[]; isLong?: boolean; isFloat?: boolean }[];
  const bytesOf = (entry: (typeof entries)[number]): number =>
    entry.values.length * (entry.isLong || entry.isFloat ? 4 : 2);
  const outside = entries.reduce((sum, entry) => sum + (bytesOf(entry) > 4 ? bytesOf(entry) : 0), 0);
  const directory = 8;
  const start = directory + 2 + 12 * entries.length + 4 + outside;
  const file = Buffer.alloc(start + samples.byteLength);
  const view = new DataView(file.buffer, file.byteOffset);
  const little = !isBigEndian;
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, directory, little);
  view.setUint16(directory, entries.length, little);
  let free = directory + 2 + 12 * entries.length + 4;
  entries.forEach((entry, i) => {
    const at = directory + 2 + 12 * i;
    const { id, isLong, isFloat: asFloat } = entry;
    const values = id === 273 ? [start] : entry.values;
    view.setUint16(at, id, little);
    view.setUint16(at + 2, asFloat ? 11 : isLong ? 4 : 3, little);
    view.setUint32(at + 4, values.length, little);
    let place = at + 8;
    if (bytesOf(entry) > 4) {
      view.setUint32(place, free, little);
      place = free;
      free += bytesOf(entry);
    }
    values.forEach((value, j) => {
      if (asFloat) view.setFloat32(place + 4 * j, value, little);
      else if (isLong) view.setUint32(place + 4 * j, value, little);
      else view.setUint16(place + 2 * j, value, little);
    });
  });
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  if (isBigEndian && size > 1)
    for (let i = 0; i < bytes.length; i += size)
      file.set(Uint8Array.from(bytes.subarray(i, i + size)).reverse(), start + i);
  else file.set(bytes, start);
  return file;
}
