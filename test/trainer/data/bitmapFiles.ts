/** Makes BMP and ICO files of every kind, as reference for the reader. */

export interface BmpKind {
  bits: 1 | 4 | 8 | 16 | 24 | 32;
  /** 0 none, 1 RLE8, 2 RLE4, 3 masks. */
  compression?: 0 | 1 | 2 | 3;
  topDown?: boolean;
  /** The 12-byte header of OS/2. */
  core?: boolean;
}

/** Colours a palette of `2 ** bits` holds; the image's pixels are indices into it. */
export function paletteOf(bits: number): [number, number, number][] {
  return Array.from({ length: 2 ** Math.min(bits, 8) }, (_, i) => [
    (i * 37) % 256,
    (i * 91 + 11) % 256,
    255 - ((i * 53) % 256),
  ]);
}

/** The header and pixels after the file header: palette index of each pixel by `at(x, y)`, row 0 on top. */
export function makeDib(
  width: number,
  height: number,
  kind: BmpKind,
  at: (x: number, y: number) => number,
  iconMask?: (x: number, y: number) => boolean,
): { dib: Buffer; pixelsAt: number } {
  const { bits, compression = 0, topDown = false, core = false } = kind;
  const colours = paletteOf(bits);
  const header = Buffer.alloc(core ? 12 : 40);
  header.writeUInt32LE(header.length, 0);
  if (core) {
    header.writeUInt16LE(width, 4);
    header.writeUInt16LE(height, 6);
    header.writeUInt16LE(1, 8);
    header.writeUInt16LE(bits, 10);
  } else {
    header.writeInt32LE(width, 4);
    header.writeInt32LE((topDown ? -height : height) * (iconMask ? 2 : 1), 8);
    header.writeUInt16LE(1, 12);
    header.writeUInt16LE(bits, 14);
    header.writeUInt32LE(compression, 16);
  }
  const masks = Buffer.alloc(compression === 3 ? 12 : 0);
  // 5-6-5 for 16 bits; for 32, red lowest, unlike the usual order.
  if (compression === 3)
    (bits === 16 ? [0xf800, 0x7e0, 0x1f] : [0xff, 0xff00, 0xff0000]).forEach((mask, i) =>
      masks.writeUInt32LE(mask, 4 * i),
    );
  const palette =
    bits > 8
      ? Buffer.alloc(0)
      : Buffer.concat(colours.map(([r, g, b]) => Buffer.from(core ? [b, g, r] : [b, g, r, 0])));
  const rows = Array.from({ length: height }, (_, row) => {
    const y = topDown ? row : height - 1 - row;
    if (compression === 1) {
      // Pairs as runs of one, then a literal run of the rest, padded to even.
      const start = [1, at(0, y)];
      const rest = Array.from({ length: width - 1 }, (_, i) => at(i + 1, y));
      return Buffer.from([...start, 0, rest.length, ...rest, ...(rest.length % 2 ? [0] : []), 0, 0]);
    }
    if (compression === 2) {
      const pairs = Array.from(
        { length: Math.ceil(width / 2) },
        (_, i) => (at(2 * i, y) << 4) | (2 * i + 1 < width ? at(2 * i + 1, y) : 0),
      );
      return Buffer.from([...pairs.flatMap((pair, i) => [2 * i + 1 < width ? 2 : 1, pair]), 0, 0]);
    }
    const line = Buffer.alloc(Math.ceil((width * bits) / 32) * 4);
    for (let x = 0; x < width; x++) {
      const [r, g, b] = colours[at(x, y)]!;
      if (bits <= 8) line[Math.floor((x * bits) / 8)]! |= at(x, y) << (8 - bits - ((x * bits) % 8));
      else if (bits === 16)
        line.writeUInt16LE(
          compression === 3
            ? ((r >> 3) << 11) | ((g >> 2) << 5) | (b >> 3)
            : ((r >> 3) << 10) | ((g >> 3) << 5) | (b >> 3),
          x * 2,
        );
      else if (bits === 24) line.set([b, g, r], x * 3);
      else line.set(compression === 3 ? [r, g, b, 0] : [b, g, r, iconMask ? 255 : 0], x * 4);
    }
    return line;
  });
  if (compression === 1 || compression === 2) rows.push(Buffer.from([0, 1]));
  if (iconMask)
    for (let y = height - 1; y >= 0; y--) {
      const line = Buffer.alloc(Math.ceil(width / 32) * 4);
      for (let x = 0; x < width; x++) if (iconMask(x, y)) line[x >> 3]! |= 128 >> (x & 7);
      rows.push(line);
    }
  return {
    dib: Buffer.concat([header, masks, palette, ...rows]),
    pixelsAt: header.length + masks.length + palette.length,
  };
}

export function makeBmp(width: number, height: number, kind: BmpKind, at: (x: number, y: number) => number): Buffer {
  const { dib, pixelsAt } = makeDib(width, height, kind, at);
  const head = Buffer.alloc(14);
  head.write('BM', 'latin1');
  head.writeUInt32LE(14 + dib.length, 2);
  head.writeUInt32LE(14 + pixelsAt, 10);
  return Buffer.concat([head, dib]);
}

export function makeIco(images: { side: number; bits: number; content: Uint8Array }[]): Buffer {
  const head = Buffer.alloc(6 + 16 * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  images.forEach(({ side, bits, content }, i) => {
    const at = 6 + 16 * i;
    head.set([side % 256, side % 256], at);
    head.writeUInt16LE(bits, at + 6);
    head.writeUInt32LE(content.length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += content.length;
  });
  return Buffer.concat([head, ...images.map(({ content }) => content)]);
}
