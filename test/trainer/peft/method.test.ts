/** What each method trains, and the first values of adapters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialAdapter } from '../../../src/trainer/peft/init.js';
import { isAdapter, isHead, matchesModule, methodOf } from '../../../src/trainer/peft/method.js';

const query = 'vit.encoder.layer.0.attention.attention.query';

test('the head is told from the body by whole names', () => {
  for (const name of ['classifier', 'classifier.weight', 'cls_classifier.bias', 'distillation_classifier.weight']) assert.ok(isHead(name), name);
  for (const name of ['classifiers.weight', 'vit.classifier.weight', `${query}.weight`]) assert.ok(!isHead(name), name);
});

test('target modules match whole parts of names, as in PEFT', () => {
  assert.ok(matchesModule(query, 'query'));
  assert.ok(matchesModule(query, 'attention.query'));
  assert.ok(matchesModule(query, query));
  for (const target of ['uery', 'attention', 'query.weight', 'Query', '']) assert.ok(!matchesModule(query, target), target);
  assert.ok(matchesModule('vit.encoder.layer.0.output.dense', 'all-linear'));
  assert.ok(!matchesModule('classifier', 'all-linear'));
});

test('head trains the head, full trains all, LoRA the head and adapters on its targets', () => {
  const head = methodOf({ type: 'head', dropout: 0.3 });
  assert.deepEqual([head.trains('classifier.bias'), head.trains(`${query}.weight`), head.lora?.(query), head.headDropout], [true, false, undefined, 0.3]);
  const full = methodOf({ type: 'full' });
  assert.deepEqual([full.trains('classifier.bias'), full.trains(`${query}.weight`), full.lora?.(query)], [true, true, undefined]);
  const lora = methodOf({ type: 'lora', rank: 4, alpha: 8, dropout: 0, targetModules: ['query', 'classifier'] });
  assert.deepEqual([lora.trains('classifier.weight'), lora.trains(`${query}.weight`), lora.trains(`${query}.lora_A.weight`)], [true, false, true]);
  assert.equal(lora.lora!(query)!.rank, 4);
  assert.equal(lora.lora!(query.replace('query', 'key')), undefined);
  assert.equal(lora.lora!('classifier'), undefined, 'the head trains whole');
});

test('adapters begin with a zero product: A uniform within 1/√in, B zero, by name and seed', () => {
  const [a, b] = [`${query}.lora_A.weight`, `${query}.lora_B.weight`];
  assert.ok(isAdapter(a) && isAdapter(b) && !isAdapter(`${query}.weight`));
  const first = initialAdapter(a, [8, 100], 1)!;
  assert.equal(first.length, 800);
  assert.ok(first.every((value) => Math.abs(value) <= 0.1));
  // A uniform distribution on ±0.1 has the deviation 0.1/√3 = 0.0577.
  const deviation = Math.sqrt(first.reduce((sum, value) => sum + value * value, 0) / 800);
  assert.ok(Math.abs(deviation - 0.0577) < 0.005, String(deviation));
  assert.deepEqual(initialAdapter(a, [8, 100], 1), first);
  assert.notDeepEqual(initialAdapter(a, [8, 100], 2), first);
  assert.notDeepEqual(initialAdapter(a.replace('query', 'value'), [8, 100], 1), first);
  assert.ok(initialAdapter(b, [100, 8], 1)!.every((value) => value === 0));
  assert.equal(initialAdapter('classifier.weight', [2, 100], 1), undefined);
});
