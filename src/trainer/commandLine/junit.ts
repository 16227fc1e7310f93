/** The results of tests as JUnit XML, which build servers read. */
import { basename } from 'node:path';
import type { TestResult } from '../protocol.js';

/** A text as XML 1.0 allows it: characters that no document may have become U+FFFD. */
const escaped = (text: string): string =>
  text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);

/** `seconds` has the time of each test, in their order. */
export function junitXml(file: string, results: readonly TestResult[], seconds: readonly number[]): string {
  const suite = escaped(basename(file));
  const cases = results.map(({ name, passed, message, images }, i) => {
    const time = seconds[i]!.toFixed(3);
    const opening = `<testcase name="${escaped(name)}" classname="${suite}" file="${escaped(file)}" time="${time}">`;
    const [summary] = message.split('\n');
    const ending = passed
      ? `<system-out>${escaped(message)}</system-out>`
      : `<failure message="${escaped(summary!)}" type="failed">${escaped([message, ...images].join('\n'))}</failure>`;
    return `    ${opening}${ending}</testcase>\n`;
  });
  const failures = results.filter(({ passed }) => !passed).length;
  const time = seconds.reduce((a, b) => a + b, 0).toFixed(3);
  const counts = `tests="${results.length}" failures="${failures}" errors="0" time="${time}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    `<testsuites ${counts}>\n  <testsuite name="${suite}" skipped="0" ${counts}>\n`,
    ...cases,
    '  </testsuite>\n</testsuites>\n',
  ].join('');
}
