/** Which folders are offered as datasets, by their look. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { datasetFolders } from '../../../src/extension/config/datasetFolders.js';

test('class folders, splits and label files are datasets; runs, models and single folders of images are not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vitune's görüntü "));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const path of [
    'photos/cat/1.jpg',
    'photos/dog/2.PNG',
    'data/deep/split/train/cat/1.jpg',
    'data/deep/split/train/dog/1.jpg',
    'data/deep/split/val/cat/2.jpg',
    'table/labels.csv',
    'table/all/1.webp',
    'holiday/1.jpg',
    'models/tiny/config.json',
    'runs/one/run.json',
    '.git/a/1.jpg',
    '.git/b/1.jpg',
    'node_modules/a/1.jpg',
    'node_modules/b/1.jpg',
    'notes.txt',
  ]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), '');
  }
  assert.deepEqual(await datasetFolders(folder), [
    { name: 'data/deep/split', folders: ['train', 'val'], hasLabelFile: false },
    { name: 'photos', folders: ['cat', 'dog'], hasLabelFile: false },
    { name: 'table', folders: ['all'], hasLabelFile: true },
  ]);
  assert.deepEqual(await datasetFolders(join(folder, 'none')), []);
});
