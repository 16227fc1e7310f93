/** The token reaches the trainers' environment, and leaves it; names of models. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SecretStorage } from 'vscode';
import { isModelName } from '../../../src/extension/hub/hubName.js';
import { HubToken, tokenKey } from '../../../src/extension/hub/hubToken.js';
import { outputOf, runCommand } from '../../../src/extension/trainer/runCommand.js';
import { launchOfChild } from '../trainer/launchOfChild.js';

/** The editor's part: an in-memory storage that emits changes, like those of another window. */
function storage(entries: Record<string, string> = {}) {
  const kept = new Map(Object.entries(entries));
  const listeners = new Set<(event: { key: string }) => unknown>();
  const changed = (key: string) => listeners.forEach((listen) => listen({ key }));
  const secrets = {
    get: (key: string) => Promise.resolve(kept.get(key)),
    store: (key: string, value: string) => Promise.resolve(void (kept.set(key, value), changed(key))),
    delete: (key: string) => Promise.resolve(void (kept.delete(key), changed(key))),
    onDidChange: (listen: (event: { key: string }) => unknown) => {
      listeners.add(listen);
      return { dispose: () => listeners.delete(listen) };
    },
  } as unknown as SecretStorage;
  return { secrets, listeners };
}

const failed = (error: unknown): never => assert.fail(String(error));
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a stored token is in the environment of started processes, and never on their command line', async () => {
  const launch = { ...launchOfChild, env: { ...process.env, HF_TOKEN: 'of the shell' } };
  const { secrets, listeners } = storage({ [tokenKey]: 'hf_kept' });
  const token = new HubToken(secrets, launch, failed);
  await token.hand();
  // The child reports its environment and its command line where a trainer reports its machine.
  const { cache, platform } = outputOf(await runCommand(launch, 'doctor', { args: [] }), 'doctor');
  assert.equal(cache, 'hf_kept');
  assert.ok(platform.includes('doctor') && !platform.includes('hf_kept'));
  await token.set('hf_new');
  assert.equal(launch.env.HF_TOKEN, 'hf_new');
  await secrets.store(tokenKey, 'hf_of_another_window');
  await settled();
  assert.equal(launch.env.HF_TOKEN, 'hf_of_another_window');
  await token.set('');
  assert.equal(launch.env.HF_TOKEN, 'of the shell');
  token.dispose();
  assert.equal(listeners.size, 0);
});

test('without any token there is none', async () => {
  const { HF_TOKEN: _, ...env } = process.env;
  const launch = { ...launchOfChild, env };
  const token = new HubToken(storage().secrets, launch, failed);
  await token.set('hf_x');
  await token.set('');
  assert.ok(!('HF_TOKEN' in launch.env));
});

test('names of models', () => {
  for (const name of [
    'a/b',
    'owner/vit-base.v2',
    'a/b@main',
    'a/b@refs/pr/1',
    'a/b:onnx/model.onnx',
    'a/b@main:c.onnx',
  ])
    assert.ok(isModelName(name), name);
  for (const name of ['', 'b', 'a/b/c', 'a/b@', 'a/b@x y', 'a b/c', 'https://x/a/b', 'a/b:', 'a/b:x.bin'])
    assert.ok(!isModelName(name), name);
});
