/**
 * Makes the sample dataset that comes with the extension, for a first try: three classes of emoji, all of one vendor
 * under the MIT License, and images that no training sees.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from './ensure-installed.mjs';
import { chooseEmoji, vendors } from './sample.mjs';

const vendor = 'fluent';
const labels = ['animals', 'food', 'vehicles'];
/** So many of each class are kept apart. */
const apart = 2;

/** The package that the images are from: its licence goes into the VSIX. */
export const samplePackage = join(root, 'node_modules', '@lobehub', 'fluent-emoji-3d');

/** Writes `emoji/CLASS/` and `new images/` into `folder`, which is made new. */
export function writeShippedSample(folder) {
  rmSync(folder, { recursive: true, force: true });
  for (const { label, emojis } of chooseEmoji().filter((each) => labels.includes(each.label))) {
    for (const [index, { name, images }] of emojis.entries()) {
      const { file } = images.find((image) => image.vendor === vendor);
      const isApart = index >= emojis.length - apart;
      const to = isApart ? join(folder, 'new images') : join(folder, 'emoji', label);
      mkdirSync(to, { recursive: true });
      cpSync(join(vendors[vendor].folder, file), join(to, `${name}${extname(file)}`));
    }
  }
  cpSync(join(root, 'licenses', 'microsoft.txt'), join(folder, 'LICENSE.txt'));
}
