/** A widened model gives the outputs of its source, although no two of its rows are equal. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { widened, widenedConfig } from '../../scripts/widen.js';
import { readSafetensors, writeSafetensors } from '../../src/trainer/checkpoint/safetensors.js';
import { jsonLines, tinyModel, vitune } from '../trainer/commandLine/program.js';
import { temporaryFolder, writeTree } from '../trainer/data/images.js';

test('twice the width, equal outputs', async (t) => {
  const folder = await temporaryFolder(t);
  const wide = join(folder, 'wide');
  await mkdir(wide);
  const { tensors } = await readSafetensors(join(tinyModel, 'model.safetensors'));
  const made = widened(tensors, 1);
  await writeSafetensors(join(wide, 'model.safetensors'), made, { format: 'pt' });
  const config = JSON.parse(await readFile(join(tinyModel, 'config.json'), 'utf8')) as Parameters<
    typeof widenedConfig
  >[0];
  await writeFile(join(wide, 'config.json'), JSON.stringify(widenedConfig(config)));
  await copyFile(join(tinyModel, 'preprocessor_config.json'), join(wide, 'preprocessor_config.json'));
  await writeTree(join(folder, 'photos'), { 'a.png': { seed: 1 }, 'b.png': { seed: 2 } });

  const answersOf = async (checkpoint: string): Promise<{ label: string; probability: number }[]> => {
    const ended = await vitune(['classify', join(folder, 'photos'), '--checkpoint', checkpoint, '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const lines = jsonLines<{ predictions: { label: string; probability: number }[] }>(ended.stdout);
    return lines.flatMap(({ predictions }) => predictions);
  };
  const [before, after] = [await answersOf(tinyModel), await answersOf(wide)];
  assert.ok(before.length > 2);
  for (const [i, { label, probability }] of before.entries()) {
    assert.equal(after[i]!.label, label);
    assert.ok(
      Math.abs(after[i]!.probability - probability) < 1e-4,
      `${after[i]!.probability} instead of ${probability}`,
    );
  }

  const rows = Array.from(made).flatMap(([name, { shape, data }]) =>
    shape.length === 2 && name !== 'classifier.weight'
      ? [data.subarray(0, shape[1]), data.subarray((data.length / 2) | 0, data.length / 2 + shape[1]!)]
      : [],
  );
  for (let i = 0; i < rows.length; i += 2) assert.notDeepEqual(rows[i], rows[i + 1]);
});
