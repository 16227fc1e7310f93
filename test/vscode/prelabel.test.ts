/** New images that a checkpoint sorts into class folders, from the Explorer's menu to the undo, in a real editor. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('new images and a checkpoint', () => {
  const workspace = makeWorkspace();
  const fresh = join(workspace, 'fresh');
  const classes = ['faces', 'flags', 'food'];
  const editor = useEditor(() => {
    trainIn(workspace, 'sorter', { init: 'pretrained', method: 'head', learningRate: 1e-2, epochs: 5 });
    // Validation images without what says what they show.
    mkdirSync(fresh);
    for (const label of classes) {
      const folder = join(workspace, 'emoji', 'validation', label);
      readdirSync(folder).forEach((name, i) => cpSync(join(folder, name), join(fresh, `${label}-${i}.png`)));
    }
    // A name that is taken in the class that it probably goes to.
    mkdirSync(join(fresh, 'flags'));
    cpSync(join(fresh, 'flags-0.png'), join(fresh, 'flags', 'flags-1.png'));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 900 } };
  });
  const loose = () => readdirSync(fresh).filter((name) => name.endsWith('.png'));
  const filesIn = (label: string) => (existsSync(join(fresh, label)) ? readdirSync(join(fresh, label)) : []);
  const sorted = () => classes.reduce((sum, label) => sum + filesIn(label).length, 0);

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
  const prelabel = async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('fresh').first(), 'Pre-label with Checkpoint…');
  };

  test('without a checkpoint it says so and offers to choose one', async () => {
    await editor().openContainer('ViTune');
    await editor().row('sorter').first().waitFor();
    await prelabel();
    const offer = editor().notification('Choose a Checkpoint').first();
    await offer.waitFor();
    await editor().screenshot('pre-label without a checkpoint');
    await offer.getByRole('button', { name: 'Choose a Checkpoint' }).click();
    await editor().quickInput.locator('.monaco-list-row').first().waitFor();
    await editor().page.keyboard.press('Enter');
    await editor().dismissNotifications();
  });

  test('what it is sure of is moved as one change; a taken name gets a number; undo and redo', async () => {
    const images = loose();
    const before = new Map(images.map((name) => [name, readFileSync(join(fresh, name))]));
    await prelabel();
    const shown = await grid('By the checkpoint of “sorter”');
    const from = shown.getByRole('textbox', { name: 'From' });
    await from.fill('40');
    await from.blur();
    const button = shown.getByRole('button', { name: /^Accept \d+ Suggestions/ });
    await button.waitFor();
    await editor().screenshot('pre-labelled');
    const offered = Number(/\d+/.exec((await button.textContent())!)![0]);
    assert.ok(offered > images.length / 2, `${offered} of ${images.length} are suggested`);
    await button.click();
    const question = editor().page.locator('.monaco-dialog-box');
    await question.getByRole('button', { name: 'Move', exact: true }).click();
    await editor().waitForNotification('in their suggested classes');
    assert.deepEqual([loose().length, sorted()], [images.length - offered, 1 + offered]);
    const right = classes.flatMap((label) => filesIn(label).map((name) => name.startsWith(`${label}-`)));
    assert.ok(right.filter(Boolean).length > 0.8 * right.length);
    assert.deepEqual(
      readFileSync(join(fresh, 'flags', 'flags-1.png')),
      before.get('flags-0.png'),
      'nothing takes the place of what is there',
    );
    await editor().dismissNotifications();
    await shown.locator('.grid').focus();
    await editor().page.keyboard.press('Control+z');
    await editor().waitForNotification('Undone');
    assert.deepEqual([loose(), sorted()], [images, 1]);
    for (const [name, bytes] of before) assert.deepEqual(readFileSync(join(fresh, name)), bytes);
    await editor().dismissNotifications();
    await shown.locator('.grid').focus();
    await editor().page.keyboard.press('Control+Shift+z');
    await editor().waitForNotification('Done again');
    assert.equal(loose().length, images.length - offered);
  });
});
