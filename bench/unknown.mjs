/**
 * Trains on each photo folder and asks the model about the others, noise, plain colours and images of text: how well it
 * tells what it does not know, and how far its probabilities are from its accuracy. Writes docs/unknown.md.
 *
 *     node bench/unknown.mjs FOLDER... [--seeds N] [--epochs N] [--images N] [--methods NAME,NAME...]
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { ensureInstalled, root } from '../scripts/ensure-installed.mjs';
import { readArguments } from './arguments.mjs';
import { buildCli } from './bundle.mjs';
import { mean, percent } from './page.mjs';
import { train } from './training.mjs';

const { values, positionals } = readArguments(
  'node bench/unknown.mjs',
  { seeds: 3, epochs: 10, images: 60, methods: ['head', 'lora'] },
  'FOLDER...',
);
ensureInstalled();
const cli = buildCli();
const folders = positionals.map((each) => resolve(each));
const seeds = Array.from({ length: values.seeds }, (_, i) => 42 + i);
/** The folders on which the rule was chosen; the others were only measured. */
const chosenOn = new Set(['trashnet', 'pets']);

const work = mkdtempSync(join(tmpdir(), 'vitune-unknown-'));

/** Numbers in [0, 1) that are the same on every machine (a linear congruential generator). */
let state = 7;
const random = () => (state = (1664525 * state + 1013904223) % 2 ** 32) / 2 ** 32;

const imagesBelow = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => /\.(jpe?g|png|webp)$/i.test(path) && statSync(path).isFile())
    .sort();

/** As many of a list as asked for, evenly spread. */
const spread = (list, count) =>
  list.length <= count ? list : Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]);

