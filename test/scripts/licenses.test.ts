/** A package is made only when the licence text of each of its parts is at hand. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { thirdPartyNotices } from '../../scripts/licenses.mjs';
import { temporaryFolder, writeTree } from '../trainer/data/images.js';

const root = join(import.meta.dirname, '../..');
const manifest = (name: string): string => JSON.stringify({ name, version: '1.0.0', license: 'MIT' });

test('a package without a licence text is named', async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, { 'package.json': manifest('nameless') });
  assert.throws(() => thirdPartyNotices([{ folder, shipped: [] }]), /nameless 1\.0\.0/);
});

test('so is a library linked into its binary, and a library of others next to it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeTree(folder, {
    'package.json': manifest('native'),
    LICENSE: 'MIT License',
    'versions.json': JSON.stringify({ png: '1.6', 'brand-new': '0.1' }),
  });
  const made = (shipped: string[]): string => thirdPartyNotices([{ folder, shipped }]);
  assert.throws(() => made([]), /: brand-new 0\.1, in native$/);
  await writeTree(folder, { 'versions.json': '{}' });
  assert.throws(() => made([join('native', 'other.dll')]), /: other\.dll, in native$/);
  assert.match(made([]), /native 1\.0\.0 \(MIT\)\n\nMIT License/);
});

test("the notices hold the texts of libvips's libraries and of ONNX Runtime's parts", () => {
  const image = readdirSync(join(root, 'node_modules/@img')).filter((name) => name.startsWith('sharp-'));
  const names = [...image.map((name) => `@img/${name}`), 'onnxruntime-node'];
  const text = thirdPartyNotices(names.map((name) => ({ folder: join(root, 'node_modules', name), shipped: [] })));
  for (const passage of [
    /vips [\d.]+, in @img\/sharp/,
    /GNU LESSER GENERAL PUBLIC LICENSE\s+Version 3/,
    /GNU GENERAL PUBLIC LICENSE\s+Version 3/,
    /Mozilla Public License/i,
    /Independent JPEG Group/,
    /Copyright \(c\) Microsoft Corporation/,
    /mimalloc/,
  ])
    assert.match(text, passage);
});

test('each text in licenses/ belongs to a part, and each part names texts that are there', async () => {
  const index = JSON.parse(await readFile(join(root, 'licenses/index.json'), 'utf8')) as Record<
    string,
    Record<string, string[]>
  >;
  const named = Object.values(index).flatMap((parts) => Object.values(parts).flat());
  const present = readdirSync(join(root, 'licenses')).filter((name) => name.endsWith('.txt'));
  assert.deepEqual([...new Set(named)].map((name) => `${name}.txt`).sort(), present.sort());
});
