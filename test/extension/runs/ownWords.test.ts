/** A run that an English trainer wrote is read in Turkish. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inOwnWords } from '../../../src/extension/runs/ownWords.js';
import { readRecordLine } from '../../../src/shared/eventRecord.js';
import { errors } from '../../../src/trainer/errors/errors.js';
import { bundlePath } from '../../../scripts/l10n.mjs';

const bundle = JSON.parse(readFileSync(bundlePath, 'utf8')) as Record<string, string>;
const turkish = (text: string, ...args: unknown[]) =>
  (bundle[text] ?? text).replace(/\{(\d+)\}/g, (_, place: string) => String(args[Number(place)]));

test('errors and notices keep their message with its arguments, and are read in the language of the window', () => {
  const error = errors.imageTiny('/images/a.png', 3, 2);
  for (const type of ['error', 'notice']) {
    const line = JSON.stringify({ type, ...error.toInfo(), seq: 0, time: 0 });
    const { event } = readRecordLine(line) as { event: Parameters<typeof inOwnWords>[0] };
    const read = inOwnWords(event, turkish);
    assert.ok('message' in read && read.message !== error.message, JSON.stringify(read));
    assert.equal(read.message, turkish('The image has only {0} x {1} pixels.', 3, 2));
    assert.match(read.message, /3.*2/);
  }
});

test('the words of a log without arguments stay', () => {
  const event = { type: 'notice', code: 'X', message: 'As it was.', seq: 0, time: 0 } as const;
  assert.equal(inOwnWords(event, turkish), event);
});
