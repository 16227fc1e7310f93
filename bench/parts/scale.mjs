/**
 * The cost of a run against the number of images: the start with an empty and with a filled cache, images per second,
 * and memory.
 */
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { root } from '../../scripts/ensure-installed.mjs';
import { chart } from '../chart.mjs';
import { machine, median, table } from '../page.mjs';
import { train } from '../training.mjs';

const CLASSES = 100;
const SIDE = 64;
const HELD_OUT = 200;
/** Files with distinct content. The others are hard links to them; a file may have about 65,000. */
const CONTENTS = 64;

/** An image of smooth noise; each seed gives another one. */
function drawing(seed) {
  const pixels = Buffer.from(
    Array.from(
      { length: SIDE * SIDE * 3 },
      (_, i) => 128 + 100 * Math.sin((i % (SIDE * 3)) / (3 + seed)) * Math.cos(i / (SIDE * (5 + seed))),
    ),
  );
  return sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg()
    .toBuffer();
}

/** `count` images in class folders below `folder`. */
function fill(folder, contents, count) {
  for (let label = 0; label < CLASSES; label++) {
    const own = join(folder, `class ${label}`);
    mkdirSync(own, { recursive: true });
    for (let i = label; i < count; i += CLASSES) linkSync(contents[i % CONTENTS], join(own, `image ${i}.jpg`));
  }
}

export async function scale({ sizes, threads, say, dry }) {
  const loads = [];
  const rows = [];
  for (const size of sizes) {
    const work = mkdtempSync(join(root, 'build', 'bench', 'scale-'));
    try {
      const contents = [];
      for (let i = 0; i < CONTENTS; i++) {
        contents.push(join(work, `${i}.jpg`));
        writeFileSync(contents[i], await drawing(i));
      }
      fill(join(work, 'train'), contents, size);
      fill(join(work, 'validation'), contents, HELD_OUT);
      const dataset = { train: join(work, 'train'), validation: join(work, 'validation') };
      const config = {
        dataset,
        model: 'embedded',
        method: 'lora',
        maxSteps: 200,
        epochs: 1,
        evalSteps: 1000,
        loggingSteps: 10,
        batchSize: 16,
      };
      const env = { VITUNE_THREADS: `${threads}`, VITUNE_CACHE: join(work, 'cache') };
      const runs = [];
      for (const state of ['new', 'again']) {
        loads.push(os.loadavg()[0]);
        const result = await train(config, { env });
        const speeds = result.events.flatMap(({ type, imagesPerSecond }) => (type === 'step' ? [imagesPerSecond] : []));
        runs.push({ first: result.first, speed: median(speeds), memory: result.finished.peakMemoryBytes / 2 ** 20 });
        say(
          `scale, ${size} images, ${state}: first metric after ${result.first.toFixed(1)} s, ${runs.at(-1).memory.toFixed(0)} MB`,
        );
      }
      rows.push({ size, runs });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  const series = [
    { name: 'training, images/s', values: rows.map(({ runs }) => runs[1].speed) },
    { name: 'peak memory, MB', values: rows.map(({ runs }) => runs[1].memory) },
  ];
  const image = chart('Training on more and more images', 'images in the dataset', sizes, series);
  if (!dry) writeFileSync(join(root, 'docs', 'images', 'scale.svg'), image);
  const text = (value, digits = 1) => value.toFixed(digits);
  const body = rows.map(({ size, runs: [fresh, again] }) => [
    size.toLocaleString('en'),
    `${text(fresh.first)} s`,
    `${text(again.first)} s`,
    text(again.speed, 0),
    text(fresh.memory, 0),
    text(again.memory, 0),
  ]);
  const headings = [
    '>images',
    '>first metric, all new',
    '>first metric, again',
    '>training, images/s',
    '>peak memory, all new, MB',
    '>peak memory, again, MB',
  ];
  return `## Cost against size

LoRA on the embedded model, batch 16, 200 steps with ${threads} threads. The images are JPEG files of ${SIDE} x ${SIDE} in ${CLASSES} class folders, hard links to ${CONTENTS} files:
they save disk space, and to ViTune each is a separate image. The first metric is the loss of the first ten steps, timed from the command. "All new": no image has been
decoded before. "Again": a second run, when the cache holds the images of the first 200 steps.

![Images per second and memory against the number of images](images/scale.svg)

${table(headings, body)}

${machine(loads)}`;
}
