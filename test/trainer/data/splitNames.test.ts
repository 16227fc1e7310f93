/** Which names mean a split. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitsNamed } from '../../../src/trainer/data/splitNames.js';

test('the words for splits, in any case, with what stands around them', () => {
  const named = (...names: string[]) => Object.fromEntries(splitsNamed(names));
  for (const name of [
    'Train',
    'TRAINING',
    'train_set',
    'TrainSet',
    'images-train',
    'training data',
    'train2014',
    '01_train',
  ])
    assert.deepEqual(named(name), { [name]: 'train' });
  for (const name of [
    'val',
    'Valid',
    'VALIDATION',
    'validationset',
    'dev',
    'dev_set',
    'Development',
    'eval',
    'Evaluation',
  ])
    assert.deepEqual(named(name), { [name]: 'validation' });
  for (const name of ['test', 'Testing', 'test_set', 'testset', 'TEST IMAGES', 'test_data'])
    assert.deepEqual(named(name), { [name]: 'test' });
  assert.deepEqual(named('Eğitim', 'DOĞRULAMA', 'Sınama'), {
    Eğitim: 'train',
    DOĞRULAMA: 'validation',
    Sınama: 'test',
  });
  assert.deepEqual(named('EGITIM SETI', 'eğitim_verisi', 'SINAMA KÜMESİ', 'test verileri'), {
    'EGITIM SETI': 'train',
    eğitim_verisi: 'train',
    'SINAMA KÜMESİ': 'test',
    'test verileri': 'test',
  });
  assert.deepEqual(named('train', 'val', 'eval'), { train: 'train', val: 'validation', eval: 'test' });
});

test('a name that only resembles a split is not one', () => {
  const names = [
    'trains',
    'trainer',
    'invalid',
    'latest',
    'contest',
    'train 1',
    'test tube',
    'steam train',
    'tr',
    'te',
  ];
  assert.equal(splitsNamed([...names, 'images', 'data', '', '2019', '漢', 'constructor', '__proto__']).size, 0);
});
