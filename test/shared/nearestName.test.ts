/** The name that a misspelt one was meant to be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../src/shared/nearestName.js';

const known = ['epochs', 'learningRate', 'batchSize', 'yaş'];
for (const [given, meant] of [
  ['epoch', 'epochs'],
  ['learning_rate', 'learningRate'],
  ['LEARNINGRAET', 'learningRate'],
  ['yas', 'yaş'],
  ['dataset', undefined],
] as const)
  test(`${given} was meant to be ${meant ?? 'none of them'}`, () => assert.equal(nearestName(given, known), meant));

test('where nothing is known, nothing is near', () => assert.equal(nearestName('a', []), undefined));
