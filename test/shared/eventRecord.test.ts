/** Lines of `events.jsonl`: whole ones, those of other versions, damaged ones, and mutations of all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRecord, readRecordLine } from '../../src/shared/eventRecord.js';
import { advance, noProgress } from '../../src/shared/runProgress.js';
import { Random } from '../../src/trainer/core/random.js';
import { recordedRun } from '../webview/recordedRun.js';

const events = recordedRun({ steps: 20, epochs: 2 });

test('every event of a run is read as it was written', () => {
  for (const event of events) assert.deepEqual(readRecordLine(JSON.stringify(event)), { seq: event.seq, event });
});

test('an event of an unknown type has only its number, whatever it is called', () => {
  for (const type of ['later', 'constructor', '__proto__'])
    assert.deepEqual(readRecord(JSON.parse(JSON.stringify({ type, seq: 3, time: 1, more: true }))), { seq: 3 });
});

test('a loss that is not finite, which JSON writes as null, is no defect', () => {
  const step = events.find(({ type }) => type === 'step')!;
  assert.equal(readRecordLine(JSON.stringify({ ...step, loss: Number.NaN })).defect, undefined);
});

test('a defect names the event and the place', () => {
  const started = events.find(({ type }) => type === 'started')!;
  const defectOf = (changed: object) => readRecordLine(JSON.stringify({ ...started, ...changed })).defect;
  assert.equal(defectOf({ steps: 'many' }), 'started: steps: expected a whole number from 0');
  assert.equal(defectOf({ images: { train: 1 } }), 'started: images.validation: expected a whole number from 0');
  assert.equal(defectOf({ seq: -1 }), 'seq: expected a whole number from 0');
  assert.match(readRecordLine('{"type":"st').defect!, /JSON/);
  for (const value of [null, 7, 'text', [], {}]) assert.ok(readRecord(value).defect);
});

test('no mutation of a line can make the reader or the reducer throw', () => {
  const random = new Random(3, 'mutated events');
  const lines = events.map((event) => JSON.stringify(event));
  const pieces = ['null', '[]', '{}', '"x"', '-1', '1e999', '\\u0000', '"', '}', '[[', 'true', '9007199254740993'];
  let read = 0;
  let progress = noProgress;
  for (let round = 0; round < 5000; round++) {
    const line = lines[Math.floor(random.uniform() * lines.length)]!;
    const at = Math.floor(random.uniform() * line.length);
    const piece = pieces[Math.floor(random.uniform() * pieces.length)]!;
    const record = readRecordLine(line.slice(0, at) + piece + line.slice(at + Math.floor(random.uniform() * 8)));
    if (record.defect !== undefined || !record.event) continue;
    read++;
    progress = advance(progress, record.event);
  }
  assert.ok(read > 50, `${read} mutations were still events`);
});
