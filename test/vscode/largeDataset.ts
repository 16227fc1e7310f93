/** A dataset of many images for measurements. */
import { linkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const perClass = 1000;
/** A file system allows only so many names of a file. */
const namesOfOne = 20_000;

/** The same few files under many names: a thousand to a class, of which there are two at least. */
export async function makeLargeDataset(folder: string, count: number): Promise<void> {
  let source = '';
  for (let i = 0; i < count; i++) {
    const label = `class ${Math.floor(i / perClass)}${i < perClass && i % 200 >= 100 ? ' b' : ''}`;
    if (i % 100 === 0) mkdirSync(join(folder, label), { recursive: true });
    const path = join(folder, label, `image ${i}.jpg`);
    if (i % namesOfOne === 0) {
      const hue = { r: (i / namesOfOne) * 5, g: 120, b: 90 };
      await sharp({ create: { width: 640, height: 480, channels: 3, background: hue } })
        .jpeg()
        .toFile(path);
      source = path;
    } else linkSync(source, path);
  }
}
