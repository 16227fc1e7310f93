/** Changes of images that are selected in a grid, in a real editor: on disk, in the grid, in the tree, and undone. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('changes of images', () => {
  const workspace = makeWorkspace();
  const emoji = join(workspace, 'emoji');
  const listed = join(workspace, 'listed');
  const file = join(listed, 'labels.csv');
  const editor = useEditor(() => {
    trainIn(workspace, 'first', { epochs: 1 });
    // A dataset with a label file: difficult to keep as it is.
    mkdirSync(listed);
    const names = ['a.png', 'b.png', 'c.png', 'd.png', 'e.png', 'f.png'];
    const faces = readdirSync(join(emoji, 'train', 'faces'));
    names.forEach((name, i) =>
      writeFileSync(join(listed, name), readFileSync(join(emoji, 'train', 'faces', faces[i]!))),
    );
    const rows = names.map((name, i) => `${name};"${i < 3 ? 'cat' : 'dog'}";x`);
    writeFileSync(file, Buffer.from(`\uFEFFsep=;\r\nimage;label;note\r\n${rows.join('\r\n')}`, 'utf16le'));
    mkdirSync(join(workspace, '.vscode'));
    const settings = { 'vitune.datasets': ['listed', 'emoji'] };
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify(settings));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1000 } };
  });
  const filesIn = (...path: string[]) => readdirSync(join(emoji, ...path)).length;
  const countOf = (label: string, images: number) =>
    editor()
      .row(label)
      .filter({ hasText: String(images) })
      .first()
      .waitFor();

  async function grid(counts: RegExp): Promise<Frame> {
    const frame = await editor().webview('imageGrid');
    await frame.locator('.counts').filter({ hasText: counts }).waitFor();
    return frame;
  }
  const act = (frame: Frame, label: string) => frame.getByRole('button', { name: label, exact: true }).click();
  const press = (keys: string) => editor().page.keyboard.press(keys);

  /** Selects the first images that the grid shows. */
  async function select(frame: Frame, images: number): Promise<void> {
    await frame.locator('.tile:visible').first().click();
    for (let i = 1; i < images; i++) await press('Shift+ArrowRight');
    await frame
      .locator('.counts')
      .filter({ hasText: `${images} selected` })
      .waitFor();
  }

  test('folders: two images go to another class, and back, and there again', async () => {
    await editor().openContainer('ViTune');
    // A tree that is still filled hands a menu's entry no node.
    for (const name of ['listed', 'emoji'])
      await until(`${name} to be inspected`, async () =>
        /classes(?!.*checked)/.test((await editor().row(name).first().textContent()) ?? ''),
      );
    await editor().row('emoji').filter({ hasText: '3 classes' }).locator('.monaco-tl-twistie').click();
    await editor().row('Training').locator('.monaco-tl-twistie').click();
    const [faces, flags] = [filesIn('train', 'faces'), filesIn('train', 'flags')];
    await countOf('faces', faces);
    await editor().chooseFromMenu(editor().row('faces').first(), 'Show Images');
    const shown = await grid(/^\d+ of \d+ images$/);
    await select(shown, 2);
    await editor().screenshot('grid with actions');
    await act(shown, 'Move to Class…');
    await editor().pick('flags');
    await editor().waitForNotification('2 images are now in the class “flags”');
    assert.deepEqual([filesIn('train', 'faces'), filesIn('train', 'flags')], [faces - 2, flags + 2]);
    await countOf('faces', faces - 2);
    await countOf('flags', flags + 2);
    // The grid shows faces: the two are no longer among them, and nothing is selected.
    const total = new RegExp(`^${faces - 2} of \\d+ images$`);
    await grid(total);
    await editor().dismissNotifications();
    await shown.locator('.grid').focus();
    await press('Control+z');
    await editor().waitForNotification('Undone');
    assert.deepEqual([filesIn('train', 'faces'), filesIn('train', 'flags')], [faces, flags]);
    await grid(new RegExp(`^${faces} of`));
    await countOf('faces', faces);
    await press('Control+Shift+z');
    await editor().waitForNotification('Done again');
    assert.deepEqual([filesIn('train', 'faces'), filesIn('train', 'flags')], [faces - 2, flags + 2]);
    await grid(total);
    await editor().command('ViTune: Undo Image Change');
    await grid(new RegExp(`^${faces} of`));
    assert.deepEqual([filesIn('train', 'faces'), filesIn('train', 'flags')], [faces, flags]);
    await editor().dismissNotifications();
  });

  test('excluded and deleted images leave the grid and the counts; undo brings both back', async () => {
    const faces = filesIn('train', 'faces');
    const shown = await grid(new RegExp(`^${faces} of`));
    await select(shown, 1);
    await act(shown, 'Exclude');
    await grid(new RegExp(`^${faces - 1} of`));
    const [, name] = /^train\/faces\/(.+)\n$/.exec(readFileSync(join(emoji, 'vitune-exclude.txt'), 'utf8'))!;
    assert.ok(existsSync(join(emoji, 'train', 'faces', name!)));
    await select(shown, 2);
    await press('Delete');
    const question = editor().page.locator('.monaco-dialog-box');
    // Only where the window's machine has no trash.
    await Promise.race([
      question.getByRole('button', { name: 'Delete for Good' }).click(),
      grid(new RegExp(`^${faces - 3} of`)),
    ]);
    await grid(new RegExp(`^${faces - 3} of`));
    assert.equal(filesIn('train', 'faces'), faces - 2);
    await countOf('faces', faces - 3);
    await shown.locator('.grid').focus();
    await press('Control+z');
    await grid(new RegExp(`^${faces - 1} of`));
    assert.equal(filesIn('train', 'faces'), faces);
    await press('Control+z');
    await grid(new RegExp(`^${faces} of`));
    assert.equal(readFileSync(join(emoji, 'vitune-exclude.txt'), 'utf8'), '');
    await editor().dismissNotifications();
  });

  test('an image that another window moved is said to be gone; the grid then shows what is there', async () => {
    const faces = filesIn('train', 'faces');
    const shown = await grid(new RegExp(`^${faces} of`));
    const first = (await shown.locator('.tile:visible .name').first().textContent())!;
    renameSync(join(emoji, 'train', 'faces', first), join(emoji, 'train', 'food', first));
    // Whichever is faster: the watcher takes it out of the grid, or the action says that it is gone.
    await grid(new RegExp(`^${faces - 1} of`));
    renameSync(join(emoji, 'train', 'food', first), join(emoji, 'train', 'faces', first));
    await grid(new RegExp(`^${faces} of`));
    await editor().command('View: Close All Editors');
  });

  test('a label file: one cell changes, and every other byte stays', async () => {
    const before = readFileSync(file);
    const dataset = editor().row('listed').filter({ hasText: '2 classes' });
    await editor().chooseFromMenu(dataset, 'Show Images');
    const shown = await grid(/^6 images$/);
    await shown.locator('.tile:visible').filter({ hasText: 'b.png' }).click();
    await act(shown, 'New Class…');
    await editor().answer('red; panda', 'Name of the new class');
    await shown.locator('.tile:visible .verdict').filter({ hasText: 'red; panda' }).waitFor();
    const changed = before.toString('utf16le').replace('b.png;"cat"', 'b.png;"red; panda"');
    assert.equal(readFileSync(file, 'utf16le'), changed);
    await editor().row('listed').filter({ hasText: '3 classes' }).first().waitFor();
    await shown.locator('.grid').focus();
    await press('Control+z');
    await shown
      .locator('.tile:visible .verdict')
      .filter({ hasText: 'red; panda' })
      .first()
      .waitFor({ state: 'detached' });
    assert.deepEqual(readFileSync(file), before);
    await press('Control+Shift+z');
    await until('the label again', () => readFileSync(file, 'utf16le') === changed);
    await editor().waitForNotification('Done again');
    // Somebody corrects the row by hand: the undo leaves it and says so.
    const byHand = Buffer.from(changed.replace('red; panda', 'fox'), 'utf16le');
    writeFileSync(file, byHand);
    await shown.locator('.grid').focus();
    await press('Control+z');
    await editor().waitForNotification('was changed in the meantime');
    assert.deepEqual(readFileSync(file), byHand);
    await editor().dismissNotifications();
    await editor().command('View: Close All Editors');
  });

  test('a class is renamed from the tree after the effect on checkpoints was said', async () => {
    const food = filesIn('train', 'food');
    await editor().chooseFromMenu(editor().row('food').first(), 'Rename Class…');
    await editor().answer('meals', 'New name of the class');
    const question = editor().page.locator('.monaco-dialog-box');
    await question.getByText('The run “first” was trained with “food”').waitFor();
    await editor().screenshot('rename a class');
    await question.getByRole('button', { name: 'Rename' }).click();
    await countOf('meals', food);
    assert.deepEqual([existsSync(join(emoji, 'train', 'food')), filesIn('validation', 'meals') > 0], [false, true]);
    await editor().command('ViTune: Undo Image Change');
    await countOf('food', food);
    assert.ok(!existsSync(join(emoji, 'train', 'meals')));
  });
});
