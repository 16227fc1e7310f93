import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findSnapshot } from '../../../src/trainer/hub/hubCache.js';
import { hubCache } from '../../../src/trainer/hub/hubSettings.js';

const cache = mkdtempSync(join(tmpdir(), 'vitune-hub-'));
after(() => rmSync(cache, { recursive: true, force: true }));

const find = (id: string, revision?: string) => findSnapshot({ kind: 'model', id, revision }, cache);

function addRevision(id: string, revision: string, time: number): string {
  const folder = join(cache, `models--${id.replace('/', '--')}`, 'snapshots', revision);
  mkdirSync(folder, { recursive: true });
  utimesSync(folder, time, time);
  return folder;
}

test('the cache is where huggingface_hub has it', () => {
  assert.equal(hubCache({ HF_HUB_CACHE: '/a', HF_HOME: '/b' }), '/a');
  assert.equal(hubCache({ HF_HOME: '/b' }), join('/b', 'hub'));
  assert.equal(hubCache({ XDG_CACHE_HOME: '/c' }), join('/c', 'huggingface', 'hub'));
});

test('main is taken where it is known, else the newest revision', async () => {
  const old = addRevision('owner/model', 'aaa', 1000);
  const newer = addRevision('owner/model', 'bbb', 2000);
  assert.equal(await find('owner/model'), newer);
  mkdirSync(join(cache, 'models--owner--model', 'refs'));
  writeFileSync(join(cache, 'models--owner--model', 'refs', 'main'), 'aaa\n');
  assert.equal(await find('owner/model'), old);
});

test('what is not cached, or no id at all, is not found', async () => {
  assert.equal(await find('owner/other'), undefined);
  for (const id of ['../owner/model', 'owner/../model', 'a/b/c', '', '/abs']) assert.equal(await find(id), undefined);
});
