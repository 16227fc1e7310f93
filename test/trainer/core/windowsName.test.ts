/** Names that Windows does not keep, in paths of every form. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameUnfitForWindows } from '../../../src/trainer/core/windowsName.js';
import { requireName } from '../../../src/trainer/checkpoint/store.js';

const bad: [path: string, part: string][] = [
  ['C:\\runs\\aux', 'aux'],
  ['C:/runs/con/1', 'con'],
  ['runs\\NUL.txt', 'NUL.txt'],
  ['runs\\com1', 'com1'],
  ['runs\\LPT².log', 'LPT².log'],
  ['runs\\cats.', 'cats.'],
  ['runs\\cats ', 'cats '],
  ['C:\\a\\b:c', 'b:c'],
  ['\\\\server\\share\\what?', 'what?'],
  ['runs\\tab\there', 'tab\there'],
];
const good = [
  'C:\\runs\\vit 1',
  'c:/runs/auxiliary/console/com10/lpt',
  '..\\runs\\.hidden',
  '\\\\server\\share\\runs',
  '\\\\?\\C:\\runs\\köpek',
  'D:',
];

test('devices, trailing dots and spaces, and forbidden characters are found in any part of a path', () => {
  for (const [path, part] of bad) assert.equal(nameUnfitForWindows(path), part);
  for (const path of good) assert.equal(nameUnfitForWindows(path), undefined, path);
});

test('a folder of such a name is refused on Windows, and only there', () => {
  assert.throws(() => requireName('C:\\runs\\aux', 'win32'), { code: 'NOT_SAVED_NAME' });
  requireName('/runs/aux', 'linux');
});
