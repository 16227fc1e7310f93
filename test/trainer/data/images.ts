/** Makes folders of images for the tests of the data part. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import sharp from 'sharp';

/** A folder of its own for a test, with a name that trips careless code; removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `vitune 'dätä' 漢 #1%20 `));
  t.after(() =>
    rm(folder, { recursive: true, force: true }).catch((error: NodeJS.ErrnoException) => {
      // Wine keeps the name of a removed file until the last who has it open lets go; real Windows does not.
      if (process.platform !== 'win32' || error.code !== 'ENOTEMPTY') throw error;
    }),
  );
  return folder;
}

/** `[height, width, 3]`: an image unlike any of another seed, smooth enough to survive JPEG. */
export function drawing(width: number, height: number, seed: number): Uint8Array {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++)
        data[at++] = 128 + 120 * Math.sin((x * (1 + (seed % 3)) + y * (1 + c) + seed * 7) / 9);
  return data;
}

export async function encoded(
  width: number,
  height: number,
  seed: number,
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' = 'png',
): Promise<Buffer> {
  return sharp(drawing(width, height, seed), { raw: { width, height, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

/**
 * Writes files below `root` and creates their folders: bytes unchanged, `{ seed }` as a PNG of 20 x 16 pixels or of the
 * given size.
 */
export async function writeTree(
  root: string,
  tree: Record<string, Uint8Array | string | { seed: number; width?: number; height?: number }>,
): Promise<void> {
  for (const [name, content] of Object.entries(tree)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    const isBytes = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(path, isBytes ? content : await encoded(content.width ?? 20, content.height ?? 16, content.seed));
  }
}

/** The checksum of a PNG chunk's name and content. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
