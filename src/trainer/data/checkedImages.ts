/**
 * What was seen when the images of a dataset were last read, kept in a file: an image of the same path, size and time
 * of change is not read again.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { crc32 } from 'node:zlib';
import { renamePatiently } from '../core/renamePatiently.js';
import { checkImage, type ImageCheck } from './decode.js';
import type { Capture } from './exif.js';

/** Is raised when `checkImage` sees more than before, or something else. */
const version = 2;

interface Seen {
  size: number;
  /** Milliseconds since 1970, with fractions. */
  time: number;
  check: ImageCheck;
}
type Line = [
  path: string,
  size: number,
  time: number,
  ...check: [string, string, number, number, string],
  thumbnail: string,
  figures: number[],
  capture: Capture,
];

export class CheckedImages {
  readonly #before: ReadonlyMap<string, Seen>;
  /** Of this inspection; what was deleted since the last one is no longer in it. */
  readonly #now = new Map<string, Seen>();

  private constructor(
    private readonly folder: string,
    private readonly root: string,
    before: ReadonlyMap<string, Seen>,
  ) {
    this.#before = before;
  }

  /**
   * What `folder` keeps of the dataset at `root`. A file that is missing or of another version counts as empty; a
   * damaged line is left out.
   */
  static async open(folder: string, root: string): Promise<CheckedImages> {
    const text = await readFile(fileOf(folder, root), 'utf8').catch(() => '');
    const [header, ...lines] = text.split('\n');
    const isOurs = header === headerOf(root);
    return new CheckedImages(folder, root, new Map(isOurs ? lines.flatMap((line) => entryOf(line) ?? []) : []));
  }

  /** As `checkImage`, without reading an image that was read before. Throws a UserError. */
  async check(path: string): Promise<ImageCheck> {
    const key = relative(this.root, path);
    // What cannot be looked up cannot be read either, and says why.
    const { size, mtimeMs: time } = await stat(path).catch(() => ({ size: -1, mtimeMs: -1 }));
    const known = this.#before.get(key);
    const isSame = known?.size === size && known.time === time;
    const seen: Seen = isSame ? known : { size, time, check: await checkImage(path) };
    this.#now.set(key, seen);
    return seen.check;
  }

  /**
   * Writes the file. After an inspection that did not come to its end (`isPartial`), what was known of the other images
   * is kept.
   */
  async save(isPartial: boolean): Promise<void> {
    const kept = isPartial ? new Map([...this.#before, ...this.#now]) : this.#now;
    const lines = [...kept].map(([path, { size, time, check }]) => {
      const { thumbnail, brightness, contrast, sharpness, border, ...capture } = check.look;
      const line: Line = [
        ...([path, size, time] as const),
        ...([check.hash, check.format, check.width, check.height, check.blank ?? ''] as const),
        Buffer.from(thumbnail).toString('base64'),
        [brightness, contrast, sharpness, border],
        capture,
      ];
      const text = JSON.stringify(line);
      return `${crc32(text)} ${text}`;
    });
    await mkdir(this.folder, { recursive: true });
    const file = fileOf(this.folder, this.root);
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, [headerOf(this.root), ...lines, ''].join('\n'));
      await renamePatiently(temporary, file);
    } finally {
      await rm(temporary, { force: true });
    }
  }
}

const fileOf = (folder: string, root: string): string =>
  join(folder, `${createHash('sha256').update(root).digest('hex').slice(0, 16)}.txt`);

const headerOf = (root: string): string => JSON.stringify({ version, root });

function entryOf(line: string): [string, Seen][] | undefined {
  const space = line.indexOf(' ');
  const text = line.slice(space + 1);
  if (space < 0 || line.slice(0, space) !== String(crc32(text))) return undefined;
  const [path, size, time, hash, format, width, height, blank, thumbnail, figures, capture] = JSON.parse(text) as Line;
  const [brightness, contrast, sharpness, border] = figures as [number, number, number, number];
  const luma = new Uint8Array(Buffer.from(thumbnail, 'base64'));
  const look = { thumbnail: luma, brightness, contrast, sharpness, border, ...capture };
  const check: ImageCheck = { hash, format, width, height, look };
  if (blank === 'constant' || blank === 'black' || blank === 'white') check.blank = blank;
  return [[path, { size, time, check }]];
}
