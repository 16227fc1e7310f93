/** The kinds of layers that a method's targets name, for each family. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspectModel } from '../../../src/trainer/models/inspectModel.js';
import { golden } from '../models/goldenCheckpoint.js';

const expected: Record<string, string[]> = {
  vit: ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'fc2'],
  deit: ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'fc2'],
  beit: ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'fc2'],
  dinov2: ['query', 'key', 'value', 'dense', 'fc1', 'fc2'],
  'dinov2-registers': ['query', 'key', 'value', 'dense', 'weights_in', 'weights_out'],
  dinov3: ['query', 'key', 'value', 'o_proj', 'up_proj', 'down_proj'],
  'dinov3-gated': ['query', 'key', 'value', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  clip: ['query', 'key', 'value', 'out_proj', 'fc1', 'fc2'],
  siglip: ['query', 'key', 'value', 'out_proj', 'fc1', 'fc2'],
  'timm-vit': ['query', 'key', 'value', 'attention.output.dense', 'intermediate.dense', 'fc2'],
};

for (const [name, kinds] of Object.entries(expected)) {
  test(`${name}: each kind of layer has a word of its own`, async () => {
    assert.deepEqual((await inspectModel(join(golden, 'models', name))).layers, kinds);
  });
}
