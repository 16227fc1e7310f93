/** `vitune group`, `label-next` and `suggest`: from a folder of images without classes to suggestions for the rest. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import sharp from 'sharp';
import { ImageList } from '../../../src/shared/imageList.js';
import { Random } from '../../../src/trainer/core/random.js';
import type { CommandOutputs, Failure } from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import { jsonLines, vitune } from './program.js';

type Name = 'group' | 'label-next' | 'suggest';
const kinds = ['dark', 'bright'] as const;

/** Photos of two kinds, each unlike any other: spots of colours of its own, dark or bright. */
async function photo(kind: (typeof kinds)[number], seed: number): Promise<Buffer> {
  const random = new Random(seed, kind);
  const spots = Uint8Array.from({ length: 8 * 7 * 3 }, () => (kind === 'dark' ? 0 : 155) + random.below(100));
  const raw = { width: 8, height: 7, channels: 3 } as const;
  return sharp(spots, { raw }).resize(96, 80, { fit: 'fill' }).png().toBuffer();
}

async function loosePhotos(t: TestContext, each = 10): Promise<{ root: string; folder: string }> {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await mkdir(root);
  for (const kind of kinds)
    for (let i = 0; i < each; i++) await writeFile(join(root, `${kind}-${i}.png`), await photo(kind, i));
  return { root, folder };
}

async function run<N extends Name>(name: N, folder: string, args: string[]) {
  const { code, stdout, stderr } = await vitune([name, ...args, '--json'], {
    env: { VITUNE_CACHE: join(folder, 'cache') },
  });
  return { code, stderr, lines: jsonLines<CommandOutputs[N] | Failure>(stdout) };
}

/** Every file below a folder. */
const filesBelow = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true })).filter((name) => name.includes('.')).sort();

const kindOf = (path: string): string => basename(path).split('-')[0]!;

test('loose images are grouped by what they show, and nothing is moved', async (t) => {
  const { root, folder } = await loosePhotos(t);
  await writeTree(root, { 'unreadable.png': 'no image' });
  const before = await filesBelow(root);
  const list = join(folder, 'groups.images');
  const { code, lines, stderr } = await run('group', folder, [root, '--list', list]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /IMAGE_UNREADABLE[\s\S]*unreadable\.png/);
  const groups = lines.flatMap((line) => (line.type === 'group' ? [line] : []));
  const whole = lines.at(-1)!;
  assert.ok(whole.type === 'groups');
  assert.deepEqual([whole.folder, whole.images, whole.groups, whole.labelled], [root, 20, groups.length, 0]);
  assert.deepEqual(
    groups.map(({ group }) => group),
    groups.map((_, i) => i + 1),
  );
  for (const { paths, typical } of groups) {
    assert.equal(new Set(paths.map(kindOf)).size, 1, paths.join());
    assert.deepEqual(typical, paths.slice(0, typical.length));
  }
  assert.equal(groups.flatMap(({ paths }) => paths).length, 20);
  assert.deepEqual(await filesBelow(root), before);
  const read = ImageList.of(new Uint8Array(await readFile(list)).buffer);
  assert.equal(read.length, 20);
  assert.equal(read.choice('group')!.values.length, groups.length);
  const asked = await run('group', folder, [root, '--groups', '3']);
  assert.equal(asked.lines.filter(({ type }) => type === 'group').length, 3);
});

test('what cannot be grouped is refused by name', async (t) => {
  const { root, folder } = await loosePhotos(t, 2);
  const errorOf = async (name: Name, ...args: string[]): Promise<string> => {
    const { code, lines } = await run(name, folder, args);
    assert.equal(code, 2);
    const last = lines.at(-1)!;
    assert.ok(last.type === 'error');
    return last.code;
  };
  assert.equal(await errorOf('group', root, '--groups', '9'), 'GROUP_TOO_FEW_IMAGES');
  assert.equal(await errorOf('group', root, '--groups', '1'), 'USAGE');
  assert.equal(await errorOf('group', join(folder, 'gone')), 'DATASET_MISSING');
  assert.equal(await errorOf('suggest', root), 'SUGGEST_TOO_FEW_CLASSES');
  for (const name of await readdir(root)) {
    await mkdir(join(root, kindOf(name)), { recursive: true });
    await rename(join(root, name), join(root, kindOf(name), name));
  }
  for (const name of ['group', 'label-next', 'suggest'] as const)
    assert.equal(await errorOf(name, root), 'GROUP_NO_LOOSE_IMAGES');
  const unreadable = join(folder, 'unreadable');
  await writeTree(unreadable, { 'a.png': 'no image', 'b.png': 'nor this' });
  assert.equal(await errorOf('group', unreadable), 'NO_READABLE_IMAGES');
});

