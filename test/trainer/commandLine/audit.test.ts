/** `vitune audit` from files to findings, and splits that keep groups together from config to checkpoint. */
import assert from 'node:assert/strict';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import sharp from 'sharp';
import { Random } from '../../../src/trainer/core/random.js';
import type { CommandOutputs, Finding, Inspection } from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import { jsonLines, vitune, writeConfig } from './program.js';

type Line = CommandOutputs['audit'];
const isFinding = (line: Line): line is Finding => line.type === 'finding';

/** Photos of two kinds, each unlike any other: spots of colours of its own, dark or bright. */
async function photo(kind: 'dark' | 'bright', seed: number): Promise<Buffer> {
  const random = new Random(seed, kind);
  const spots = Uint8Array.from({ length: 8 * 7 * 3 }, () => (kind === 'dark' ? 0 : 155) + random.below(100));
  return sharp(spots, { raw: { width: 8, height: 7, channels: 3 } })
    .resize(96, 80, { fit: 'fill' })
    .png()
    .toBuffer();
}

async function dataset(root: string): Promise<void> {
  for (const kind of ['dark', 'bright'] as const)
    for (let i = 0; i < 14; i++) {
      const folder = join(root, i < 11 ? 'train' : 'validation', kind);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, `${String.fromCharCode(97 + i)}.png`), await photo(kind, i));
    }
}

test('an audit prints every kind of finding as a line, and the whole as the last one', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await dataset(root);
  const leaked = await photo('dark', 1);
  await writeTree(root, {
    'train/dark/unreadable.png': 'no image',
    'train/bright/level.png': await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
      .png()
      .toBuffer(),
    'train/dark/small.png': { seed: 900, width: 30, height: 20 },
    'train/bright/long.png': { seed: 901, width: 240, height: 40 },
    'train/bright/same.png': await photo('bright', 2),
    // The same image, stored again.
    'validation/dark/leak.jpg': await sharp(leaked).jpeg({ quality: 90 }).toBuffer(),
    // A label that is wrong.
    'train/dark/wrong.png': await photo('bright', 40),
  });
  const { code, stdout, stderr } = await vitune(['audit', root, '--json'], {
    env: { VITUNE_CACHE: join(folder, 'cache') },
  });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /IMAGE_UNREADABLE[\s\S]*unreadable\.png/);
  const lines = jsonLines<Line>(stdout);
  const findings = lines.filter(isFinding);
  const last = lines.at(-1)!;
  assert.ok(last.type === 'audit');
  assert.equal(last.images, 34);
  assert.ok(last.accuracy! > 0.8 && last.honestAccuracy! > 0.8);
  const counts: Record<string, number> = {};
  for (const { kind } of findings) counts[kind] = (counts[kind] ?? 0) + 1;
  assert.deepEqual(last.findings, counts);

  const wrong = findings.find((each) => each.kind === 'label-error' && basename(each.path) === 'wrong.png');
  assert.ok(wrong?.kind === 'label-error');
  assert.deepEqual([wrong.given, wrong.suggested], ['dark', 'bright']);
  const leaks = findings.flatMap((each) => (each.kind === 'leakage' ? [each] : []));
  const names = (paths: readonly string[]): string[] => paths.map((path) => basename(path)).sort();
  const leak = leaks.find(({ paths }) => names(paths).includes('leak.jpg'));
  assert.ok(leak && names(leak.paths).includes('b.png'), JSON.stringify(leaks));
  assert.deepEqual([...new Set(leak.splits)].sort(), ['train', 'validation']);
  assert.ok(leak.similarity > 0.7 && leak.similarity <= 1.0001);
  assert.ok(findings.some((each) => each.kind === 'duplicate' && names(each.paths).join() === 'c.png,same.png'));
  const ofImages = findings.flatMap((each) => ('score' in each ? [`${each.kind} ${basename(each.path)}`] : []));
  for (const expected of ['constant level.png', 'tiny small.png', 'stretched long.png'])
    assert.ok(ofImages.includes(expected), ofImages.join());
  const shortcut = findings.find((each) => each.kind === 'shortcut' && each.property === 'brightness');
  assert.ok(shortcut?.kind === 'shortcut' && shortcut.accuracy > shortcut.baseline + 0.3);
  const curve = lines.find((line) => line.type === 'curve');
  assert.equal(curve?.points.length, 4);

  const text = await vitune(['audit', root], { env: { VITUNE_CACHE: join(folder, 'cache') } });
  assert.match(text.stdout, /wrong\.png +dark +→ bright/);
  assert.match(text.stdout, /about half of the first ones are real errors/);
});

