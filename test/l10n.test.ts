/** Everything that a user sees has a matching Turkish translation, and each missing one is found. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../scripts/ensure-installed.mjs';
import { bundleFaults, bundlePath, manifestFaults, messagesOf, sourceMessages } from '../scripts/l10n.mjs';

const strings = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;

test('every message of the source can be translated, and is', () => {
  const { messages, faults } = sourceMessages();
  for (const one of ['Train with this config', 'The dataset folder {0} does not exist.', 'Show Log', 'Learning rate'])
    assert.ok(messages.includes(one), one);
  assert.deepEqual(faults, []);
  assert.deepEqual(bundleFaults(messages, strings(bundlePath)), []);
});

test('every string of package.json is there in both languages', () => {
  const files = ['package.nls.json', 'package.nls.tr.json'];
  const languages = Object.fromEntries(files.map((file) => [file, strings(join(root, file))]));
  assert.deepEqual(manifestFaults(readFileSync(join(root, 'package.json'), 'utf8'), languages), []);
});

test('a link of package.nls.json leads to the same place in Turkish', () => {
  const links = (text: string) => [...text.matchAll(/\]\((.*?)\)/g)].map(([, target]) => target);
  const turkish = strings(join(root, 'package.nls.tr.json'));
  for (const [key, text] of Object.entries(strings(join(root, 'package.nls.json'))))
    assert.deepEqual(links(turkish[key] ?? ''), links(text), key);
});

test('every form of call is seen', () => {
  const text = `
    import * as l10n from '@vscode/l10n'; import * as vscode from 'vscode'; const { t } = vscode.l10n;
    t('one'); l10n.t("two {0}", 2); vscode.l10n.t(
      'three {0} {1}',
      t('four'),
      f(t('five')),
    );
    const six = () => html\`<p>\${t('six')}</p>\`; other.t('not this'); set('nor this');`;
  const { messages, faults } = messagesOf('a.ts', text);
  assert.deepEqual(messages.sort(), ['five', 'four', 'one', 'six', 'three {0} {1}', 'two {0}']);
  assert.deepEqual(faults, []);
});

test('a t of another kind is ignored', () => {
  assert.deepEqual(messagesOf('a.ts', `const t = (x: number) => x; t(1); t(y);`), { messages: [], faults: [] });
});

const source = (call: string) => messagesOf('a.ts', `import { t } from '@vscode/l10n';\n${call};`).faults;
const badCalls: [call: string, fault: RegExp][] = [
  ['t(`so ${many}`)', /^a\.ts:2: .* not one literal/],
  [`t('a' + b)`, /not one literal/],
  [`t(many ? 'a' : 'b')`, /not one literal/],
  [`t('a {0}')`, /placeholders \{0\}, the call gives none/],
  [`t('a', b)`, /placeholders none, the call gives \{0\}/],
  [`t('a {1}', b)`, /placeholders \{1\}, the call gives \{0\}/],
  [`t('a {"b": "{0}"}', b)`, /a brace that begins no placeholder/],
];
for (const [call, fault] of badCalls) {
  test(`a call that cannot be translated as it is: ${call}`, () => {
    const [found, ...more] = source(call);
    assert.match(found ?? '', fault);
    assert.deepEqual(more, []);
  });
}

const badBundles: [name: string, messages: string[], bundle: Record<string, string>, faults: string[]][] = [
  ['a missing entry', ['Stop', 'Go'], { Go: 'Git' }, ['missing: Stop']],
  ['an empty entry', ['Stop'], { Stop: ' ' }, ['empty: Stop']],
  ['a stale entry', ['Stop'], { Stop: 'Dur', Go: 'Git' }, ['stale: Go']],
  ['a lost placeholder', ['{0} of {1}'], { '{0} of {1}': '{1}' }, ['placeholders {1} for {0} {1}: {0} of {1}']],
  ['a placeholder too much', ['Stop'], { Stop: 'Dur {0}' }, ['placeholders {0} for none: Stop']],
  ['placeholders in another order', ['{0} of {1}'], { '{0} of {1}': '{1} içinde {0}' }, []],
];
for (const [name, messages, bundle, faults] of badBundles) {
  test(`${name} of a translation ${faults.length > 0 ? 'is found' : 'is accepted'}`, () =>
    assert.deepEqual(bundleFaults(messages, bundle), faults));
}

test('missing, empty and stale strings of package.json are found in each language', () => {
  const manifest = '{ "title": "%a%", "name": "%b.c%", "share": "5 % of all" }';
  assert.deepEqual(manifestFaults(manifest, { en: { a: 'A', 'b.c': 'C' }, tr: { a: '', d: 'D' } }), [
    'tr: missing: a',
    'tr: missing: b.c',
    'tr: stale: d',
  ]);
});
