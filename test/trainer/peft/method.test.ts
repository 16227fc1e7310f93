/** What each method trains, adds and scales. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNetwork } from '../../../src/trainer/nn/families.js';
import { mapOf } from '../../../src/trainer/nn/networkMap.js';
import { bottleneckOf, isAdapter, loraScaling, matchesPattern, type Method } from '../../../src/trainer/peft/method.js';
import { methodFor } from './methodFor.js';

const query = 'vit.encoder.layer.0.attention.attention.query';

const network = parseNetwork({ model_type: 'vit', num_hidden_layers: 4 }, 'config.json');
const map = mapOf(network);

/** The method in a network of four blocks. */
const method = (options: object): Method => methodFor(network, options);

test('head and body are distinguished by whole names', () => {
  for (const name of ['classifier', 'classifier.weight', 'classifier.0.weight']) assert.ok(map.isHead(name), name);
  for (const name of ['classifiers.weight', 'vit.classifier.weight', `${query}.weight`])
    assert.ok(!map.isHead(name), name);
  const withTeacher = { model_type: 'deit', architectures: ['DeiTForImageClassificationWithTeacher'] };
  const { isHead } = mapOf(parseNetwork(withTeacher, 'config.json'));
  for (const name of ['cls_classifier.bias', 'distillation_classifier.weight']) assert.ok(isHead(name), name);
});

test('target modules match whole parts of names, as in PEFT', () => {
  for (const target of ['query', 'attention.query', query]) assert.ok(map.matches(query, target), target);
  for (const target of ['uery', 'attention', 'query.weight', 'Query', ''])
    assert.ok(!map.matches(query, target), target);
  assert.ok(map.matches('vit.encoder.layer.0.output.dense', 'all-linear'));
  assert.ok(!map.matches('classifier', 'all-linear'));
});

test('a target is a name in transformers 4 or 5, or what other families call such a layer', () => {
  for (const target of ['q_proj', 'attention.q_proj', 'layers.0.attention.q_proj'])
    assert.ok(map.matches(query, target), target);
  assert.ok(!map.matches(query, 'k_proj'));
  const clip = mapOf(parseNetwork({ model_type: 'clip', vision_config: {} }, 'config.json'));
  const layers = ['q_proj', 'k_proj', 'out_proj'].map((name) => `vision_model.encoder.layers.1.self_attn.${name}`);
  assert.deepEqual(
    layers.map((layer) => clip.matches(layer, 'query')),
    [true, false, false],
  );
});

test('patterns match whole parts of names that follow one another', () => {
  const name = 'vit.encoder.layer.1.layernorm_before.weight';
  for (const pattern of [
    'layernorm_before',
    'layernorm*',
    'layer.1',
    'layer.*.layernorm_before',
    'weight',
    '*norm*',
    name,
    'vit',
    '*',
  ])
    assert.ok(matchesPattern(name, pattern), pattern);
  for (const pattern of [
    'layernorm',
    'layer.11',
    'ayer.1',
    'layer.layernorm_before',
    'layer*weight',
    '.',
    'l.yer',
    '(',
    'encoder layer',
  ]) {
    assert.ok(!matchesPattern(name, pattern), pattern);
  }
  assert.ok(!matchesPattern('vit.encoder.layer.11.output.dense.weight', 'layer.1'));
});

test('head trains the head, full trains all, LoRA the head and adapters on its targets', () => {
  const head = method({ type: 'head', dropout: 0.3, hidden: 7 });
  assert.deepEqual(
    [head.trains('classifier.bias'), head.trains(`${query}.weight`), head.lora?.(query)],
    [true, false, undefined],
  );
  assert.deepEqual([head.head.hidden, head.head.dropout], [7, 0.3]);
  const full = method({ type: 'full' });
  assert.deepEqual(
    [full.trains('classifier.bias'), full.trains(`${query}.weight`), full.lora?.(query)],
    [true, true, undefined],
  );
  const lora = method({ type: 'lora', rank: 4, alpha: 8, targetModules: ['query', 'classifier'] });
  assert.deepEqual(
    [lora.trains('classifier.weight'), lora.trains(`${query}.weight`), lora.trains(`${query}.lora_A.weight`)],
    [true, false, true],
  );
  assert.equal(lora.lora!(query)!.rank, 4);
  assert.equal(lora.lora!(query.replace('query', 'key')), undefined);
  assert.equal(lora.lora!('classifier'), undefined, 'the head trains whole');
});

