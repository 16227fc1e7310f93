/** A run that goes on from the best checkpoint, and the page of two runs with several tasks, in a real editor. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

describe('training again from the best checkpoint', () => {
  const workspace = makeWorkspace();
  const folder = join(workspace, 'tasks');
  const editor = useEditor(() => {
    // Two columns: what an image shows, and in whose style it is drawn; both are in its name.
    mkdirSync(folder);
    const rows = ['image,kind,artist'];
    for (const label of ['faces', 'flags'])
      for (const name of readdirSync(join(workspace, 'emoji', 'train', label))) {
        cpSync(join(workspace, 'emoji', 'train', label, name), join(folder, `${label} ${name}`));
        rows.push(`${label} ${name},${label},${/noto/.test(name) ? 'noto' : 'other'}`);
      }
    writeFileSync(join(folder, 'labels.csv'), `${rows.join('\n')}\n`);
    const dataset = { folder: 'tasks', columns: ['kind', 'artist'] };
    trainIn(workspace, 'several', { dataset, init: 'pretrained', method: 'head', learningRate: 1e-2, epochs: 1 });
    mkdirSync(join(workspace, '.vscode'));
    return { workspace, settings: { 'explorer.autoReveal': false }, size: { width: 1280, height: 1100 } };
  });

  test('it starts where the earlier run was best, and says so', async () => {
    await editor().openContainer('ViTune');
    const row = editor().row('several').first();
    await row.waitFor();
    await editor().chooseFromMenu(row, 'Train Again…');
    await editor().pick('From the Best Checkpoint');
    await editor().waitForNotification(/is trained/);
    await editor().row('several-2').first().waitFor();
    const info = readFileSync(join(workspace, 'runs', 'several-2', 'run.json'), 'utf8');
    const { again } = JSON.parse(info) as { again?: { run: string; from: string } };
    assert.deepEqual(again, { run: join(workspace, 'runs', 'several'), from: 'best' });
    // What was learned is there: the first evaluation is no worse than chance of a fresh head would be.
    const accuracyOf = (run: string) =>
      readFileSync(join(workspace, 'runs', run, 'events.jsonl'), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as { type: string; loss?: number; split?: string })
        .filter(({ type }) => type === 'evaluation')
        .map(({ loss }) => loss!);
    const [was, is] = [accuracyOf('several'), accuracyOf('several-2')];
    assert.ok(is.at(-1)! < was[0]!, JSON.stringify({ was, is }));
  });

  test('two runs with several tasks are compared, each task with its classes', async () => {
    await editor()
      .notification(/is trained/)
      .getByText('Compare with “several”')
      .first()
      .click();
    const page = await editor().webview('report');
    await page.getByText('the best checkpoint of several').waitFor();
    await editor().dismissNotifications();
    await editor().screenshot('two runs with several tasks');
    const text = (await page.locator('body').textContent())!;
    for (const word of ['kind', 'artist']) assert.ok(text.includes(word), `${word} in ${text}`);
  });
});
