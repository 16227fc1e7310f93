/** The names in code are the names in package.json. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands, imageEditorType, settings, views } from '../../src/extension/contributions.js';
import { configEndings } from '../../src/shared/configNames.js';
import { testFileEnding } from '../../src/shared/testNames.js';
import { readableEndings } from '../../src/shared/imageFormats.js';
import { withImageEndings } from '../../scripts/imageEndings.js';

interface Item {
  command: string;
  when?: string;
}
const text = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const read = (file: string) => JSON.parse(text(file)) as Record<string, unknown>;
const manifest = read('package.json') as {
  activationEvents: string[];
  contributes: {
    commands: Item[];
    menus: Record<string, Item[]>;
    configuration: { properties: Record<string, unknown> };
    views: Record<string, { id: string }[]>;
    viewsWelcome: { view: string }[];
    customEditors: { viewType: string; selector: { filenamePattern: string }[] }[];
    languages: { filenamePatterns: string[] }[];
    jsonValidation: { fileMatch: string | string[] }[];
    walkthroughs: { steps: { media: { svg: string } }[] }[];
  };
};
const { contributes } = manifest;
const sorted = (list: Iterable<string>) => [...list].sort();

test('commands, settings, views and editors are those of package.json', () => {
  assert.deepEqual(sorted(contributes.commands.map((each) => each.command)), sorted(Object.values(commands)));
  assert.deepEqual(
    sorted(Object.keys(contributes.configuration.properties)),
    sorted(settings.map((name) => `vitune.${name}`)),
  );
  assert.deepEqual(
    sorted(Object.values(contributes.views).flatMap((list) => list.map((view) => view.id))),
    sorted(Object.values(views)),
  );
  assert.deepEqual(
    contributes.customEditors.map((editor) => editor.viewType),
    [imageEditorType],
  );
  assert.deepEqual(
    contributes.languages[0]?.filenamePatterns,
    [...configEndings, testFileEnding].map((ending) => `*${ending}`),
  );
  assert.deepEqual(
    contributes.jsonValidation[0]?.fileMatch,
    configEndings.map((ending) => `*${ending}`),
  );
  for (const ending of configEndings) assert.ok(manifest.activationEvents.includes(`workspaceContains:**/*${ending}`));
});

test('menus and welcome texts name what exists', () => {
  const known = new Set<string>(Object.values(commands));
  for (const [menu, items] of Object.entries(contributes.menus))
    for (const item of items) assert.ok(known.has(item.command), `${menu}: ${item.command}`);
  for (const { view } of contributes.viewsWelcome) assert.ok(Object.values<string>(views).includes(view));
});

test('menus and the image editor know the endings of the formats that are read: `npm run docs` writes them', () => {
  assert.equal(text('package.json'), withImageEndings(text('package.json')));
  const item = contributes.menus['explorer/context']?.find((each) => each.command === commands.classify);
  const source = /resourceExtname =~ \/(.*?)\/i/.exec(item?.when ?? '')?.[1] ?? '';
  for (const ending of readableEndings) assert.match(`.${ending}`, new RegExp(source, 'i'));
  assert.doesNotMatch('.txt', new RegExp(source, 'i'));
});

test('the images of the walkthrough are there', () => {
  for (const { steps } of contributes.walkthroughs)
    for (const { media } of steps) assert.ok(existsSync(new URL(`../../${media.svg}`, import.meta.url)), media.svg);
});
