/** The targets by which PEFT finds exactly the layers that were adapted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adaptedLayers, peftTargets } from '../../../src/trainer/peft/peftTargets.js';

/** PEFT's own rule for a list of targets. */
const found = (targets: readonly string[], all: readonly string[]): string[] =>
  all.filter((name) => targets.some((target) => name === target || name.endsWith(`.${target}`)));

const block = (i: number) =>
  ['attention.attention.query', 'attention.output.dense', 'intermediate.dense', 'output.dense'].map(
    (name) => `vit.encoder.layer.${i}.${name}`,
  );
const all = ['vit.embeddings.patch_embeddings.projection', ...block(0), ...block(1), ...block(10), 'classifier'];

for (const [what, adapted, expected] of [
  ['a layer of every block', all.filter((name) => name.endsWith('query')), ['query']],
  [
    'one of two layers with the same last part',
    all.filter((name) => name.endsWith('.output.dense') && !name.includes('attention')),
    ['0.output.dense', '1.output.dense', '10.output.dense'],
  ],
  ['all that end in dense', all.filter((name) => name.endsWith('dense')), ['dense']],
  ['a layer of one block', ['vit.encoder.layer.0.intermediate.dense'], undefined],
  ['a layer whose whole name another ends in', ['classifier'], ['classifier']],
] as [string, string[], string[] | undefined][]) {
  test(`${what}: PEFT finds it and nothing else`, () => {
    const targets = peftTargets(adapted, all);
    assert.deepEqual(found(targets, all), adapted);
    if (expected) assert.deepEqual(targets, expected);
  });
}

test('adapted layers go by their A', () => {
  assert.deepEqual(adaptedLayers(['a.q.lora_A.weight', 'a.q.lora_B.weight', 'classifier.weight']), ['a.q']);
});
