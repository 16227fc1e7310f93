/** The sample dataset: what comes with the extension, and that nothing of the user's is overwritten. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeShippedSample } from '../../../scripts/shippedSample.mjs';
import { copySample } from '../../../src/extension/sample/sampleFiles.js';

test('three classes, images apart, a licence; a second copy changes nothing', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vitune's örnek "));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, 'source');
  writeShippedSample(source);
  const { dataset, images } = await copySample(source, folder);
  assert.deepEqual(readdirSync(dataset).sort(), ['animals', 'food', 'vehicles']);
  const names = readdirSync(dataset).flatMap((label) => readdirSync(join(dataset, label)));
  for (const label of readdirSync(dataset)) assert.ok(readdirSync(join(dataset, label)).length >= 30, label);
  assert.equal(images.length, 6);
  for (const image of images) assert.ok(!names.includes(image.split(/[\\/]/).at(-1)!), image);
  assert.match(readFileSync(join(folder, 'vitune-sample', 'LICENSE.txt'), 'utf8'), /MIT License/);
  writeFileSync(images[0]!, 'mine');
  await copySample(source, folder);
  assert.equal(readFileSync(images[0]!, 'utf8'), 'mine');
});