test('label-next starts with typical images of each kind, and then asks for what is uncertain', async (t) => {
  const { root, folder } = await loosePhotos(t);
  const first = await run('label-next', folder, [root, '--count', '2']);
  const next = first.lines.flatMap((line) => (line.type === 'next' ? [line] : []));
  assert.deepEqual(next.map(({ path }) => kindOf(path)).sort(), ['bright', 'dark']);
  assert.deepEqual(
    next.map(({ margin }) => margin),
    [null, null],
  );
  for (const kind of kinds)
    for (const i of [0, 1, 2]) {
      await mkdir(join(root, kind), { recursive: true });
      await rename(join(root, `${kind}-${i}.png`), join(root, kind, `${kind}-${i}.png`));
    }
  const then = await run('label-next', folder, [root, '--count', '50']);
  const ranked = then.lines.flatMap((line) => (line.type === 'next' ? [line] : []));
  assert.equal(new Set(ranked.map(({ path }) => path)).size, 14);
  assert.ok(ranked.every(({ margin }) => margin! >= 0 && margin! <= 1));
  const whole = then.lines.at(-1)!;
  assert.ok(whole.type === 'ranked');
  assert.deepEqual([whole.images, whole.labelled, [...whole.labels].sort()], [14, 6, ['bright', 'dark']]);
});

test('suggest names the class of each image, but not of one that is unlike all', async (t) => {
  const { root, folder } = await loosePhotos(t, 16);
  for (const kind of kinds)
    for (let i = 0; i < 12; i++) {
      await mkdir(join(root, kind), { recursive: true });
      await rename(join(root, `${kind}-${i}.png`), join(root, kind, `${kind}-${i}.png`));
    }
  const stripes = Buffer.from(Uint8Array.from({ length: 96 * 80 }, (_, i) => ((i % 96) % 4 < 2 ? 0 : 255)));
  await writeFile(
    join(root, 'stripes-0.png'),
    await sharp(stripes, { raw: { width: 96, height: 80, channels: 1 } })
      .png()
      .toBuffer(),
  );
  const list = join(folder, 'suggested.images');
  const { code, lines, stderr } = await run('suggest', folder, [root, '--list', list]);
  assert.equal(code, 0, stderr);
  const found = lines.flatMap((line) => (line.type === 'suggestion' ? [line] : []));
  assert.equal(found.length, 9);
  const known = found.filter(({ label }) => label !== null);
  for (const { path, label, confidence } of known) {
    assert.equal(label, kindOf(path));
    assert.ok(confidence > 0.5 && confidence <= 1);
  }
  assert.ok(known.length >= 6);
  assert.equal(found.find(({ path }) => kindOf(path) === 'stripes')?.label, null);
  const whole = lines.at(-1)!;
  assert.ok(whole.type === 'suggestions');
  assert.deepEqual([whole.suggested, whole.unknown], [known.length, 9 - known.length]);
  const read = ImageList.of(new Uint8Array(await readFile(list)).buffer);
  assert.equal(read.number('probability')!.data.filter((share) => share > 0).length, known.length);
});

test('suggest asks a checkpoint, which says what it does not know', async (t) => {
  const { root, folder } = await loosePhotos(t, 16);
  const labelled = join(folder, 'labelled');
  for (const kind of kinds) {
    await mkdir(join(labelled, kind), { recursive: true });
    for (let i = 0; i < 12; i++) await rename(join(root, `${kind}-${i}.png`), join(labelled, kind, `${kind}-${i}.png`));
  }
  const checkpoint = join(folder, 'run');
  const config = join(folder, 'labelled.vitune.json');
  const settings = { dataset: labelled, method: 'head', epochs: 10, device: 'cpu', output: checkpoint };
  await writeFile(config, JSON.stringify(settings));
  const trained = await vitune(['train', config], { env: { VITUNE_CACHE: join(folder, 'cache') } });
  assert.equal(trained.code, 0, trained.stderr);
  const { code, lines, stderr } = await run('suggest', folder, [root, '--checkpoint', checkpoint]);
  assert.equal(code, 0, stderr);
  const found = lines.flatMap((line) => (line.type === 'suggestion' ? [line] : []));
  assert.equal(found.length, 8);
  for (const { path, label } of found) assert.ok(label === null || label === kindOf(path), path);
  assert.ok(found.filter(({ label }) => label !== null).length >= 4);
  assert.deepEqual(
    found.map(({ confidence }) => confidence),
    found.map(({ confidence }) => confidence).sort((a, b) => b - a),
  );
  assert.equal((await filesBelow(root)).length, 8, 'nothing is moved');

  const both = await run('suggest', folder, [root, '--checkpoint', checkpoint, '--model', 'embedded']);
  assert.equal(both.code, 2);
  assert.match(both.stderr + JSON.stringify(both.lines), /--checkpoint and --model exclude each other/);
  const none = await run('suggest', folder, [root, '--checkpoint', join(folder, 'gone')]);
  assert.equal(none.code, 2);
});
