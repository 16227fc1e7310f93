/** The tests of a file with their places, as the Test Explorer lists them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testsOfText } from '../../../src/extension/tests/testsOfText.js';
import { testsIn } from '../../../src/shared/testNames.js';
import { testsSchema, type Tests } from '../../../src/trainer/config/testsSchema.js';

test('every test has its name and the place of its key, after comments and in lines of Windows', () => {
  const text = [
    '{ // the model',
    '  "checkpoint": "runs/a",',
    '  "tests": {',
    '    "accuracy": 0.9,',
    '    "classAccuracy": { "a.b": 0.5 }, "images": "all",',
    '    "export": { "folder": "x", "sameAnswers": true,',
    '      "maxMegabytes": 3 },',
    '  }',
    '}',
  ].join('\r\n');
  assert.deepEqual(
    testsOfText(text).map(({ name, start, end }) => [name, start.line, start.character, end.line, end.character]),
    [
      ['accuracy', 3, 4, 3, 19],
      ['classAccuracy.a.b', 4, 23, 4, 33],
      ['export.sameAnswers', 5, 31, 5, 50],
      ['export.maxMegabytes', 6, 6, 6, 23],
    ],
  );
});

test('a text that is being typed lists what it has, and no text is an error', () => {
  assert.deepEqual(
    testsOfText('{ "tests": { "accuracy": 0.9, "right": {').map(({ name }) => name),
    ['accuracy', 'right'],
  );
  for (const text of [
    '',
    '{',
    '[]',
    '{"tests"',
    '{"tests": 3}',
    '{"tests": ["accuracy"]}',
    '{"tests": {"export": null}}',
  ])
    assert.deepEqual(testsOfText(text), [], text);
});

test('every key of the schema is a test, or says what tests are about', () => {
  const all: Required<Tests> = {
    images: 'all',
    accuracy: 0.5,
    classAccuracy: { a: 0.5 },
    right: { 'a.png': 'a' },
    unknown: ['b.png'],
    maxMegabytes: 1,
    maxMilliseconds: 1,
    export: { folder: 'x', sameAnswers: true, maxDifference: 0.1, images: 3, maxMegabytes: 1, maxMilliseconds: 1 },
  };
  const { shape } = testsSchema();
  assert.deepEqual(Object.keys(all).sort(), Object.keys(shape).sort());
  assert.deepEqual(Object.keys(all.export!).sort(), Object.keys(shape.export.unwrap().shape).sort());
  assert.deepEqual(
    testsIn(all).map(({ name }) => name),
    [
      ...['accuracy', 'classAccuracy.a', 'right', 'unknown', 'maxMegabytes', 'maxMilliseconds'],
      ...['sameAnswers', 'maxDifference', 'maxMegabytes', 'maxMilliseconds'].map((each) => `export.${each}`),
    ],
  );
  assert.deepEqual(testsIn({ export: { folder: 'x', sameAnswers: false } }), []);
});
