/** From a folder of images without classes to a trained head, in a real editor: groups, next images, suggestions. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('from images without classes to a dataset', () => {
  const workspace = makeWorkspace();
  const loose = join(workspace, 'loose');
  const editor = useEditor(() => {
    // The training images of two classes, without what says which they are.
    mkdirSync(loose);
    for (const kind of ['faces', 'flags']) {
      const folder = join(workspace, 'emoji', 'train', kind);
      for (const [i, name] of readdirSync(folder).entries())
        renameSync(join(folder, name), join(loose, `${kind}-${i}.png`));
    }
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['loose'] }));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 900 } };
  });
  const all = () => readdirSync(loose).filter((name) => name.endsWith('.png')).length;
  const filesIn = (name: string) => (existsSync(join(loose, name)) ? readdirSync(join(loose, name)) : []);

  /** The grid with this in its head; the one before it is replaced while it is looked for. */
  async function grid(heading: string): Promise<Frame> {
    let found: Frame | undefined;
    await until(heading, async () => {
      found = await editor().webview('imageGrid');
      const head = await found
        .locator('.grid-head')
        .textContent({ timeout: 2000 })
        .catch(() => '');
      return head!.includes(heading);
    });
    await found!.locator('.tile:visible').first().waitFor();
    return found!;
  }

  test('a group is named, and taken back, and named again', async () => {
    await editor().openContainer('ViTune');
    await editor().row('loose').filter({ hasText: 'no classes yet' }).waitFor();
    const images = all();
    const panel = await editor().webview('trainPanel');
    await panel.getByText('This folder has no classes yet.').waitFor();
    assert.ok(await panel.locator('.plan-line').isHidden());
    await editor().screenshot('no classes yet');
    await panel.getByRole('button', { name: 'Group Images…' }).click();
    await editor().answer('', 'How many groups?');
    const shown = await grid('groups. Select an image');
    await shown.locator('.tile:visible').first().click();
    const button = shown.getByRole('button', { name: /^Name Group/ });
    const size = Number(/\((\d+)\)/.exec((await button.textContent())!)![1]);
    await editor().screenshot('groups');
    await button.click();
    await editor().pick('New Class…');
    await editor().answer('first', 'Name of the new class');
    await editor().waitForNotification('now in the class “first”');
    assert.deepEqual([filesIn('first').length, all()], [size, images - size]);
    await editor().dismissNotifications();
    await shown.locator('.grid').focus();
    await editor().page.keyboard.press('Control+z');
    await editor().waitForNotification('Undone');
    assert.deepEqual([filesIn('first').length, all()], [0, images]);
    await editor().dismissNotifications();
  });

  test('suggestions of what was labelled are accepted after a question, as one change', async () => {
    // What a user labels by hand.
    for (const kind of ['faces', 'flags'])
      for (const name of readdirSync(loose)
        .filter((each) => each.startsWith(`${kind}-`))
        .slice(0, 8)) {
        mkdirSync(join(loose, kind), { recursive: true });
        renameSync(join(loose, name), join(loose, kind, name));
      }
    const images = all();
    await editor().row('loose').filter({ hasText: '2 classes' }).waitFor();
    await editor().chooseFromMenu(editor().row('loose').first(), 'Label These Next');
    await grid('These teach the most');
    await editor().screenshot('label these next');
    await editor().chooseFromMenu(editor().row('loose').first(), 'Suggest Labels…');
    const shown = await grid('By the images that have a class');
    const from = shown.getByRole('textbox', { name: 'From' });
    await from.fill('50');
    // Where the field is left, what was typed holds.
    await from.blur();
    const button = shown.getByRole('button', { name: /^Accept \d+ Suggestions/ });
    await button.waitFor();
    await editor().screenshot('suggestions');
    const label = (await button.textContent())!;
    const offered = Number(/\d+/.exec(label)![0]);
    const question = editor().page.locator('.monaco-dialog-box');
    await button.click();
    await question.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(all(), images);
    await button.click();
    await question.getByRole('button', { name: 'Move', exact: true }).click();
    await editor().waitForNotification('in their suggested classes');
    assert.equal(all(), images - offered);
    assert.equal(filesIn('faces').length + filesIn('flags').length, 16 + offered);
    await editor().dismissNotifications();
    await editor().command('ViTune: Undo Image Change');
    await editor().waitForNotification('Undone');
    assert.equal(all(), images);
    await editor().dismissNotifications();
    await editor().command('ViTune: Redo Image Change');
    await editor().waitForNotification('Done again');
    assert.equal(all(), images - offered);
    const right = ['faces', 'flags'].flatMap((kind) => filesIn(kind).map((name) => name.startsWith(`${kind}-`)));
    assert.ok(right.filter(Boolean).length > 0.7 * right.length);
  });

  test('what became of it trains a head', () => {
    trainIn(workspace, 'head', { dataset: 'loose', init: 'pretrained', method: 'head', learningRate: 1e-2, epochs: 2 });
    assert.ok(existsSync(join(workspace, 'runs', 'head', 'checkpoints')));
  });
});
