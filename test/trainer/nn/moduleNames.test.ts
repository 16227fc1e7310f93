/** The names of modules in transformers 4 and 5. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classicName, currentName, currentTarget } from '../../../src/trainer/nn/moduleNames.js';

test('names of transformers 4 and 5, there and back', () => {
  const pairs = {
    'vit.encoder.layer.11.attention.attention.query.lora_A.weight': 'vit.layers.11.attention.q_proj.lora_A.weight',
    'deit.encoder.layer.0.attention.output.dense.lora_B.weight': 'deit.layers.0.attention.o_proj.lora_B.weight',
    'vit.encoder.layer.3.intermediate.dense.lora_A.weight': 'vit.layers.3.mlp.fc1.lora_A.weight',
    'vit.encoder.layer.3.output.dense.lora_A.weight': 'vit.layers.3.mlp.fc2.lora_A.weight',
    'classifier.weight': 'classifier.weight',
  };
  for (const [old, now] of Object.entries(pairs)) assert.deepEqual([currentName(old), classicName(now)], [now, old]);
  const targets = {
    query: 'q_proj',
    'attention.value': 'attention.v_proj',
    'intermediate.dense': 'mlp.fc1',
    'attention.output.dense': 'attention.o_proj',
  };
  for (const [old, now] of Object.entries(targets)) assert.equal(currentTarget(old), now);
});