test('what is not audited is said, and what cannot be is an error in words', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  await dataset(root);
  const env = { VITUNE_CACHE: join(folder, 'cache') };
  const rows = ['dark', 'bright'].flatMap((kind) =>
    [...'abcdefgh'].map((name, i) => `train/${kind}/${name}.png,${kind},${i % 2 ? 'odd' : 'even'}`),
  );
  await writeFile(join(root, 'labels.csv'), ['image,kind,number', ...rows].join('\n'));
  const config = await writeConfig(folder, {
    dataset: { folder: 'photos', columns: ['kind', 'number'] },
  });
  const several = await vitune(['audit', config, '--json'], { env });
  assert.equal(several.code, 0, several.stderr);
  assert.match(several.stderr, /TASKS_NOT_AUDITED: The labels of kind are audited, those of number are not/);
  await rm(join(root, 'labels.csv'));
  for (const kind of ['train', 'validation']) await rm(join(root, kind, 'bright'), { recursive: true });
  const one = await vitune(['audit', root, '--json'], { env });
  assert.equal(one.code, 2);
  assert.match(one.stderr, /DATASET_ONE_CLASS[\s\S]*Remedy/);
  const model = await vitune(['audit', root, '--model', join(folder, 'nothing')], { env });
  assert.equal(model.code, 2);
});

test('a run by groups keeps each on one side, and its evaluation and its resume know the split', async (t) => {
  const folder = await temporaryFolder(t);
  const root = join(folder, 'photos');
  for (const kind of ['dark', 'bright'] as const)
    for (let scene = 0; scene < 8; scene++)
      for (let shot = 0; shot < 3; shot++) {
        const place = join(root, kind, `${kind} scene ${scene}`);
        await mkdir(place, { recursive: true });
        await writeFile(join(place, `${shot}.png`), await photo(kind, 3 * scene + shot));
      }
  const env = { VITUNE_CACHE: join(folder, 'cache') };
  const base = { dataset: 'photos', method: 'head', epochs: 2, batchSize: 8, output: 'run' };
  const config = await writeConfig(folder, { ...base, split: { groupBy: 'folder' } });
  const [ungrouped] = jsonLines<Inspection>((await vitune(['inspect', config, '--json'], { env })).stdout);
  assert.ok(ungrouped!.problems.some(({ code }) => code === 'SPLIT_GROUPS_NOT_INSPECTED'));
  const trained = await vitune(['train', config, '--json'], { env });
  assert.equal(trained.code, 0, trained.stderr);
  const { validation } = JSON.parse(await readFile(join(folder, 'run', 'split.json'), 'utf8')) as {
    validation: string[];
  };
  const scenes = new Map<string, number>();
  for (const path of validation) {
    const scene = path.split('/').slice(0, 2).join('/');
    scenes.set(scene, (scenes.get(scene) ?? 0) + 1);
  }
  assert.ok(scenes.size >= 2 && [...scenes.values()].every((count) => count === 3), validation.join());
  const evaluated = await vitune(['evaluate', '--checkpoint', join(folder, 'run'), '--dataset', root, '--json'], {
    env,
  });
  assert.equal(evaluated.code, 0, evaluated.stderr);
  const [evaluation] = jsonLines<CommandOutputs['evaluate']>(evaluated.stdout);
  assert.ok(evaluation?.type === 'evaluation');
  assert.equal(evaluation.coverage.split, 'known');

  const refused = async (split: object, code: RegExp) => {
    const path = await writeConfig(folder, { ...base, output: 'other', split });
    const { code: exit, stderr } = await vitune(['train', path], { env });
    assert.equal(exit, 2);
    assert.match(stderr, code);
    assert.match(stderr, /Remedy/);
  };
  await refused({ groupBy: 'time' }, /SPLIT_GROUPS_MISSING/);
  await refused({ groupBy: { column: 'store' } }, /SPLIT_GROUPS_MISSING/);
  await refused({ groupBy: { pattern: '(' } }, /SPLIT_GROUPS_MISSING/);
  await refused({ groupBy: { pattern: '^(dark|bright)' } }, /SPLIT_GROUPS_TOO_LARGE/);
  const patterned = await writeConfig(folder, {
    ...base,
    output: 'patterned',
    split: { groupBy: { pattern: 'scene \\d' } },
  });
  const { code, stderr } = await vitune(['train', patterned], { env });
  assert.equal(code, 0, stderr);
});
