/**
 * A dataset like frames of videos: of each photo eight frames, shifted and brightened a little, whose labels are drawn
 * at random for each video. Nothing can be learnt from it, which a random split hides and an honest one shows.
 *
 * `node --import tsx bench/audit/video.ts PHOTOS`: a folder of photos; prints what `vitune audit` says of the frames.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { Random } from '../../src/trainer/core/random.js';
import { scanDataset } from '../../src/trainer/data/scan.js';
import { buildCli } from '../bundle.mjs';

const [videos, frames, size, shift] = [80, 8, 224, 3];
const folder = fileURLToPath(new URL('../../build/bench/video/', import.meta.url));
rmSync(folder, { recursive: true, force: true });
const { splits } = await scanDataset(process.argv[2]!, { validationSplit: 0.2, seed: 42 });
const photos = [...splits.train, ...splits.validation, ...splits.test].map(({ path }) => path);
const random = new Random(0, 'video');
for (let video = 0; video < videos; video++) {
  const label = random.uniform() < 0.5 ? 'first' : 'second';
  mkdirSync(join(folder, label), { recursive: true });
  const photo = photos[Math.floor((video * photos.length) / videos)]!;
  const large = size + frames * shift;
  const whole = await sharp(photo).autoOrient().resize(large, large, { fit: 'fill' }).removeAlpha().png().toBuffer();
  for (let frame = 0; frame < frames; frame++)
    await sharp(whole)
      .extract({ left: frame * shift, top: Math.floor((frame * shift) / 2), width: size, height: size })
      .linear(0.95 + 0.1 * random.uniform(), 0)
      .jpeg({ quality: 85 })
      .toFile(join(folder, label, `video${video}_frame${String(frame).padStart(3, '0')}.jpg`));
}
const { stdout, stderr } = spawnSync(process.execPath, [buildCli(), 'audit', folder, '--json'], { encoding: 'utf8' });
console.error(stderr);
console.log(stdout.trim().split('\n').at(-1));
