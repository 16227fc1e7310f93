/** The form's rules are the config schema's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  frozenPrecision,
  methodChoices,
  numberRules,
  type Schema,
} from '../../../src/extension/trainPanel/formRules.js';
import { configJsonSchema } from '../../../src/trainer/config/jsonSchema.js';
import { learningRateWords, methodSchemas, trainingMethods } from '../../../src/trainer/config/methods.js';
import { methodName } from '../../../src/webview/names.js';
import { optionName } from '../../../src/webview/trainPanel/optionNames.js';

test('bounds and defaults are those of the schema', () => {
  const rules = numberRules(configJsonSchema() as Schema);
  assert.deepEqual(rules.batchSize, {
    integer: true,
    minimum: 1,
    maximum: 4096,
    exclusiveMinimum: undefined,
    exclusiveMaximum: undefined,
    default: 16,
  });
  assert.equal(rules.epochs.default, 10);
  assert.equal(rules.learningRate.exclusiveMinimum, 0);
  assert.equal(rules.validationSplit.integer, false);
});

test('a key that the schema lacks is a bug that shows', () => {
  assert.throws(() => numberRules({ properties: {} }), /epochs/);
});

test('how frozen layers multiply is a choice with words for each', () => {
  const { values, details, default: usual } = frozenPrecision(configJsonSchema() as Schema);
  assert.deepEqual({ values, usual }, { values: ['fp32', 'fp16', 'int8'], usual: 'fp32' });
  assert.ok(details?.every((detail) => detail.endsWith('.')));
  assert.notEqual(optionName('frozenPrecision'), 'frozenPrecision');
});

const methods = methodChoices(configJsonSchema() as Schema);

test('every method of the trainer is offered, with its trade-off and its learning rate', () => {
  assert.deepEqual(Object.fromEntries(methods.map(({ type, learningRate }) => [type, learningRate])), {
    pretrained: '',
    ...Object.fromEntries(trainingMethods.map((name) => [name, learningRateWords(name)])),
  });
  assert.equal(learningRateWords('full'), '0.00005 × 768 / width');
  for (const { type, tradeOff } of methods) {
    assert.match(tradeOff, /\.$/, type);
    assert.notEqual(methodName(type), type, `${type} has no name for people`);
  }
});

test('every option of every method has an input, with a name and an explanation', () => {
  for (const [type, schema] of Object.entries(methodSchemas())) {
    const { options } = methods.find((method) => method.type === type)!;
    for (const key of Object.keys(schema.shape).filter((each) => each !== 'type')) {
      const option = options.find((each) => each.key === key);
      assert.ok(option, `${type}.${key} has no input`);
      assert.match(option.title, /\.$/, `${type}.${key}`);
      assert.notEqual(optionName(key), key, `${type}.${key} has no name for people`);
    }
  }
  const lora = methods.find(({ type }) => type === 'lora')!;
  assert.deepEqual(
    lora.options.find(({ key }) => key === 'targetModules'),
    {
      key: 'targetModules',
      title: methodSchemas().lora.shape.targetModules.description,
      kind: 'modules',
      default: ['query', 'value'],
    },
  );
});
