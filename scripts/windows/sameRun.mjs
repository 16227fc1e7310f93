/** A small training with something to learn: drawings of circles, bars and crosses in noise. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';

const size = 32;
const shapes = {
  bar: (x) => Math.abs(x) < 4,
  circle: (x, y) => Math.abs(Math.hypot(x, y) - 9) < 3,
  cross: (x, y) => Math.abs(Math.abs(x) - Math.abs(y)) < 3,
};

/** Numbers from 0 to 1, the same on every platform (mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function drawing(isInk, random) {
  const [dx, dy] = [random(), random()].map((value) => size / 2 + 10 * (value - 0.5));
  const pixels = Buffer.alloc(3 * size * size);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++)
      for (let c = 0; c < 3; c++) pixels[3 * (y * size + x) + c] = 110 * random() + (isInk(x - dx, y - dy) ? 90 : 30);
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .png()
    .toBuffer();
}

/** Writes images and a config into `folder` and returns the config's path. */
export async function makeRunConfig(folder) {
  const random = numbers(3);
  for (const [label, isInk] of Object.entries(shapes)) {
    mkdirSync(join(folder, 'photos', label), { recursive: true });
    for (let i = 0; i < 24; i++) writeFileSync(join(folder, 'photos', label, `${i}.png`), await drawing(isInk, random));
  }
  const config = join(folder, 'same.vitune.json');
  const content = {
    model: join('..', '..', '..', 'test', 'golden', 'models', 'vit').replaceAll('\\', '/'),
    dataset: 'photos',
    method: 'lora',
    epochs: 6,
    batchSize: 8,
    learningRate: 5e-3,
    seed: 7,
  };
  writeFileSync(config, JSON.stringify(content));
  return config;
}