test('LoRA keeps to the chosen blocks, and its scaling is alpha over the rank or its root', () => {
  const some = method({ type: 'lora', layersToTransform: [0, 2], targetModules: ['all-linear'] });
  const adapted = [0, 1, 2, 3].filter((block) => some.lora!(query.replace('layer.0', `layer.${block}`)));
  assert.deepEqual(adapted, [0, 2]);
  assert.equal(some.lora!('vit.pooler.dense'), undefined, 'no block at all');
  const options = method({ type: 'lora', rank: 16, alpha: 8 }).lora!(query)!;
  assert.equal(loraScaling(options), 0.5);
  assert.equal(loraScaling({ ...options, useRslora: true }), 2);
});

test('partial trains the last blocks with what comes after them, and whatever its patterns match', () => {
  const names = [
    'vit.embeddings.cls_token',
    query,
    'vit.encoder.layer.2.output.dense',
    'vit.encoder.layer.3.output.dense',
    'vit.layernorm',
    'classifier',
  ].map((module) => `${module}.bias`);
  const trained = (options: object): number[] =>
    names.flatMap((name, i) => (method({ type: 'partial', ...options }).trains(name) ? [i] : []));
  assert.deepEqual(trained({}), [2, 3, 4, 5]);
  assert.deepEqual(trained({ blocks: 1 }), [3, 4, 5]);
  assert.deepEqual(trained({ blocks: 0 }), [4, 5]);
  assert.deepEqual(trained({ blocks: 4 }), [1, 2, 3, 4, 5], 'all blocks, but not what lies before them');
  assert.deepEqual(trained({ blocks: 0, modules: ['layer.0', 'embeddings'] }), [0, 1, 4, 5]);
  assert.deepEqual(trained({ blocks: 1, modules: ['bias'] }), [0, 1, 2, 3, 4, 5]);
});

test('adapters are where their placement says, and as wide as the factor or the bottleneck', () => {
  const places = ['vit.encoder.layer.1.attention_adapter', 'vit.encoder.layer.1.output_adapter'];
  const at = (options: object): boolean[] =>
    places.map((place) => method({ type: 'adapter', ...options }).adapter!(place) !== undefined);
  assert.deepEqual(at({}), [false, true]);
  assert.deepEqual(at({ placement: 'houlsby' }), [true, true]);
  const widths = [{}, { reductionFactor: 5 }, { reductionFactor: 4096 }, { bottleneck: 7 }].map((options) => {
    return bottleneckOf(method({ type: 'adapter', ...options }).adapter!(places[1]!)!, 192);
  });
  assert.deepEqual(widths, [12, 38, 1, 7]);
  const adapter = method({ type: 'adapter' });
  assert.deepEqual(
    [
      adapter.trains('classifier.weight'),
      adapter.trains(`${places[1]!}.adapter_up.bias`),
      adapter.trains(`${query}.bias`),
    ],
    [true, true, false],
  );
});

test('layer-wise decay leaves the head its rate and lowers it with every block below', () => {
  const scale = (name: string, layerDecay = 0.5): number =>
    method({ type: 'full', layerDecay }).learningRateScale!(name);
  assert.deepEqual(
    [
      'classifier.weight',
      'vit.layernorm.bias',
      'vit.encoder.layer.3.output.dense.bias',
      `${query}.weight`,
      'vit.embeddings.cls_token',
    ].map((name) => scale(name)),
    [1, 1, 0.5, 0.0625, 0.03125],
  );
  assert.equal(scale(`${query}.weight`, 1), 1);
});

test('added weights are recognised by their names', () => {
  for (const part of [
    'lora_A.weight',
    'lora_B.weight',
    'lora_magnitude_vector',
    'adapter_down.weight',
    'adapter_up.bias',
  ])
    assert.ok(isAdapter(`${query}.${part}`), part);
  for (const part of ['weight', 'lora_A.bias', 'lora_magnitude_vector.x', 'adapter.weight', 'lora_A'])
    assert.ok(!isAdapter(`${query}.${part}`), part);
});
