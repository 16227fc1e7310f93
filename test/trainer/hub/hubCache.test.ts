/** The cache folder: its place, its content and its links; names and settings of the hub. */
import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findSnapshot, pointTo } from '../../../src/trainer/hub/hubCache.js';
import { hubCache, hubSettings } from '../../../src/trainer/hub/hubSettings.js';
import { hubName, parseHubName } from '../../../src/trainer/hub/repository.js';

const cache = mkdtempSync(join(tmpdir(), 'vitune-hub-'));
after(() => rmSync(cache, { recursive: true, force: true }));

const find = (id: string, revision?: string) => findSnapshot({ kind: 'model', id, revision }, cache);

function addRevision(id: string, revision: string, time: number): string {
  const folder = join(cache, `models--${id.replace('/', '--')}`, 'snapshots', revision);
  mkdirSync(folder, { recursive: true });
  utimesSync(folder, time, time);
  return folder;
}

test('the cache is in the place that huggingface_hub uses', () => {
  assert.equal(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' }), '/a');
  assert.equal(hubCache({ HF_HOME: '/b' }), join('/b', 'hub'));
  assert.equal(hubCache({ XDG_CACHE_HOME: '/c' }), join('/c', 'huggingface', 'hub'));
  assert.equal(hubCache({ HF_HUB_CACHE: '', HUGGINGFACE_HUB_CACHE: '/d' }), '/d');
  assert.equal(hubCache({ HF_HUB_CACHE: '~/e' }), join(homedir(), 'e'));
});

test('main is used if it is known, else the newest revision', async () => {
  const old = addRevision('owner/model', 'aaa', 1000);
  const newer = addRevision('owner/model', 'bbb', 2000);
  assert.equal(await find('owner/model'), newer);
  mkdirSync(join(cache, 'models--owner--model', 'refs'));
  writeFileSync(join(cache, 'models--owner--model', 'refs', 'main'), 'aaa\n');
  assert.equal(await find('owner/model'), old);
});

test('a repository that is not cached, and an invalid id, are not found', async () => {
  assert.equal(await find('owner/other'), undefined);
  for (const id of ['../owner/model', 'owner/../model', 'a/b/c', '', '/abs']) assert.equal(await find(id), undefined);
});

test('a revision is a branch, a tag or a commit, and only that', async () => {
  const commit = 'c'.repeat(40);
  const folder = addRevision('owner/pinned', commit, 1000);
  const refs = join(cache, 'models--owner--pinned', 'refs', 'refs', 'pr');
  mkdirSync(refs, { recursive: true });
  writeFileSync(join(refs, '1'), commit);
  assert.equal(await find('owner/pinned', commit), folder);
  assert.equal(await find('owner/pinned', 'refs/pr/1'), folder);
  for (const revision of ['main', 'd'.repeat(40), '../snapshots', 'a/../b', ''])
    assert.equal(await find('owner/pinned', revision), undefined, revision);
});

test('names of the hub, with and without a revision', () => {
  assert.deepEqual(parseHubName('a/b'), { id: 'a/b', revision: undefined, file: undefined });
  assert.deepEqual(parseHubName('a-1/b.c_d@refs/pr/1'), { id: 'a-1/b.c_d', revision: 'refs/pr/1', file: undefined });
  assert.deepEqual(parseHubName('a/b:onnx/model.onnx'), { id: 'a/b', revision: undefined, file: 'onnx/model.onnx' });
  assert.deepEqual(parseHubName('a/b@v1:c d.onnx'), { id: 'a/b', revision: 'v1', file: 'c d.onnx' });
  assert.equal(hubName({ id: 'a/b', revision: 'v1', file: 'c.onnx' }), 'a/b@v1:c.onnx');
  for (const name of [
    'a',
    'a/b@',
    'a/b@..',
    'a/b@x/../y',
    'a/b@/x',
    '../b',
    'a/b/c',
    'a b/c',
    'a/b@x y',
    'a/b:',
    'a/b:x.bin',
  ])
    assert.equal(parseHubName(name), undefined, name);
  for (const file of ['../x.onnx', '/x.onnx', 'a//x.onnx', 'a\\x.onnx', 'C:x.onnx'])
    assert.equal(parseHubName(`a/b:${file}`), undefined, file);
});

test('settings come from the variables and the token file of Hugging Face', async () => {
  const home = join(cache, 'home');
  mkdirSync(home);
  const of = (env: NodeJS.ProcessEnv) => hubSettings({ HF_HOME: home, ...env });
  assert.equal((await of({})).token, undefined);
  writeFileSync(join(home, 'token'), ' hf_file\n');
  assert.equal((await of({})).token, 'hf_file');
  assert.equal((await of({ HUGGING_FACE_HUB_TOKEN: 'hf_old' })).token, 'hf_old');
  assert.equal((await of({ HF_TOKEN: 'hf_new', HUGGING_FACE_HUB_TOKEN: 'hf_old' })).token, 'hf_new');
  assert.equal((await of({ HF_ENDPOINT: 'http://mirror/hf/' })).endpoint, 'http://mirror/hf');
  assert.deepEqual(
    await Promise.all(['1', 'YES', '0', ''].map(async (value) => (await of({ HF_HUB_OFFLINE: value })).isOffline)),
    [true, true, false, false],
  );
});

test('where symbolic links are not allowed, a hard link or a copy replaces them', async () => {
  const folder = join(cache, 'links');
  mkdirSync(folder);
  const blob = join(folder, 'blob');
  writeFileSync(blob, 'content');
  const refuse = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  const pointer = join(folder, 'snapshots', 'c', 'in', 'config.json');
  await pointTo(blob, pointer);
  assert.ok(lstatSync(pointer).isSymbolicLink());
  // The error of Windows for users who are neither developers nor administrators.
  await pointTo(blob, pointer, refuse('EPERM'));
  assert.ok(lstatSync(pointer).isFile());
  assert.equal(readFileSync(pointer, 'utf8'), 'content');
  assert.equal(lstatSync(pointer).ino, lstatSync(blob).ino);
  await assert.rejects(pointTo(blob, pointer, refuse('ENOSPC')), { code: 'ENOSPC' });
});
