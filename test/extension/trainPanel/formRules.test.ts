/** The form's rules are the config schema's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRates, numberRules, type Schema } from '../../../src/extension/trainPanel/formRules.js';
import { configJsonSchema } from '../../../src/trainer/config/jsonSchema.js';
import { defaultLearningRates } from '../../../src/trainer/config/methods.js';

test('bounds and defaults are those of the schema', () => {
  const rules = numberRules(configJsonSchema() as Schema);
  assert.deepEqual(rules['method.rank'], { integer: true, minimum: 1, maximum: 1024, exclusiveMinimum: undefined, exclusiveMaximum: undefined, default: 8 });
  assert.equal(rules.epochs.default, 10);
  assert.equal(rules.learningRate.exclusiveMinimum, 0);
  assert.equal(rules.validationSplit.integer, false);
});

test('a key that the schema lacks is a bug that shows', () => {
  assert.throws(() => numberRules({ properties: {} }), /method.rank/);
});

test("each method's learning rate is the trainer's", () => {
  assert.deepEqual(learningRates, defaultLearningRates);
});
