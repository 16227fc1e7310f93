/** The logs of real runs, each made to go wrong in one way: each says so, once and at the same place, and a healthy one says nothing. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { follow, noCourse, type Course, type DiagnosisCode } from '../../src/shared/diagnoses.js';
import { diagnosisWords } from '../../src/shared/diagnosisWords.js';
import { readRecordLine } from '../../src/shared/eventRecord.js';
import { advance, noProgress } from '../../src/shared/runProgress.js';
import type { RecordedEvent } from '../../src/shared/trainEvent.js';

function logOf(name: string): RecordedEvent[] {
  const text = readFileSync(new URL(`./diagnoses/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const record = readRecordLine(line);
      assert.ok(record.defect === undefined && record.event, JSON.stringify(record));
      return record.event;
    });
}

const courseOf = (events: readonly RecordedEvent[]): Course => events.reduce(follow, noCourse);
const t = (message: string, ...args: (string | number)[]): string =>
  message.replaceAll(/\{(\d)\}/g, (_, i: string) => String(args[Number(i)]));
const words = { t, percent: String, figure: String, integer: String };

const cases: [log: string, code: DiagnosisCode | undefined, says: RegExp, fix: object | undefined][] = [
  ['healthy', undefined, /^/, undefined],
  ['overfitting', 'OVERFITTING', /since step 22.*step 22 is in use/, { key: 'earlyStoppingPatience', value: 3 }],
  ['diverging', 'DIVERGED', /rate of 1:/, { key: 'learningRate', value: 0.1 }],
  ['rate-too-low', 'RATE_TOO_LOW', /1e-7 is too low/, { key: 'learningRate', value: 1e-6 }],
  ['class-ignored', 'CLASSES_IGNORED', /labels: plastic/, { key: 'classWeights', value: 'balanced' }],
  ['underfitting', 'UNDERFITTING', /since step 112/, { key: 'epochs', value: 8 }],
];

for (const [log, code, says, fix] of cases) {
  test(`the log ${log}: ${code ?? 'nothing'}`, () => {
    const { found } = courseOf(logOf(log));
    assert.deepEqual(
      found.map((each) => each.code),
      code ? [code] : [],
    );
    if (!code) return;
    assert.deepEqual(found[0]!.fix, fix);
    const { message, button } = diagnosisWords(found[0]!, words);
    assert.match(message, says);
    assert.ok(button?.includes(found[0]!.fix!.key));
  });
}

test('event by event, as in a window that was closed meanwhile, and from JSON, the course is the same', () => {
  for (const [log] of cases) {
    const events = logOf(log);
    let progress = noProgress;
    for (const event of events) progress = JSON.parse(JSON.stringify(advance(progress, event))) as typeof progress;
    assert.deepEqual(progress.course.found, courseOf(events).found);
  }
});

test('a run that is resumed before what was found says it once, when it comes again', () => {
  const events = logOf('overfitting');
  const [started] = events;
  const at = events.findIndex((event) => event.type === 'checkpoint' && event.step === 33);
  const again = { ...started!, resumedFrom: 33 } as RecordedEvent;
  const { found } = courseOf([...events, again, ...events.slice(at + 1)]);
  assert.deepEqual(
    found.map(({ code, step }) => [code, step]),
    [['OVERFITTING', courseOf(events).found[0]!.step]],
  );
});

test('few validation images are said where the split can be changed, and without a button where it is the own', () => {
  const [started] = logOf('overfitting') as [Extract<RecordedEvent, { type: 'started' }>];
  const images = { train: 80, validation: 20, test: 0 };
  const validation = logOf('overfitting').find(({ type }) => type === 'evaluation')!;
  const found = (splits: 'seeded' | 'folders', validated = images) =>
    courseOf([{ ...started, splits, images: validated }, validation]).found;
  assert.deepEqual(found('seeded')[0]?.fix, { key: 'validationSplit', value: 0.4 });
  assert.equal(found('folders')[0]?.code, 'VALIDATION_SMALL');
  assert.equal(found('folders')[0]?.fix, undefined);
  assert.deepEqual(found('seeded', { ...images, validation: 37 }), []);
});

test('a loss that is not a number ends a run that diverged; a method without steps has no course', () => {
  const events = logOf('healthy');
  const error = { type: 'error', code: 'LOSS_NOT_FINITE', message: '', remedy: '', seq: 9, time: 9 } as RecordedEvent;
  assert.equal(courseOf([...events.slice(0, 20), error]).found[0]?.code, 'DIVERGED');
  const [started, ...rest] = logOf('class-ignored');
  assert.deepEqual(courseOf([{ ...started!, steps: 0 } as RecordedEvent, ...rest]).found, []);
});
