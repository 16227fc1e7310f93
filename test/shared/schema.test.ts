/** Schemas: what fits, and where and why something does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparisonSchema } from '../../src/shared/comparison.js';
import { runInfoSchema, runLockSchema } from '../../src/shared/runFolder.js';
import { listOf, objectOf, optional, plainName, readJson, text } from '../../src/shared/schema.js';

const named = objectOf<{ name: string; tags?: string[] }>({ name: text, tags: optional(listOf(text)) });

test('what fits is given as it is, keys that the schema does not know included', () => {
  assert.deepEqual(readJson(named, '{"name":"a","later":1}'), { value: { name: 'a', later: 1 } });
  assert.deepEqual(readJson(named, '{"name":"a","tags":["x"]}').value, { name: 'a', tags: ['x'] });
});

test('a defect names the place', () => {
  const defectOf = (json: string) => readJson(named, json).defect;
  assert.equal(defectOf('{"name":"a","tags":["x",7]}'), 'tags[1]: expected text');
  assert.equal(defectOf('{}'), 'name: expected text');
  assert.equal(defectOf('[]'), 'it: expected an object');
  assert.equal(defectOf('null'), 'it: expected an object');
  assert.match(defectOf('{"name"')!, /JSON/);
  // Inherited by every object, so not a key of this one.
  assert.equal(readJson(objectOf<{ toString: string }>({ toString: text }), '{}').defect, 'toString: expected text');
});

test('files of a run that are not what they should be', () => {
  for (const json of ['{"name":"a","config":"c"}', '{"name":"a","config":"c","createdAt":"1"}', '[]', '{"name":'])
    assert.ok(readJson(runInfoSchema, json).defect, json);
  for (const json of ['{"host":"h","pid":-1,"socket":"s","startedAt":0}', '{"pid":1,"socket":"s","startedAt":0}'])
    assert.ok(readJson(runLockSchema, json).defect, json);
});

test('a name is not a way out of its folder', () => {
  for (const name of ['lora', 'my method', '..lora', 'ü']) assert.equal(plainName(name, ''), undefined, name);
  for (const name of ['', '.', '..', '../x', 'a/b', 'a\\b', 'C:x', '/etc']) assert.ok(plainName(name, ''), name);
  const comparison = { format: 1, dataset: '/d', settings: [], methods: ['../../x'], rows: [] };
  assert.equal(
    readJson(comparisonSchema, JSON.stringify(comparison)).defect,
    'methods[0]: expected a name without slashes',
  );
});
