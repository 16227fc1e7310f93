/** The extension host is killed while many images move, in a real editor; then moves between devices. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const many = 600;
const shm = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev;
const other = shm ? mkdtempSync('/dev/shm/vitune-') : undefined;
after(() => other && rmSync(other, { recursive: true, force: true }));

/** The extension hosts of the editor that has this folder among its arguments. */
function extensionHosts(): { pid: number; parent: number }[] {
  return execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--type=extensionHost'))
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([pid, parent]) => ({ pid: pid!, parent: parent! }));
}

describe('a change that is interrupted', { skip: process.platform === 'win32' && 'there is no ps' }, () => {
  const workspace = makeWorkspace();
  const emoji = join(workspace, 'emoji');
  const before = new Set(extensionHosts().map(({ pid }) => pid));
  const editor = useEditor(() => {
    const faces = join(emoji, 'train', 'faces');
    const [first] = readdirSync(faces);
    for (let i = 0; i < many; i++) cpSync(join(faces, first!), join(faces, `copy ${i}.png`));
    if (other) {
      cpSync(join(emoji, 'train', 'flags'), join(other, 'flags'), { recursive: true });
      rmSync(join(emoji, 'train', 'flags'), { recursive: true });
      symlinkSync(join(other, 'flags'), join(emoji, 'train', 'flags'));
    }
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 900 } };
  });
  const filesIn = (label: string) => readdirSync(join(emoji, 'train', label)).length;
  const press = (keys: string) => editor().page.keyboard.press(keys);

  async function openFaces(): Promise<Frame> {
    await editor().openContainer('ViTune');
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' }).first();
    // A tree that is still filled hands a menu's entry no node.
    await until('emoji to be inspected', async () => /classes(?!.*checked)/.test((await dataset.textContent()) ?? ''));
    if ((await dataset.getAttribute('aria-expanded')) !== 'true') await dataset.locator('.monaco-tl-twistie').click();
    const training = editor().row('Training').first();
    await training.waitFor();
    if ((await training.getAttribute('aria-expanded')) !== 'true') await training.locator('.monaco-tl-twistie').click();
    await editor().chooseFromMenu(editor().row('faces').first(), 'Show Images');
    const frame = await editor().webview('imageGrid');
    await frame.locator('.tile:visible').first().waitFor();
    return frame;
  }

  test('an image moves to a class on another device and back, whole', { skip: !other && 'one device' }, async () => {
    const shown = await openFaces();
    const [faces, flags] = [filesIn('faces'), filesIn('flags')];
    await shown.locator('.tile:visible').first().click();
    const name = (await shown.locator('.tile:visible .name').first().textContent())!;
    const bytes = readFileSync(join(emoji, 'train', 'faces', name));
    await shown.getByRole('button', { name: 'Move to Class…', exact: true }).click();
    await editor().pick('flags');
    await editor().waitForNotification('now in the class “flags”');
    assert.deepEqual([filesIn('faces'), filesIn('flags')], [faces - 1, flags + 1]);
    assert.deepEqual(readFileSync(join(other!, 'flags', name)), bytes);
    await editor().dismissNotifications();
    await shown.locator('.grid').focus();
    await press('Control+z');
    await editor().waitForNotification('Undone');
    assert.deepEqual([filesIn('faces'), filesIn('flags')], [faces, flags]);
    assert.deepEqual(readFileSync(join(emoji, 'train', 'faces', name)), bytes);
    await editor().dismissNotifications();
    await editor().command('View: Close All Editors');
  });

  test('the host dies while images move: none is lost, and the next host says what was done and undoes it', async () => {
    const shown = await openFaces();
    const [faces, food] = [filesIn('faces'), filesIn('food')];
    await shown.locator('.tile:visible').first().click();
    await press('Control+a');
    // One image stays: a class without training images is no class.
    await shown
      .locator('.tile:visible')
      .first()
      .click({ modifiers: ['Control'] });
    await shown.getByRole('button', { name: 'Move to Class…', exact: true }).click();
    await editor().pick('food');
    await until('some images to be moved', () => filesIn('food') > food + 20);
    for (const { pid } of extensionHosts()) if (!before.has(pid)) process.kill(pid, 'SIGKILL');
    // What the window itself is still asked for it does.
    let last = -1;
    await until('the moves to end', async () => {
      const now = filesIn('food');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const isOver = now === last;
      last = now;
      return isOver;
    });
    const moved = filesIn('food') - food;
    assert.equal(filesIn('faces') + filesIn('food'), faces + food);
    assert.ok(moved > 20 && moved < faces - 1, `${moved} of ${faces - 1} were moved`);
    await editor().screenshot('the host has died');
    await editor().page.reload();
    await editor().ready();
    await editor().openContainer('ViTune');
    await editor().waitForNotification('The window ended in the middle of a change of images');
    await editor().screenshot('an interrupted change');
    const item = editor().notification('in the middle of a change').first();
    await item.getByText(`${moved} of ${faces - 1} are done`).waitFor();
    await item.getByRole('button', { name: 'Undo' }).click();
    await editor().waitForNotification('Undone');
    assert.deepEqual([filesIn('faces'), filesIn('food')], [faces, food]);
    await editor().dismissNotifications();
    // Redone, it moves what had been moved, and nothing is said of it any more.
    await editor().command('ViTune: Redo Image Change');
    await editor().waitForNotification('Done again');
    assert.deepEqual([filesIn('faces'), filesIn('food')], [faces - moved, food + moved]);
  });
});
