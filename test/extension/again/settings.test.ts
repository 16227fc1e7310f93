/** In which settings two runs differ. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differingSettings } from '../../../src/extension/again/settings.js';

test('nested keys by their whole names; what says nothing of the training is left out', () => {
  const was = { dataset: '/a', method: { type: 'lora', rank: 8 }, epochs: 4, output: '/x', tests: { accuracy: 1 } };
  const is = { dataset: '/a', method: { type: 'lora', rank: 16, targetModules: ['query'] }, epochs: 4, output: '/y' };
  assert.deepEqual(differingSettings(was, is), [
    { key: 'method.rank', was: '8', is: '16' },
    { key: 'method.targetModules', was: null, is: '["query"]' },
  ]);
  assert.deepEqual(differingSettings(was, was), []);
  assert.deepEqual(differingSettings({ ema: false }, { ema: { decay: 0.9 } }), [
    { key: 'ema', was: 'false', is: null },
    { key: 'ema.decay', was: null, is: '0.9' },
  ]);
});
