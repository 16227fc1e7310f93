/** The hashes of a checkpoint's weight files: a changed byte is named, and a checkpoint without hashes still opens. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { openCheckpoint, readState } from '../../../src/trainer/models/checkpoint.js';
import { temporaryFolder } from '../data/images.js';
import { removeHashes, writeLoraCheckpoint } from './goldenCheckpoint.js';

/** Changes the lowest bit of the last number, which leaves the file well formed. */
async function flipBit(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 4]! ^= 1;
  await writeFile(file, bytes);
}

const namesFile = (file: string) => (error: unknown) =>
  error instanceof UserError && error.code === 'CHECKPOINT_DAMAGED' && error.place.file === file;

test('a changed byte in a weight file is named when the checkpoint is opened', async (t) => {
  const folder = await writeLoraCheckpoint(join(await temporaryFolder(t), 'checkpoint'));
  await openCheckpoint(folder);
  const file = join(folder, 'adapter_model.safetensors');
  await flipBit(file);
  await assert.rejects(openCheckpoint(folder), namesFile(file));
  await flipBit(file);
  await openCheckpoint(folder);
});

test('a changed byte in the moments is named when a run resumes, and not missed when a model is opened', async (t) => {
  const folder = await writeLoraCheckpoint(join(await temporaryFolder(t), 'checkpoint'));
  const { base, method, weights: _weights } = await openCheckpoint(folder);
  const trained = { base: base!.reference, method, parameters: [] };
  await readState(folder, trained);
  const file = join(folder, 'optimizer.safetensors');
  await flipBit(file);
  await openCheckpoint(folder);
  await assert.rejects(readState(folder, trained), namesFile(file));
});

test('a checkpoint from before the hashes were stored opens as before', async (t) => {
  const folder = await writeLoraCheckpoint(join(await temporaryFolder(t), 'checkpoint'));
  await removeHashes(folder);
  await flipBit(join(folder, 'adapter_model.safetensors'));
  await openCheckpoint(folder);
});

test('a weight file that has no hash among those that are stored is refused', async (t) => {
  const folder = await writeLoraCheckpoint(join(await temporaryFolder(t), 'checkpoint'));
  const about = join(folder, 'vitune.json');
  const json = JSON.parse(await readFile(about, 'utf8')) as { sha256: Record<string, string> };
  delete json.sha256['adapter_model.safetensors'];
  await writeFile(about, JSON.stringify(json));
  await assert.rejects(openCheckpoint(folder), namesFile(join(folder, 'adapter_model.safetensors')));
});
