/** Paths in a config that lead nowhere are found at their places, and nothing else is. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingPaths } from '../../../src/extension/config/configPaths.js';
import { temporaryFolder } from '../../trainer/data/images.js';

test('dataset and model paths: missing ones by their place, the others not', async (t) => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'photos of çay'));
  await writeFile(join(folder, 'net.onnx'), '');
  const missing = async (text: string) =>
    (await missingPaths(text, folder)).map(({ kind, path, offset, length }) => {
      assert.ok(path.startsWith(folder) || path.startsWith('/nowhere') || /^[A-Z]:/.test(path), path);
      return `${kind} ${text.slice(offset, offset + length)}`;
    });
  const cases: [text: string, expected: string[]][] = [
    ['{"dataset": "photos of çay", "model": "embedded"}', []],
    ['{"dataset": "photo", "model": "./vit"}', ['dataset "photo"', 'model "./vit"']],
    ['{"dataset": {"train": "photos of çay", "validation": "val"}}', ['dataset "val"']],
    ['{"dataset": {"folder": "gone", "labels": "x.csv"}}', ['dataset "gone"']],
    ['{"dataset": "hub:owner/name", "model": "owner/name"}', []],
    ['{"model": "owner/name:net.onnx"}', []],
    ['{"model": "net.onnx"}', []],
    ['{"model": "other.onnx"}', ['model "other.onnx"']],
    ['{"model": "/nowhere/vit"}', ['model "/nowhere/vit"']],
    // As it is being typed: comments, a trailing comma, an open text, a value of another type.
    ['// mine\n{"dataset": "gone",\n "epochs": }', ['dataset "gone"']],
    ['{"dataset": 7, "model": ""}', []],
    ['', []],
  ];
  for (const [text, expected] of cases) assert.deepEqual(await missing(text), expected, text);
});
