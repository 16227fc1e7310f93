/** Tests of a model in the Test Explorer, and the images that two checkpoints answer differently, in a real editor. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('tests of a model', () => {
  const workspace = makeWorkspace();
  const folder = 'emoji/validation/food';
  const [food] = readdirSync(join(workspace, folder));
  const twin = `twin of ${food!}`;
  const editor = useEditor(() => {
    trainIn(workspace, 'first', { epochs: 1, tests: { maxMegabytes: 1000 } });
    trainIn(workspace, 'second', { epochs: 2 });
    // The same image cannot have two labels: one of the two is wrong.
    cpSync(join(workspace, folder, food!), join(workspace, 'new images', twin));
    const right = { [`${folder}/${food!}`]: 'food', [`new images/${twin}`]: 'flags' };
    writeFileSync(
      join(workspace, 'first.vitune-test.json'),
      JSON.stringify({ checkpoint: 'runs/first', tests: { accuracy: 0.001, right } }, null, 2),
    );
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    const settings = {
      'testing.automaticallyOpenPeekView': 'never',
      'testing.automaticallyOpenTestResults': 'neverOpen',
    };
    return { workspace, settings, size: { width: 1280, height: 900 } };
  });
  // Its text also has how long it took.
  const item = (name: string) =>
    editor().page.locator(`.test-explorer [role="treeitem"][aria-label^="${name}"]`).first();
  const labelOf = async (name: string) => (await item(name).getAttribute('aria-label')) ?? '';

  test('the Test Explorer lists them, runs them, and shows which passed and which failed', async () => {
    await editor().openContainer('Testing');
    // A config is listed where it has tests.
    await item('first.vitune.json').waitFor();
    assert.equal(await item('second.vitune.json').count(), 0);
    await item('first.vitune-test.json').locator('.monaco-tl-twistie').click();
    await item('accuracy').waitFor();
    await editor().command('Test: Run All Tests');
    await until(
      'the results',
      async () => /\bfailed\b/i.test(await labelOf('right')) && /passed/i.test(await labelOf('accuracy')),
    );
    assert.match(await labelOf('first.vitune.json'), /passed/i);
    await editor().screenshot('test explorer');
  });

  test('a failure names its images at the place of the test, and they open', async () => {
    await item('right').click();
    await editor().tab('first.vitune-test.json').waitFor();
    await editor().command('Test: Peek Output');
    await editor()
      .page.locator(':visible', { hasText: /[01] of 2 images are right; all must be/ })
      .first()
      .waitFor();
    const link = editor().page.locator('a:visible', { hasText: food! }).first();
    await link.waitFor();
    await editor().screenshot('failed test');
    const name = (await link.textContent())!.split('/').at(-1)!;
    await link.click();
    await editor().tab(name).waitFor();
    await editor().screenshot('image of a failed test');
    await editor().command('View: Close All Editors');
  });

  test('a class that the model does not have is said at its place', async () => {
    writeFileSync(
      join(workspace, 'typo.vitune-test.json'),
      JSON.stringify({ checkpoint: 'runs/first', tests: { classAccuracy: { fodo: 0.5 } } }, null, 2),
    );
    await item('typo.vitune-test.json').waitFor();
    await editor().chooseFromMenu(item('typo.vitune-test.json'), 'Run Test');
    await until('the error', async () => /errored/i.test(await labelOf('typo.vitune-test.json')));
    await item('typo.vitune-test.json').locator('.monaco-tl-twistie').click();
    await item('classAccuracy.fodo').click();
    await editor().command('Test: Peek Output');
    await editor().page.getByText('Did you mean "food"?').first().waitFor();
    await editor().screenshot('error in a test file');
    await editor().command('View: Close All Editors');
  });

  test('Compare Answers with… shows the images that changed: before, now and what is right', async () => {
    await editor().openContainer('ViTune');
    await editor().chooseFromMenu(editor().row('second'), 'Compare Answers with…');
    await editor().pick('Best of first');
    await editor().pick('emoji');
    const grid = await editor().webview('imageGrid');
    const head = (await grid.locator('.grid-head').textContent())!;
    assert.match(head, /first → second/);
    assert.match(head, /images changed their answer/);
    assert.match(head, /validation images of the run/);
    const tiles = grid.locator('.tile:visible');
    await tiles.first().waitFor();
    const said = await tiles.evaluateAll((all) =>
      all.map((tile) => [tile.querySelector('.was')!.textContent, tile.querySelector('.verdict')!.textContent]),
    );
    for (const [was, verdict] of said) {
      const before = /before: (\w+)$/.exec(was!)![1]!;
      const now = /(\w+)$/.exec(verdict!.trim())![1]!;
      assert.notEqual(before, now);
    }
    await until('the thumbnails', () =>
      tiles.evaluateAll((all) => all.every((tile) => tile.querySelector('img')!.naturalWidth > 0)),
    );
    await editor().screenshot('changed answers');
    await grid.locator('vscode-dropdown[data-field="words-change"]').waitFor();
  });
});
