/** What is put into a page cannot become markup. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLink, html } from '../../../src/extension/reports/html.js';

test('strings are escaped, pieces are not', () => {
  const name = `<img src=x onerror="a('b')">&`;
  const { text } = html`<td title="${name}">${html`<b>${name}</b>`}${[html`<i>1</i>`, html`<i>${2}</i>`]}</td>`;
  assert.equal(text.includes('<img'), false);
  assert.equal(text.split('<b>').length, 2);
  assert.match(text, /<i>1<\/i><i>2<\/i>/);
});

test('the arguments of a command link survive', () => {
  const path = `/a "b" 'c' &/ş.jpg`;
  const href = /href="([^"]*)"/.exec(commandLink('do.it', [path], 'x').text)?.[1] ?? '';
  const query = href.split('?')[1]!.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  assert.deepEqual(JSON.parse(decodeURIComponent(query)), [path]);
});
