/** Paths in the settings of a workspace: written so that they can be committed, and read wherever they came from. */
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fromWorkspacePath, toWorkspacePath } from '../../../src/extension/config/workspacePath.js';

const folders = [
  { name: 'photos', path: resolve('/work/photos') },
  { name: 'fotoğraf arşivi', path: resolve('/work/archive') },
];

test('a path inside an open folder is relative to it, with slashes', () => {
  assert.equal(toWorkspacePath(folders, resolve('/work/photos/pets/cats')), 'pets/cats');
  assert.equal(toWorkspacePath(folders, resolve('/work/photos')), '.');
  assert.equal(toWorkspacePath(folders, resolve('/work/archive/old')), '${workspaceFolder:fotoğraf arşivi}/old');
});

test('a path outside all open folders stays absolute', () => {
  for (const path of ['/work', '/work/photos2', '/elsewhere/pets'].map((each) => resolve(each)))
    assert.equal(toWorkspacePath(folders, path), path);
  assert.equal(toWorkspacePath([], resolve('/work/photos/pets')), resolve('/work/photos/pets'));
});

test('what was written is read back', () => {
  for (const path of ['/work/photos', '/work/photos/..a/b', '/work/archive', '/work/archive/x', '/else'].map((each) =>
    resolve(each),
  ))
    assert.equal(fromWorkspacePath(folders, toWorkspacePath(folders, path)), path);
});

test('what people write by hand is understood', () => {
  assert.equal(fromWorkspacePath(folders, './pets/'), join(folders[0]!.path, 'pets'));
  assert.equal(fromWorkspacePath(folders, '../elsewhere'), resolve('/work/elsewhere'));
  assert.equal(fromWorkspacePath(folders, '${workspaceFolder}/pets'), join(folders[0]!.path, 'pets'));
  assert.equal(fromWorkspacePath(folders, '${workspaceFolder:photos}'), folders[0]!.path);
});

test('a folder that is not open, or no open folder, gives no path', () => {
  assert.equal(fromWorkspacePath(folders, '${workspaceFolder:gone}/pets'), undefined);
  assert.equal(fromWorkspacePath([], 'pets'), undefined);
});
