/** Copies of photos as they get into datasets: cropped, made smaller, stored again, brightened, mirrored, shifted. */
import { mkdirSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

interface Size {
  width: number;
  height: number;
}

/** What is done to a copy, by name; each is stored as a JPEG of the quality. */
const changes: Record<string, { change: (image: Sharp, size: Size, place: number) => Sharp; quality: number }> = {
  // 90 % of the width and of the height, from anywhere.
  crop: {
    change: (image, { width, height }, place) => {
      const part = { width: Math.round(0.9 * width), height: Math.round(0.9 * height) };
      const left = Math.floor(((place % 7) / 6) * (width - part.width));
      const top = Math.floor(((place % 5) / 4) * (height - part.height));
      return image.extract({ ...part, left, top });
    },
    quality: 92,
  },
  resize: { change: (image, { width }) => image.resize(Math.round(width / 2)), quality: 92 },
  jpeg40: { change: (image) => image, quality: 40 },
  brightness: { change: (image) => image.linear(1.25, 0), quality: 92 },
  mirror: { change: (image) => image.flop(), quality: 92 },
  encode: { change: (image) => image, quality: 85 },
  shift: {
    change: (image, { width, height }) => image.extract({ left: 1, top: 1, width: width - 1, height: height - 1 }),
    quality: 92,
  },
};

export const changeNames = Object.keys(changes);

/** Writes every kind of copy of an image into `folder` and gives their paths by kind. */
export async function plantCopies(path: string, folder: string, place: number): Promise<Record<string, string>> {
  mkdirSync(folder, { recursive: true });
  const upright = await sharp(path).autoOrient().removeAlpha().toColourspace('srgb').png().toBuffer();
  const { width, height } = await sharp(upright).metadata();
  const copies: Record<string, string> = {};
  for (const [name, { change, quality }] of Object.entries(changes)) {
    const copy = join(folder, `${place}-${basename(path, extname(path))}-${name}.jpg`);
    await change(sharp(upright), { width, height }, place).jpeg({ quality }).toFile(copy);
    copies[name] = copy;
  }
  return copies;
}
