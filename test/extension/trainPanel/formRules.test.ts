/** The form's rules are the config schema's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formOptions, methodChoices, type Schema } from '../../../src/extension/trainPanel/formRules.js';
import { configJsonSchema } from '../../../src/trainer/config/jsonSchema.js';
import { learningRateWords, methodSchemas, trainingMethods } from '../../../src/trainer/config/methods.js';
import { methodName } from '../../../src/webview/names.js';

const options = formOptions(configJsonSchema() as Schema);
const optionOf = (key: string) => options.find((each) => each.key === key);

test('bounds and defaults are those of the schema', () => {
  const rule = (key: string) => {
    const option = optionOf(key);
    assert.ok(option?.kind === 'number', key);
    return option.rule;
  };
  // The batch size may also be a word; the form takes a number.
  assert.deepEqual(rule('batchSize'), {
    integer: true,
    minimum: 1,
    maximum: 4096,
    exclusiveMinimum: undefined,
    exclusiveMaximum: undefined,
    default: 16,
  });
  assert.equal(rule('epochs').default, 10);
  assert.equal(rule('learningRate').exclusiveMinimum, 0);
  assert.equal(rule('validationSplit').integer, false);
});

test('the form offers the keys that the schema has words for, and no others', () => {
  assert.deepEqual(options.map(({ key }) => key).sort(), [
    'batchSize',
    'earlyStoppingPatience',
    'epochs',
    'frozenPrecision',
    'labelSmoothingFactor',
    'learningRate',
    'seed',
    'validationSplit',
    'warmupRatio',
    'weightDecay',
  ]);
  for (const { key, label, title } of options) {
    assert.notEqual(label, key);
    assert.match(title, /\.$/, key);
  }
  const [key, label, description] = ['dropPath', 'Stochastic depth', 'Chance.'];
  const form = { label, isFolded: true as const, needsTraining: true as const };
  assert.deepEqual(
    formOptions({ properties: { [key]: { type: 'number', description, default: 0, 'x-form': form } } }).map(
      ({ kind, title, needsTraining }) => [kind, title, needsTraining],
    ),
    [['number', description, true]],
  );
});

test('a key with words for the form that no input suits is a bug that shows', () => {
  assert.throws(() => formOptions({ properties: { odd: { type: 'object', 'x-form': { label: 'Odd' } } } }), /odd/);
});

test('how frozen layers multiply is a choice with words for each', () => {
  const option = optionOf('frozenPrecision');
  assert.ok(option?.kind === 'choice');
  const { values, details, default: usual } = option;
  assert.deepEqual({ values, usual }, { values: ['fp32', 'fp16', 'int8'], usual: 'fp32' });
  assert.ok(details?.every((detail) => detail.endsWith('.')));
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
      assert.notEqual(option.label, key, `${type}.${key} has no name for people`);
    }
  }
  const lora = methods.find(({ type }) => type === 'lora')!;
  assert.deepEqual(
    lora.options.find(({ key }) => key === 'targetModules'),
    {
      key: 'targetModules',
      label: 'Target modules',
      isFolded: false,
      title: methodSchemas().lora.shape.targetModules.description,
      kind: 'modules',
      default: ['query', 'value'],
    },
  );
});
