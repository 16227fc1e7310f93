/** What the command line writes cannot steer the terminal. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { outputTo } from '../../../src/trainer/commandLine/output.js';

const hostile = 'cats\u001b]0;title\u0007\u001b[2J\r\u202eşğ\t中.jpg';
const text = 'cats\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{d}\\u{202e}şğ\t中.jpg';

test('control characters of names are written out, on both streams and in the line that changes', () => {
  const [out, err] = [Object.assign(new PassThrough(), { isTTY: true }), new PassThrough()];
  const output = outputTo(out, err, false);
  output.status(hostile);
  output.line(`${hostile}\nnext`);
  output.problem({ code: 'X', message: hostile, remedy: hostile, file: hostile });
  const written = String(out.read());
  assert.ok(written.startsWith(text), written);
  assert.ok(written.endsWith(`${text}\nnext\n`), written);
  assert.equal(String(err.read()).split(text).length, 4);
});