/** Folders of images that no model was trained on: links to photos, and drawn ones. */
async function makeUnknown() {
  const side = 128;
  const folderOf = (name) => {
    const folder = join(work, 'unknown', name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  for (const folder of folders) {
    const to = folderOf(basename(folder));
    spread(imagesBelow(folder), values.images).forEach((path, i) => symlinkSync(path, join(to, `${i}.jpg`)));
  }
  const raw = { raw: { width: side, height: side, channels: 3 } };
  const words = ['Invoice 4711', 'Hello world', 'import numpy as np', 'Total: 12.50', 'Dear Sir or Madam', 'E = mc2'];
  for (let i = 0; i < values.images; i++) {
    const noise = Uint8Array.from({ length: 3 * side * side }, () => 256 * random());
    await sharp(noise, raw)
      .png()
      .toFile(join(folderOf('noise'), `${i}.png`));
    const colour = [256 * random(), 256 * random(), 256 * random()];
    const plain = Uint8Array.from({ length: 3 * side * side }, (_, k) => colour[k % 3]);
    await sharp(plain, raw)
      .png()
      .toFile(join(folderOf('plain colours'), `${i}.png`));
    const lines = Array.from({ length: 4 + 6 * random() }, () => words[Math.floor(words.length * random())]);
    const isDark = random() < 0.3;
    const text = `<span foreground="${isDark ? 'white' : 'black'}">${lines.join('\n')}</span>`;
    const drawn = await sharp({ text: { text, rgba: true, width: 230, dpi: 100 } })
      .png()
      .toBuffer({ resolveWithObject: true });
    await sharp({
      create: {
        width: Math.max(256, drawn.info.width + 16),
        height: Math.max(256, drawn.info.height + 16),
        channels: 3,
        background: isDark ? '#1e1e1e' : '#ffffff',
      },
    })
      .composite([{ input: drawn.data, top: 8, left: 8 }])
      .png()
      .toFile(join(folderOf('text'), `${i}.png`));
  }
  return readdirSync(join(work, 'unknown'));
}

const vitune = (...args) =>
  execFileSync(process.execPath, [cli, ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The chance that an unknown image has a greater score than a known one; equal ones count half. */
function auroc(known, unknown) {
  let sum = 0;
  for (const a of unknown) for (const b of known) sum += a > b ? 1 : a === b ? 0.5 : 0;
  return sum / (known.length * unknown.length);
}

/** The share of unknown images above the score that 95 % of the known ones do not exceed. */
function rejected(known, unknown) {
  const sorted = [...known].sort((a, b) => a - b);
  const threshold = sorted[Math.ceil(0.95 * sorted.length) - 1];
  return unknown.filter((score) => score > threshold).length / unknown.length;
}

const scoresOf = (images) => ({
  ours: images.map(({ unknown }) => unknown.score),
  softmax: images.map(({ predictions: [best] }) => -best.rawProbability),
});

const kinds = await makeUnknown();
const calibrationRows = [];
const unknownRows = [];
const gains = { chosen: [], measured: [] };
for (const method of values.methods) {
  for (const folder of folders) {
    const name = basename(folder);
    const found = new Map(kinds.filter((kind) => kind !== name).map((kind) => [kind, []]));
    // A LoRA run takes minutes: one seed shows whether it differs.
    for (const seed of method === 'head' ? seeds : seeds.slice(0, 1)) {
      const run = join(work, `${name}-${method}-${seed}`);
      const { events, images } = await train(
        { dataset: folder, method, seed, epochs: method === 'head' ? values.epochs : Math.min(3, values.epochs) },
        { keep: (output) => cpSync(output, run, { recursive: true }) },
      );
      const [task] = events.find(({ type }) => type === 'calibration').tasks;
      calibrationRows.push(
        `| ${name} | ${method} | ${seed} | ${images.validation} | ${task.temperature.toFixed(3)} | ${percent(task.ece.before)} | ${percent(task.ece.after)} | ${percent(task.ece.corrected.before)} | ${percent(task.ece.corrected.after)} |`,
      );
      console.log(calibrationRows.at(-1));
      const answered = vitune('evaluate', '--checkpoint', run, '--dataset', folder, '--pictures')
        .filter(({ type }) => type === 'picture')
        .map(({ unknown, answers: [{ prediction }] }) => ({ unknown, predictions: [prediction] }));
      const known = scoresOf(answered);
      const others = [...found.keys()].map((kind) => join(work, 'unknown', kind));
      const asked = vitune('classify', ...others, '--checkpoint', run).filter(({ predictions }) => predictions);
      for (const [kind, rows] of found) {
        const unknown = scoresOf(asked.filter(({ path }) => basename(dirname(path)) === kind));
        rows.push({
          ours: auroc(known.ours, unknown.ours),
          softmax: auroc(known.softmax, unknown.softmax),
          rejected: rejected(known.ours, unknown.ours),
          rejectedBySoftmax: rejected(known.softmax, unknown.softmax),
        });
      }
      rmSync(run, { recursive: true, force: true });
    }
    for (const [kind, rows] of found) {
      const of = (key) => mean(rows.map((row) => row[key]));
      gains[chosenOn.has(name) ? 'chosen' : 'measured'].push(of('ours') - of('softmax'));
      unknownRows.push(
        `| ${name} | ${method} | ${kind} | ${percent(of('ours'))} | ${percent(of('softmax'))} | ${percent(of('rejected'))} | ${percent(of('rejectedBySoftmax'))} |`,
      );
      console.log(unknownRows.at(-1));
    }
  }
}
rmSync(work, { recursive: true, force: true });

const gainOf = (list) => (list.length ? `${(100 * mean(list)).toFixed(1)} points` : 'not measured');
/** How each method was trained; every seed draws its own split. */
const recipes = values.methods.map((method) =>
  method === 'head'
    ? `\`head\` for ${values.epochs} epochs, seeds ${seeds.join(', ')}`
    : `\`${method}\` for ${Math.min(3, values.epochs)} epochs, seed ${seeds[0]}`,
);
writeFileSync(
  join(root, 'docs', 'unknown.md'),
  `# What a model does not know, and how sure it may be

Made by \`node bench/unknown.mjs\` with the embedded model on the CPU: ${recipes.join('; ')}. All else is at its default.

## Unknown images

An image is unknown where its score is above a threshold. The score is the mean cosine distance to the 5 nearest training
images of the bank, in what the head reads, plus a quarter of the energy of the logits (less the logarithm of the sum of
exponentials); both less their mean over the validation images, divided by their deviation. The threshold accepts the share
\`acceptedShare\` of the validation images, 95 % by default.

Each model was asked about ${values.images} images of each other folder, of noise, of plain colours and of text. AUROC is the chance that such
an image has a greater score than a validation image. "Rejected" is the share of them that is called unknown where 95 % of
the validation images are accepted. The rule (5 neighbours, a quarter of the energy) was chosen on trashnet and pets. The
gain over the greatest probability of the softmax, in AUROC: ${gainOf(gains.chosen)} on these two, ${gainOf(gains.measured)} on the other folders.

| trained on | method | asked about | AUROC | AUROC of the softmax | rejected | rejected by the softmax |
| --- | --- | --- | --- | --- | --- | --- |
${unknownRows.join('\n')}

## Calibration

The temperature is fitted to the validation images of the best checkpoint, and the expected calibration error (15 bins of
equal width) is measured on the same images. Chance adds to it: right probabilities of 200 images show about 8 %. The
corrected error is without that: the root of the mean squared distance of accuracy from probability, in bins of at least
30 images, less the variance of each bin's accuracy (Kumar, Liang and Ma, 2019, arXiv:1909.10155).

| photos | method | seed | images | temperature | before | after | corrected before | corrected after |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
${calibrationRows.join('\n')}
`,
);
