/** The rule of the advice: each of its branches, and expectations that stay between what is possible. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestModel, expectation, methodsFor, type Sized } from '../../../src/trainer/insight/adviceRule.js';

const measured: Sized = {
  model: 'small',
  images: 1000,
  ofImages: 1000,
  classes: 4,
  imagesPerClass: 250,
  accuracy: 0.7,
  interval: [0.67, 0.73],
  familiarity: 0.6,
  curve: [],
  gain: 0.05,
  parameters: 5e6,
  isHeadOnly: false,
};

test('few images, a model that knows them, and one that cannot be adapted get a head', () => {
  assert.deepEqual(methodsFor({ ...measured, ofImages: 499 }), ['head']);
  assert.deepEqual(methodsFor({ ...measured, familiarity: 0.9 }), ['head']);
  assert.deepEqual(methodsFor({ ...measured, isHeadOnly: true }), ['head']);
});

test('many images of what it does not know train it whole, or with adapters where it is large', () => {
  assert.deepEqual(methodsFor({ ...measured, ofImages: 500 }), ['full', 'partial', 'lora', 'head']);
  assert.deepEqual(methodsFor({ ...measured, parameters: 86e6 }), ['lora', 'head']);
});

test('the most accurate model is taken, the smallest among equals', () => {
  const large = { ...measured, model: 'large', parameters: 86e6 };
  assert.equal(bestModel([measured, { ...large, accuracy: 0.705 }]).model, 'small');
  assert.equal(bestModel([{ ...large, accuracy: 0.705 }, measured]).model, 'small');
  assert.equal(bestModel([measured, { ...large, accuracy: 0.72 }]).model, 'large');
});

test('an expectation lies within its interval, and no method is expected below a head', () => {
  assert.deepEqual(expectation('head', measured), { expectedAccuracy: 0.7, interval: [0.67, 0.73] });
  for (const method of ['lora', 'partial', 'full'])
    for (const accuracy of [0, 0.5, 1]) {
      const { expectedAccuracy, interval } = expectation(method, { accuracy, interval: [accuracy, accuracy] });
      assert.ok(expectedAccuracy >= accuracy && interval[0] <= expectedAccuracy && expectedAccuracy <= interval[1]);
      assert.ok(interval[1] <= 1);
    }
});
