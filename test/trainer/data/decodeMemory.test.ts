/** The bound on the memory that decoding takes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { evaluationPixels } from '../../../src/trainer/data/decode.js';
import { decodeMemoryLimit, TooLargeToDecode, withDecodeMemory } from '../../../src/trainer/data/decodeMemory.js';
import { squareTransform } from '../../../src/trainer/data/transform.js';
import { temporaryFolder } from './images.js';

const most = decodeMemoryLimit;

test('steps run together while their memory fits, and wait where it does not', async () => {
  let held = 0;
  let peak = 0;
  const sizes = Array.from({ length: 40 }, (_, i) => Math.floor((most * ((i * 7) % 10)) / 10) + 1);
  await Promise.all(
    sizes.map((size) =>
      withDecodeMemory(size, async () => {
        held += size;
        peak = Math.max(peak, held);
        await new Promise((done) => setTimeout(done, 1));
        held -= size;
      }),
    ),
  );
  assert.ok(peak <= most && peak > most / 2, String(peak));
  assert.equal(held, 0);
});

test('a step that needs more begins again when that is free; two do not wait for each other', async () => {
  let begun = 0;
  const grow = () =>
    withDecodeMemory(most * 0.4, async ({ require }) => {
      begun++;
      await new Promise((done) => setTimeout(done, 5));
      require(most * 0.8);
      await new Promise((done) => setTimeout(done, 5));
      return 'done';
    });
  assert.deepEqual(await Promise.all([grow(), grow(), grow()]), ['done', 'done', 'done']);
  assert.ok(begun > 3, 'one of them had to begin again');
  await assert.rejects(
    withDecodeMemory(1, ({ require }) => Promise.resolve(require(most + 1))),
    TooLargeToDecode,
  );
  await assert.rejects(
    withDecodeMemory(most + 1, () => Promise.resolve()),
    TooLargeToDecode,
  );
  // What failed has given its memory back.
  await withDecodeMemory(most, () => Promise.resolve());
});

test('small files that unfold to many pixels are refused before they are decoded', async (t) => {
  const folder = await temporaryFolder(t);
  const [width, height] = [12_000, 12_000];
  const blank = () => sharp({ create: { width, height, channels: 3, background: '#fff' }, limitInputPixels: false });
  const png = join(folder, 'interlaced.png');
  await writeFile(png, await blank().png({ progressive: true, compressionLevel: 1 }).toBuffer());
  await assert.rejects(evaluationPixels(png, squareTransform(8)), /MB of memory, more than 335 MB/);
  // Read row by row as many pixels take little.
  const rows = join(folder, 'rows.png');
  await writeFile(rows, await blank().png({ compressionLevel: 1 }).toBuffer());
  assert.equal((await evaluationPixels(rows, squareTransform(8))).length, 192);
  // A WebP of one colour with the largest sides there are, in 36 bytes.
  const bomb = join(folder, 'bomb.webp');
  await writeFile(bomb, losslessWebp(16_383, 10_900));
  await assert.rejects(evaluationPixels(bomb, squareTransform(8)), /MB of memory, more than 335 MB/);
});

/** The header of a lossless WebP with these sides: what is decoded would be blank. */
function losslessWebp(width: number, height: number): Buffer {
  const file = Buffer.alloc(36);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(28, 4);
  file.write('WEBPVP8L', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file[20] = 0x2f;
  file.writeUInt32LE((width - 1) | ((height - 1) << 14), 21);
  file.set([0x88, 0x88, 0x08], 25);
  return file;
}

test('many large images at a time stay below the bound', async (t) => {
  const folder = await temporaryFolder(t);
  const side = 4_000;
  const webp = await sharp({ create: { width: side, height: side, channels: 3, background: '#08f' } })
    .webp({ lossless: true, effort: 0 })
    .toBuffer();
  const paths = await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      const path = join(folder, `${i}.webp`);
      await writeFile(path, webp);
      return path;
    }),
  );
  // In a process of its own, since the peak of this one is older. Each takes 136 MB, all together 1.1 GB.
  const script = `
    import { evaluationPixels } from ${JSON.stringify(new URL('../../../src/trainer/data/decode.ts', import.meta.url).href)};
    const before = process.memoryUsage().rss;
    await Promise.all(${JSON.stringify(paths)}.map((path) => evaluationPixels(path, {
      height: 8, width: 8, resize: { height: 8, width: 8 }, crop: false, kernel: 'linear',
    })));
    console.log(process.resourceUsage().maxRSS * 1024 - before);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  const peak = Number(stdout);
  assert.ok(peak > 100e6 && peak < 600e6, `${stdout} ${stderr}`);
});
