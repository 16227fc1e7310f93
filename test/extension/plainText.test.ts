/** Names stay text where the editor reads links and icons in what it is given. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ESLint } from 'eslint';
import { root } from '../../scripts/ensure-installed.mjs';
import { plainMarkdown, withoutIcons, withoutLinks } from '../../src/extension/plainText.js';

/** As VS Code finds links in a notification (src/vs/base/common/linkedText.ts). */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;
/** As VS Code finds icons in a label (src/vs/base/common/iconLabels.ts). */
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g;

for (const name of [
  '[x](command:workbench.action.closeWindow)',
  'a [b](https://example.org "c") [d](file:///e)',
  'cats',
]) {
  test(`a name is not a link: ${name}`, () => {
    assert.doesNotMatch(withoutLinks(`“${name}” is trained`), link);
    assert.equal(withoutLinks(name).replaceAll('\u2060', ''), name, 'and is read as it is');
  });
}

test('a name is not an icon', () => {
  assert.match('$(trash) $(sync~spin)', icon);
  assert.doesNotMatch(withoutIcons('$(trash) $(sync~spin) 5 $'), icon);
});

test('a name is no markup in Markdown, and its words may part', () => {
  assert.equal(plainMarkdown('a *b* [c](command:d)\n- e'), 'a \\*b\\* \\[c\\]\\(command:d\\) \\- e');
  assert.doesNotMatch(plainMarkdown('$(trash) <b>'), /\$\(trash\)|(?<!\\)</);
  assert.equal(plainMarkdown('two words'), 'two words');
});

test('a notification that does not go through notify() is a fault of lint', async () => {
  const eslint = new ESLint({ cwd: root });
  const filePath = `${root}/src/extension/progress.ts`;
  const text = readFileSync(filePath, 'utf8');
  const faults = async (code: string) =>
    (await eslint.lintText(code, { filePath }))[0]!.messages.map(({ ruleId }) => ruleId);
  assert.deepEqual(await faults(text), []);
  assert.deepEqual(await faults(`${text}\nexport const say = () => vscode.window.showErrorMessage('x');\n`), [
    'no-restricted-syntax',
  ]);
});
