/** Datasets as the workspace lists them: in its settings, which are watched, as their folders are. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import sharp from 'sharp';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('datasets of a workspace', () => {
  const workspace = makeWorkspace();
  const settingsFile = join(workspace, '.vscode', 'settings.json');
  const listed = () =>
    (JSON.parse(readFileSync(settingsFile, 'utf8')) as Record<string, unknown>)['vitune.datasets'] as string[];
  const list = (datasets: string[]) => writeFileSync(settingsFile, JSON.stringify({ 'vitune.datasets': datasets }));
  const take = (label: string, into: string) =>
    cpSync(join(workspace, 'emoji', 'train', label), join(workspace, into), { recursive: true });
  const editor = useEditor(() => {
    // The usual words for splits, in any case.
    for (const label of ['faces', 'flags']) {
      take(label, `words/Training/${label}`);
      take(label, `words/Testing/${label}`);
    }
    // A label file says which class an image has.
    take('faces', 'labelled/batch 1');
    take('flags', 'labelled/batch 2');
    const rows = ['batch 1', 'batch 2'].flatMap((batch, i) =>
      readdirSync(join(workspace, 'labelled', batch)).map((name) => `${batch}/${name},${['smile', 'flag'][i]!}`),
    );
    writeFileSync(join(workspace, 'labelled', 'labels.csv'), ['image,label', ...rows, ''].join('\n'));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1300 } };
  });
  const dataset = (name: string, words: string | RegExp) => editor().row(name).filter({ hasText: words });

  test('a dataset that is added is in the settings, by a path that can be committed', async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    await dataset('emoji', '288 images · 3 classes').waitFor();
    assert.deepEqual(listed(), ['emoji']);
  });

  test('settings changed by hand change the list', async () => {
    list(['emoji', 'words', 'labelled', 'not there', '${workspaceFolder:not open}/pets']);
    await dataset('words', '2 classes').waitFor();
    await dataset('labelled', '2 classes').waitFor();
    await dataset('not there', 'This folder is not there any more.').waitFor();
  });

  test('splits are shown by the folders that they lie in, and classes of a label file by their names', async () => {
    await editor().row('words').click();
    for (const title of ['Training and Validation', 'Test']) await editor().row(title).first().waitFor();
    await editor().row('Training and Validation').click();
    await editor().row('faces').first().click();
    await editor().page.locator('.monaco-list-row[role="treeitem"]').filter({ hasText: '.noto.png' }).first().waitFor();
    await editor().row('words').last().click();
    await editor().row('labelled').last().click();
    for (const label of ['flag', 'smile']) await editor().row(label).waitFor();
    await editor().screenshot('datasets of all layouts');
  });

  test('a class that comes or goes on disk is seen', async () => {
    take('food', 'words/Training/food');
    await dataset('words', '3 classes').waitFor();
    rmSync(join(workspace, 'words', 'Training', 'food'), { recursive: true });
    await dataset('words', '2 classes').waitFor();
  });

  test('a dataset that is removed leaves the settings, and undo puts it back', async () => {
    await editor().chooseFromMenu(dataset('words', '2 classes'), 'Remove from List');
    await until('the settings without it', () => !listed().includes('words'));
    await editor().notification('was removed from the list').getByText('Undo').first().click();
    await until('the settings with it', () => listed().includes('words'));
    // A folder that is not open in this window is listed by somebody else.
    assert.ok(listed().includes('${workspaceFolder:not open}/pets'));
    await dataset('words', '2 classes').waitFor();
  });

  test('settings that cannot be written are said to be so, and nothing is lost', async () => {
    const before = listed();
    writeFileSync(settingsFile, `${JSON.stringify({ 'vitune.datasets': before }).slice(0, -1)},`);
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('new images'), 'Add Dataset…');
    await editor().notification('could not be written').first().waitFor();
    list(before);
    await editor().dismissNotifications();
  });

  test('a TIFF, which a browser cannot draw, is seen in the image editor', async () => {
    await sharp({ create: { width: 60, height: 40, channels: 3, background: '#c03020' } })
      .tiff()
      .toFile(join(workspace, 'new images', 'drawn.tif'));
    await editor().openContainer('Explorer');
    await editor().row('new images').first().click();
    await editor().chooseFromMenu(editor().row('drawn.tif'), 'Open with Predictions');
    const frame = await editor().webview('imageEditor');
    await until('the image', () =>
      frame
        .locator('img')
        .first()
        .evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth === 60),
    );
  });

  test('New Config File writes a file with the extension once', async () => {
    await editor().command('ViTune: New Config File');
    await editor().answer(join(workspace, 'plan.vitune.json'), 'New config file');
    await editor().tab('plan.vitune.json').waitFor();
    assert.ok(existsSync(join(workspace, 'plan.vitune.json')));
    assert.deepEqual(
      readdirSync(workspace).filter((name) => name.endsWith('.json')),
      ['plan.vitune.json'],
    );
  });
});

describe('the inspection of a large dataset', () => {
  const workspace = makeWorkspace();
  const big = join(workspace, 'big');
  const editor = useEditor(async () => {
    // The same file under many names: small on disk, but each takes a while to decode.
    for (const label of ['a', 'b']) mkdirSync(join(big, label), { recursive: true });
    const image = join(big, 'a', '0.png');
    await sharp({ create: { width: 4000, height: 3000, channels: 3, background: '#c03020' } })
      .png()
      .toFile(image);
    for (let index = 1; index < 5100; index++) linkSync(image, join(big, index % 2 ? 'b' : 'a', `${index}.png`));
    return { workspace, settings: { 'explorer.autoReveal': false } };
  });
  const dataset = (words: string | RegExp) => editor().row('big').filter({ hasText: words });
  const processes = () => {
    const { stdout } = spawnSync('ps', ['-A', '-ww', '-o', 'args='], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line.includes(` inspect ${big} `)).length;
  };

  test('is cancelled in its notification, and what was read until then is kept', async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('big'), 'Add Dataset…');
    await dataset(/5,100 images · 2 classes · [\d,]+ of 5,100 images checked/).waitFor();
    assert.equal(processes(), 1);
    const notification = editor().notification('Checking the images of “big”').first();
    await editor().screenshot('inspection of a large dataset');
    await notification.hover();
    await notification.getByText('Cancel', { exact: true }).click();
    await dataset(/check stopped after [\d,]+ of 5,100 images/).waitFor();
    await until('the process to end', () => processes() === 0);
  });

  test('another dataset that waits for it shows its classes at once', async () => {
    await editor().page.locator('.pane-header').filter({ hasText: 'Datasets' }).hover();
    await editor().page.locator('.pane-header [aria-label="Refresh Datasets"]').click();
    await dataset('images checked…').waitFor();
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    const waiting = editor()
      .row('emoji')
      .filter({ hasText: /3 classes · 0 of \d+ images checked/ });
    await waiting.waitFor();
    assert.equal(await dataset('images checked…').count(), 1);
    await editor().chooseFromMenu(waiting, 'Remove from List');
    await editor().notification('was removed from the list').first().waitFor();
    await editor().dismissNotifications();
  });

  test('ends with the removal of the dataset', async () => {
    await dataset('images checked…').waitFor();
    assert.equal(processes(), 1);
    await editor().chooseFromMenu(dataset('images checked…'), 'Remove from List');
    await editor().notification('was removed from the list').first().waitFor();
    await until('the process to end', () => processes() === 0);
    await editor().page.getByText('A dataset is a folder of images').waitFor();
    assert.equal(await dataset('classes').count(), 0);
  });
});

describe('Restricted Mode', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => {
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['/'] }));
    const run = join(workspace, 'runs', 'earlier');
    mkdirSync(run, { recursive: true });
    writeFileSync(
      join(run, 'run.json'),
      JSON.stringify({ name: 'earlier', config: join(workspace, 'earlier.vitune.json'), createdAt: 1 }),
    );
    writeFileSync(join(run, 'events.jsonl'), `${JSON.stringify({ type: 'stopped', run, step: 4, seq: 0, time: 1 })}\n`);
    return { workspace, isRestricted: true, theme: 'light' };
  });

  test('runs are seen, datasets of the settings are not read, and the view says why', async () => {
    await editor().openContainer('ViTune');
    await editor().row('earlier').waitFor();
    await editor().page.getByText('In Restricted Mode ViTune starts no process').first().waitFor();
    assert.equal(await editor().page.locator('.pane-header').filter({ hasText: 'Train' }).count(), 0);
    await editor().screenshot('restricted');
  });

  test('an image is shown, and trusting the workspace is named as the remedy', async () => {
    await editor().openContainer('Explorer');
    await editor().row('new images').click();
    await editor().chooseFromMenu(editor().row('faces.png'), 'Open with Predictions');
    const frame = await editor().webview('imageEditor');
    await until('the image', () =>
      frame
        .locator('img')
        .first()
        .evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0),
    );
    await frame.getByText('Trust this workspace').waitFor();
    await editor().screenshot('restricted image');
  });
});
