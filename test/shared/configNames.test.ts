/** Which files are configs, and the names that runs get from them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfigName, stemOfConfig } from '../../src/shared/configNames.js';

for (const [name, stem] of [
  ['flowers.vitune.json', 'flowers'],
  ['flowers.vitune.jsonc', 'flowers'],
  ['my.flowers-2.vitune.jsonc', 'my.flowers-2'],
] as const)
  test(`${name} is a config, and its runs are called ${stem}`, () => {
    assert.ok(isConfigName(`/a/${name}`));
    assert.equal(stemOfConfig(name), stem);
  });

for (const name of ['flowers.json', 'flowers.vitune-test.json', 'vitune.json', 'a.vitune.json5', 'a.vitune.jsonc.bak'])
  test(`${name} is no config`, () => assert.ok(!isConfigName(name)));
