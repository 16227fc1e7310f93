/**
 * Makes the sample dataset in sample/: emoji by class, from the art of two vendors to train on and of a third that
 * training never sees.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './ensure-installed.mjs';

/** Subcategories of Unicode's emoji list; `skip` names what does not look like its class. */
const classes = {
  animals: { of: /^animal-/, skip: /^(feet|coral|spider_web|shell)$/ },
  clothing: { of: /^clothing$/, skip: /^(gem|ring|lipstick|prayer_beads|military_helmet)$/ },
  faces: { of: /^face-/, skip: /^(skull|skull_and_crossbones|ghost|alien|space_invader|hankey|robot_face)$/ },
  flags: { of: /^country-flag$/, skip: /^$/ },
  food: { of: /^food-/, skip: /^$/ },
  hands: { of: /^hand/, skip: /^middle_finger$/ },
  people: { of: /^person(-role)?$/, skip: /^$/ },
  vehicles: {
    of: /^transport-(ground|air|water)$/,
    skip: /^(anchor|busstop|construction|fuelpump|motorway|octagonal_sign|oil_drum|parachute|railway_track|ring_buoy|rotating_light|seat|traffic_light|vertical_traffic_light|wheel|airplane_departure|airplane_arriving|station)$/,
  },
};
/** Emoji a class: the same number for all, where there are so many. */
const perClass = 48;
/** Every fifth is kept for validation, in every vendor's art: an image is never judged by its sibling. */
const isValidation = (index) => index % 5 === 2;

const packages = join(root, 'node_modules');
export const vendors = {
  noto: {
    folder: join(packages, 'emoji-datasource-google', 'img', 'google', '64'),
    licence: 'Noto Emoji by Google, Apache License 2.0',
  },
  fluent: {
    folder: join(packages, '@lobehub', 'fluent-emoji-3d', 'assets'),
    licence: 'Fluent Emoji by Microsoft, MIT License',
  },
  twemoji: {
    folder: join(packages, 'emoji-datasource-twitter', 'img', 'twitter', '64'),
    licence: 'Twemoji by Twitter and contributors, CC BY 4.0',
  },
};
const heldOut = 'twemoji';

const config = `{
  // Fine-tunes the model that comes with ViTune to tell eight kinds of emoji apart.
  "model": "embedded",
  "dataset": "emoji",
  "method": { "type": "lora", "rank": 8, "alpha": 16 },
  "epochs": 8,
  "batchSize": 16,
  "seed": 42
}
`;

/** Which file of a vendor shows an emoji: by its code points, with or without the variation selectors. */
function imageOf(files, emoji) {
  const names = [emoji.unified, emoji.non_qualified, emoji.unified.replaceAll('-FE0F', '')]
    .filter(Boolean)
    .map((name) => name.toLowerCase());
  return ['.png', '.webp']
    .flatMap((extension) => names.map((name) => name + extension))
    .find((name) => files.has(name));
}

/**
 * Emoji that every vendor has drawn, a class: `perClass` of them, evenly from the list, none drawn like another (as
 * some flags are).
 */
export function chooseEmoji() {
  const listings = Object.fromEntries(
    Object.entries(vendors).map(([vendor, { folder }]) => [vendor, new Set(readdirSync(folder))]),
  );
  const emojis = JSON.parse(readFileSync(join(packages, 'emoji-datasource-google', 'emoji.json'), 'utf8')).sort(
    (a, b) => a.sort_order - b.sort_order,
  );
  return Object.entries(classes).map(([label, { of, skip }]) => {
    const seen = new Set();
    const candidates = emojis.flatMap((emoji) => {
      if (!of.test(emoji.subcategory) || skip.test(emoji.short_name)) return [];
      const images = Object.entries(listings).map(([vendor, files]) => ({ vendor, file: imageOf(files, emoji) }));
      if (images.some(({ file }) => !file)) return [];
      const hash = createHash('sha256')
        .update(readFileSync(join(vendors.noto.folder, images[0].file)))
        .digest('hex');
      return seen.has(hash) ? [] : (seen.add(hash), [{ name: emoji.short_name.replace(/[^\w-]/g, '_'), images }]);
    });
    const step = Math.max(1, candidates.length / perClass);
    return {
      label,
      emojis: Array.from({ length: Math.min(perClass, candidates.length) }, (_, i) => candidates[Math.floor(i * step)]),
    };
  });
}

function copyImages(chosen, to) {
  for (const { label, emojis } of chosen) {
    for (const [index, { name, images }] of emojis.entries()) {
      for (const { vendor, file } of images) {
        // Of the held-out vendor only the emoji that training does not know from another one either.
        if (vendor === heldOut && !isValidation(index)) continue;
        const folder =
          vendor === heldOut
            ? join(to, 'held-out', label)
            : join(to, 'emoji', isValidation(index) ? 'validation' : 'train', label);
        mkdirSync(folder, { recursive: true });
        cpSync(join(vendors[vendor].folder, file), join(folder, `${name}.${vendor}${extname(file)}`));
      }
    }
  }
}

export const sample = {
  folder: join(root, 'sample'),
  config: join(root, 'sample', 'emoji.vitune.json'),
  heldOut: join(root, 'sample', 'held-out'),
};

/** Makes the sample where it is missing. A config that somebody changed is left as it is, and so are their runs. */
export function makeSample() {
  mkdirSync(sample.folder, { recursive: true });
  if (!existsSync(sample.config)) writeFileSync(sample.config, config);
  if (existsSync(join(sample.folder, 'LICENCES.txt'))) return;
  const work = join(sample.folder, '.making');
  rmSync(work, { recursive: true, force: true });
  copyImages(chooseEmoji(), work);
  for (const name of ['emoji', 'held-out']) {
    rmSync(join(sample.folder, name), { recursive: true, force: true });
    renameSync(join(work, name), join(sample.folder, name));
  }
  rmSync(work, { recursive: true });
  // Written last: where it is, the sample is whole.
  writeFileSync(
    join(sample.folder, 'LICENCES.txt'),
    Object.entries(vendors)
      .map(([vendor, { licence }]) => `*.${vendor}.*  ${licence}\n`)
      .join(''),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) makeSample();
