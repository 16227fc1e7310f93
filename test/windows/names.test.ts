/** Names that only Windows has trouble with, from dataset to export. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder, writeTree } from '../trainer/data/images.js';
import { assertPlain, jsonLines, vitune, writeConfig, writeDataset } from '../trainer/commandLine/program.js';
import { exactly, skip, skipWithout } from './windows.js';

interface Inspected {
  labels: string[];
  counts: { label: string; train: number; validation: number; test: number }[];
  problems: unknown[];
}

async function inspected(folder: string): Promise<Inspected> {
  const ended = await vitune(['inspect', folder, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  return jsonLines<Inspected & Record<string, unknown>>(ended.stdout)[0]!;
}

const images = ({ counts }: Inspected): number =>
  counts.reduce((sum, { train, validation, test: tests }) => sum + train + validation + tests, 0);

/** Trains, classifies and exports with everything in `folder`; the answers of the export are the run's. */
async function goThrough(folder: string, photos: string, image: string): Promise<void> {
  const config = await writeConfig(folder, { method: 'head', epochs: 1, dataset: photos });
  const trained = await vitune(['train', config, '--json']);
  assert.equal(trained.code, 0, trained.stdout.slice(-600));
  const run = join(folder, 'runs', 'run');
  const answers = [];
  const exported = await vitune([
    'export',
    '--checkpoint',
    run,
    '--format',
    'transformers',
    '--output',
    join(folder, 'out'),
  ]);
  assert.equal(exported.code, 0, exported.stderr);
  for (const checkpoint of [run, join(folder, 'out')]) {
    const ended = await vitune(['classify', image, '--checkpoint', checkpoint, '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    answers.push(
      jsonLines<{ predictions: { label: string }[] }>(ended.stdout)[0]!.predictions.map(({ label }) => label),
    );
  }
  assert.deepEqual(answers[0], answers[1]);
}

test('devices and trailing dots and spaces as names of classes and images', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  const names = ['con/aux.png', 'con/nul.png', 'con/b.png', 'dot./com1.png', 'dot./x .png', 'dot./c.png'];
  for (const [seed, name] of names.entries()) {
    await mkdir(exactly(join(photos, name.split('/')[0]!)), { recursive: true });
    await writeTree(exactly(photos), { [name]: { seed } });
  }
  const found = await inspected(photos);
  assert.deepEqual([...found.labels].sort(), ['con', 'dot.']);
  assert.equal(images(found), names.length, JSON.stringify(found.problems));
  await goThrough(folder, 'photos', join(photos, 'con', 'aux.png'));
});

test('an output that Windows would make and nobody could delete is refused by name', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 4, green: 4 });
  for (const output of ['runs/aux', 'con', 'runs/dot.', 'runs/space ']) {
    const config = await writeConfig(folder, { method: 'head', epochs: 1, output });
    const ended = await vitune(['train', config, '--json']);
    assert.equal(ended.code, 2, `${output}: ${ended.stdout}`);
    assert.equal(jsonLines(ended.stdout).at(-1)!.code, 'NOT_SAVED_NAME', output);
    assertPlain(ended);
  }
});

test('paths of more than 260 characters', { skip }, async (t) => {
  const deep = join(
    await temporaryFolder(t),
    ...Array.from({ length: 6 }, (_, i) => `${i}-${'long folder name '.repeat(3)}x`),
  );
  assert.ok(deep.length > 300);
  await writeDataset(join(deep, 'photos'), { red: 4, green: 4 });
  await goThrough(deep, 'photos', join(deep, 'photos', 'red', 'red 0.png'));
});

test('drive letters in either case, and slashes either way', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  const photos = join(folder, 'photos');
  await writeDataset(photos, { red: 4, green: 4 });
  const drive = photos[0]!;
  for (const form of [
    drive.toLowerCase() + photos.slice(1),
    drive.toUpperCase() + photos.slice(1).replaceAll('\\', '/'),
    photos.slice(2),
    `\\\\?\\${photos}`,
  ])
    assert.equal(images(await inspected(form)), 8, form);
  await goThrough(
    folder,
    drive.toLowerCase() + photos.slice(1).replaceAll('\\', '/'),
    join(photos, 'red', 'red 0.png'),
  );
});

test('a network share', { skip: skipWithout('VITUNE_TEST_SHARE') }, async (t) => {
  const share = join(process.env.VITUNE_TEST_SHARE!, `test ${process.pid}`);
  t.diagnostic(share);
  await writeDataset(join(share, 'photos'), { red: 4, green: 4 });
  await goThrough(share, join(share, 'photos'), join(share, 'photos', 'red', 'red 0.png'));
});

test('names that differ only in case are one file: a label file finds it, and counts it once', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 4, green: 4 });
  const rows = ['red', 'green'].flatMap((label) =>
    [0, 1, 2, 3].map((i) => `${label.toUpperCase()}\\${label.toUpperCase()} ${i}.PNG,${label}`),
  );
  await writeFile(join(folder, 'photos', 'labels.csv'), ['image,label', ...rows].join('\r\n'));
  const found = await inspected(join(folder, 'photos', 'labels.csv'));
  assert.deepEqual([found.labels, images(found)], [['green', 'red'], 8]);

  await writeFile(join(folder, 'photos', 'labels.csv'), ['image,label', ...rows, 'red/red 0.png,red'].join('\r\n'));
  const doubled = await vitune(['inspect', join(folder, 'photos', 'labels.csv'), '--json']);
  const text = doubled.stdout + doubled.stderr;
  if (doubled.code === 0)
    assert.equal(images(jsonLines<Inspected & Record<string, unknown>>(doubled.stdout)[0]!), 8, text);
  else assert.match(text, /red 0\.png/i);
});

test('line ends of Windows and a byte order mark in a config and a label file', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 4, green: 4 });
  const rows = ['red', 'green'].flatMap((label) => [0, 1, 2, 3].map((i) => `${label}/${label} ${i}.png,${label}`));
  await writeFile(join(folder, 'photos', 'labels.csv'), `\uFEFF${['image,label', ...rows].join('\r\n')}\r\n`);
  const config = await writeConfig(folder, { method: 'head', epochs: 1, dataset: 'photos/labels.csv' });
  await writeFile(config, `\uFEFF${(await readFile(config, 'utf8')).replaceAll('\n', '\r\n')}`);
  const ended = await vitune(['train', config, '--json']);
  assert.equal(ended.code, 0, ended.stdout);
  assert.deepEqual(jsonLines(ended.stdout).find(({ type }) => type === 'started')!.labels, ['green', 'red']);
});
