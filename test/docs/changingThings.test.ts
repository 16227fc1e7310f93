/** `docs/changing-things.md` names files that exist, and every file that is written by `npm run docs`. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/ensure-installed.mjs';

const page = readFileSync(join(root, 'docs', 'changing-things.md'), 'utf8');
const examples = page.split(/^## /m).slice(1);
const filesOf = (text: string): string[] => [...text.matchAll(/^- `([^`]+)`/gm)].map(([, file]) => file!);

test('there are ten examples or more, each with its files', () => {
  assert.ok(examples.length >= 10);
  for (const example of examples) assert.ok(filesOf(example).length >= 2, example.split('\n')[0]);
});

test('every file that an example names exists', () => {
  for (const file of filesOf(page)) assert.ok(existsSync(join(root, file)), file);
});

test('files and pages that the prose names exist', () => {
  const bullets = new Set(filesOf(page).map((file) => file.split('/').at(-1)));
  for (const [, name] of page.matchAll(/`([\w.-]+\.(?:ts|json|md))`/g)) {
    const isKnown = bullets.has(name) || existsSync(join(root, name!));
    assert.ok(isKnown || existsSync(join(root, 'src/trainer/data', name!)), name);
  }
  for (const [, link] of page.matchAll(/\]\(([\w.-]+\.md)\)/g)) assert.ok(existsSync(join(root, 'docs', link!)), link);
});

test('a file marked as written is one that says so, or package.json', () => {
  for (const [, file] of page.matchAll(/^- `([^`]+)` \(written\)/gm))
    assert.ok(file === 'package.json' || /npm run docs/.test(readFileSync(join(root, file!), 'utf8')), file);
});
