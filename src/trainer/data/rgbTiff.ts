/** An uncompressed TIFF file in memory: the form in which raw pixels with a colour profile are handed to sharp. */

const [short, long, undefinedType] = [3, 4, 7];

export interface RgbTiff {
  bytes: Uint8Array<ArrayBuffer>;
  /** The part of `bytes` that holds the samples, `[height, width, channels]`; they are zero. */
  pixels: Uint8Array<ArrayBuffer>;
}

/**
 * A file with 8 bits a sample and no orientation. The fourth channel is transparency; `isPremultiplied` says that the
 * colours were multiplied by it. Reference: TIFF 6.0; the tag of the profile is of ICC.1:2010, annex B.4.
 */
export function rgbTiff(
  width: number,
  height: number,
  channels: 3 | 4,
  { profile, isPremultiplied = false }: { profile?: Uint8Array | undefined; isPremultiplied?: boolean },
): RgbTiff {
  const size = width * height * channels;
  const entries: [tag: number, type: number, count: number, value: number][] = [
    [256, long, 1, width],
    [257, long, 1, height],
    [258, short, channels, 0],
    [259, short, 1, 1],
    [262, short, 1, 2],
    [273, long, 1, 0],
    [277, short, 1, channels],
    [278, long, 1, height],
    [279, long, 1, size],
    [284, short, 1, 1],
  ];
  if (channels === 4) entries.push([338, short, 1, isPremultiplied ? 1 : 2]);
  if (profile) entries.push([34_675, undefinedType, profile.length, 0]);
  const depthsAt = 8 + 2 + 12 * entries.length + 4;
  const profileAt = depthsAt + 2 * channels;
  const pixelsAt = profileAt + (profile?.length ?? 0);
  const places: Record<number, number> = { 258: depthsAt, 273: pixelsAt, 34_675: profileAt };
  const bytes = new Uint8Array(pixelsAt + size);
  const view = new DataView(bytes.buffer);
  bytes.set([0x49, 0x49, 42, 0, 8]);
  view.setUint16(8, entries.length, true);
  entries.forEach(([tag, type, count, value], i) => {
    const at = 10 + 12 * i;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    view.setUint32(at + 8, places[tag] ?? value, true);
  });
  for (let c = 0; c < channels; c++) view.setUint16(depthsAt + 2 * c, 8, true);
  if (profile) bytes.set(profile, profileAt);
  return { bytes, pixels: bytes.subarray(pixelsAt) };
}
