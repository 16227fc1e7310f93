/** A run's record from its events: order, repeats, resumes, ends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordedEvent, TrainEvent } from '../../../src/trainer/protocol.js';
import type { DashboardHistory } from '../../../src/webview/protocol.js';
import { RunRecord } from '../../../src/webview/dashboard/runRecord.js';
import { dashboardState, recordedRun } from '../recordedRun.js';

test('all at once or a few at a time amounts to the same', () => {
  const events = recordedRun({ steps: 460, epochs: 10 });
  const whole = new RunRecord();
  whole.append(events);
  const parts = new RunRecord();
  for (let from = 0; from < events.length; from += 7) parts.append(events.slice(from, from + 7));
  assert.deepEqual(parts, whole);
  assert.equal(whole.lastStep, 460);
  assert.equal(whole.evaluationsOf('validation').length, 10);
  assert.equal(whole.finished?.reason, 'epochs');
  assert.equal(whole.activity, null);
});

test('a history that the host hands over amounts to the same, with retaken steps and a loss that is not finite', () => {
  const events = recordedRun({ steps: 40, epochs: 4, taken: 25 });
  const again = recordedRun({ steps: 40, epochs: 4 }).slice(-60);
  const started = events.find((event) => event.type === 'started')!;
  const retaken = again.filter((event) => event.type !== 'step' || event.step > 20);
  const whole = [...events, { ...started, resumedFrom: 20 }, ...retaken].map((event, seq) => ({ ...event, seq }));
  const taken = whole.findIndex((event) => event.type === 'step' && event.step === 30);
  whole[taken] = { ...whole[taken], loss: null } as unknown as RecordedEvent;
  // Numbers as exact as they are packed: see packedSteps.
  const exact = whole.map((event) =>
    event.type === 'step'
      ? { ...event, loss: Math.fround(event.loss ?? Number.NaN), learningRate: Math.fround(event.learningRate) }
      : event,
  );
  for (const length of [0, 1, taken, taken + 1, exact.length - 3, exact.length]) {
    const known = exact.slice(0, length);
    const restored = new RunRecord();
    restored.restore(JSON.parse(dashboardState(known).history) as DashboardHistory);
    restored.append(exact);
    const appended = new RunRecord();
    appended.append(exact);
    // JSON has no keys without a value; of evaluations that are not shown the host sends no matrix.
    const seen = (record: RunRecord) => ({
      ...record,
      progress: JSON.parse(JSON.stringify(record.progress)) as unknown,
      evaluations: record.evaluations.map((evaluation) => ({ ...evaluation, confusion: [] })),
    });
    assert.deepEqual(seen(restored), seen(appended), String(length));
  }
});

test('events that were seen before are dropped', () => {
  const events = recordedRun({ steps: 40, epochs: 4 });
  const record = new RunRecord();
  assert.equal(record.append(events), true);
  assert.equal(record.append(events.slice(-20)), false);
  assert.equal(record.steps.step.length, 40);
});

test('a resumed run forgets the steps that it takes again, and its old error', () => {
  const events = recordedRun({ steps: 40, epochs: 4, taken: 25 });
  const started = events.find((event) => event.type === 'started')!;
  const add = (event: TrainEvent) =>
    events.push({ ...event, seq: events.length, time: events.at(-1)!.time + 1000 } as RecordedEvent);
  add({ type: 'error', code: 'DISK_FULL', message: 'No room.', remedy: 'Make room.' });
  const record = new RunRecord();
  record.append(events);
  assert.equal(record.error?.code, 'DISK_FULL');
  add({ ...started, type: 'started', resumedFrom: 20 } as TrainEvent);
  add({ type: 'step', step: 21, epoch: 2.1, loss: 0.5, learningRate: 1e-3, imagesPerSecond: 20, waiting: 0 });
  record.append(events);
  assert.equal(record.error, null);
  assert.deepEqual(record.steps.step, [...Array.from({ length: 20 }, (_, index) => index + 1), 21]);
  assert.equal(record.steps.loss.length, 21);
  assert.deepEqual(
    record.evaluations.map(({ step }) => step),
    [10, 20],
  );
});

test('the best checkpoint, re-evaluated in fp32 at the end, takes the place of its rounded evaluation, and its accuracy is the best one', () => {
  const events = recordedRun({ steps: 40, epochs: 4 });
  const finished = events.pop() as RecordedEvent & { type: 'finished' };
  const evaluations = events.filter((event) => event.type === 'evaluation');
  const { seq, time } = finished;
  const record = new RunRecord();
  record.append(events);
  const greatest = Math.max(...evaluations.map(({ accuracy }) => accuracy));
  assert.equal(record.bestAccuracy, greatest);
  record.append([{ ...evaluations[1]!, judged: true, accuracy: 0.5, seq, time }]);
  record.append([{ ...finished, best: { ...finished.best, step: 20, accuracy: 0.5 }, seq: seq + 1 }]);
  assert.ok(greatest > 0.5);
  assert.equal(record.bestAccuracy, 0.5, 'not that of another, which was rounded');
  assert.deepEqual(
    record.evaluationsOf('validation').map(({ step }) => step),
    [10, 20, 30, 40],
  );
  assert.equal(record.evaluationsOf('validation')[1]!.accuracy, 0.5);
});

test('the intermediate result of a step is kept until the step is over', () => {
  const record = new RunRecord();
  const events = recordedRun({ steps: 40, epochs: 4, taken: 2 });
  const firstStep = events.findIndex(({ type }) => type === 'step');
  const partial = { type: 'partialStep', step: 1, done: 4, total: 16, loss: 1.5 } as const;
  record.append(events.slice(0, firstStep));
  record.append([{ ...partial, seq: events[firstStep]!.seq - 0.5, time: 0 }]);
  assert.equal(record.partialStep?.loss, 1.5);
  assert.equal(record.activity, null, 'compiling is over');
  assert.equal(record.steps.step.length, 0);
  record.append(events.slice(firstStep));
  assert.equal(record.partialStep, null);
});

test('images that prove unreadable are counted once each, apart from those that the scan left out', () => {
  const record = new RunRecord();
  record.append(recordedRun({ steps: 40, epochs: 4, taken: 5 }));
  assert.deepEqual([record.skipped, record.unreadable], [2, 0]);
  const notices = ['a.png', 'b.jpg', 'c.png', 'a.png'].map(
    (file, index) =>
      ({ type: 'notice', code: 'IMAGE_UNREADABLE', message: 'cut', file, seq: 10_000 + index, time: 0 }) as const,
  );
  record.append(notices.slice(0, 1));
  assert.equal(record.unreadable, 0, 'perhaps one of the two');
  record.append(notices);
  assert.deepEqual([record.skipped, record.unreadable], [2, 1]);
});

test('what a resumed run says again is one notice', () => {
  const record = new RunRecord();
  const notice = { type: 'notice', code: 'DEVICE_FALLBACK', message: 'on the CPU', time: 0 } as const;
  record.append([
    { ...notice, seq: 1 },
    { ...notice, seq: 2, message: 'slower' },
    { ...notice, seq: 3 },
  ]);
  assert.deepEqual(
    record.notices.map(({ message }) => message),
    ['on the CPU', 'slower'],
  );
});

test('phases are known until a step is taken', () => {
  const record = new RunRecord();
  const events = recordedRun({ steps: 40, epochs: 4, taken: 1 });
  const firstStep = events.findIndex((event) => event.type === 'step');
  record.append(events.slice(0, 3));
  assert.deepEqual(record.activity, { phase: 'decode', done: 969, total: 969 });
  record.append(events.slice(0, firstStep + 1));
  assert.equal(record.activity, null);
});

test('features that are still being computed while the first steps are taken stay in sight, until they are whole', () => {
  const record = new RunRecord();
  const events = recordedRun({ steps: 40, epochs: 4, taken: 3 });
  const steps = events.filter((event) => event.type === 'step');
  const computing = (done: number): (typeof events)[number] => ({
    ...steps[0]!,
    type: 'progress',
    phase: 'features',
    done,
    total: 970,
  });
  let seq = 0;
  const append = (...next: typeof events) => record.append(next.map((event) => ({ ...event, seq: seq++ })));
  append(computing(16), steps[0]!, computing(32), steps[1]!);
  assert.deepEqual(record.activity, { phase: 'features', done: 32, total: 970 });
  append(computing(970), steps[2]!);
  assert.equal(record.activity, null);
});
