/**
 * A comparison of methods outlives its window: after a reload in its middle, its page comes back, and it continues from
 * there.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Frame } from 'playwright-core';
import type { Comparison, RecordedEvent } from '../../src/trainer/protocol.js';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('a comparison in a window that is reloaded', () => {
  const workspace = makeWorkspace();
  const folder = join(workspace, 'vitune', 'runs', 'compare-emoji');
  const read = () => JSON.parse(readFileSync(join(folder, 'compare.json'), 'utf8')) as Comparison;
  const events = () => {
    const file = join(folder, 'lora', 'events.jsonl');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    return lines.map((line) => JSON.parse(line) as RecordedEvent);
  };
  const started = () => events().flatMap((event) => (event.type === 'started' ? [event] : []));
  const stepsSince = (seq: number) => events().filter((event) => event.type === 'step' && event.seq > seq).length;
  const button = (page: Frame, label: string) => page.getByText(label, { exact: true }).locator('visible=true').first();
  const editor = useEditor(() => {
    // As `vitune compare` leaves it in its first moment, with so many epochs that no machine is through before the
    // tests are.
    const begun: Comparison = {
      format: 1,
      dataset: join(workspace, 'emoji'),
      settings: ['epochs=50000', 'device=cpu'],
      methods: ['pretrained', 'lora'],
      rows: [],
    };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'compare.json'), JSON.stringify(begun));
    return { workspace };
  });

  test('continues from its page', async () => {
    await editor().openContainer('ViTune');
    await editor().row('Methods on emoji').click();
    const page = await editor().webview('comparison');
    await button(page, 'Continue').click();
    await until('the second method to train', () => stepsSince(-1) > 3);
    await button(page, 'Stop').waitFor();
    assert.deepEqual(
      read().rows.map(({ method, error }) => ({ method, error })),
      [{ method: 'pretrained', error: undefined }],
    );
    await editor().screenshot('comparison before the reload');
  });

  test('is stopped with a checkpoint when its window closes; the page of the next one shows what is left', async () => {
    const { pid } = JSON.parse(readFileSync(join(folder, 'lora', 'lock.json'), 'utf8')) as { pid: number };
    await editor().reload('vitune.comparison');
    const page = await editor().webview('comparison');
    await page.getByText('Methods compared on emoji').waitFor();
    await button(page, 'Continue').waitFor();
    await until('the trainer to have stopped', () => !existsSync(join(folder, 'lora', 'lock.json')));
    assert.equal(events().at(-1)?.type, 'stopped');
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'no process is left behind');
    assert.equal(await page.locator('[data-state="done"]').count(), 1);
    await editor().screenshot('comparison reloaded');
  });

  test('continues from that checkpoint, and leaves alone what is done', async () => {
    const [done] = read().rows;
    const { seq, ...last } = events().at(-1)!;
    const page = await editor().webview('comparison');
    await button(page, 'Continue').click();
    await until('further steps', () => stepsSince(seq) > 3);
    assert.ok(last.type === 'stopped' && started().length === 2);
    assert.equal(started()[1]!.resumedFrom, last.step);
    await button(page, 'Stop').click();
    await button(page, 'Continue').waitFor();
    assert.deepEqual(read().rows, [done]);
  });
});

describe('a comparison that is done', () => {
  const workspace = makeWorkspace();
  const folder = join(workspace, 'vitune', 'runs', 'compare-emoji');
  const read = () => JSON.parse(readFileSync(join(folder, 'compare.json'), 'utf8')) as Comparison;
  const editor = useEditor(() => {
    const begun: Comparison = {
      format: 1,
      dataset: join(workspace, 'emoji'),
      settings: ['epochs=2', 'device=cpu'],
      methods: ['pretrained', 'head'],
      rows: [],
    };
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'compare.json'), JSON.stringify(begun));
    return { workspace };
  });
  const button = (page: Frame, label: string) => page.getByText(label, { exact: true }).locator('visible=true').first();
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

  test('says each accuracy with its interval, and whether the difference could be chance', async () => {
    await editor().openContainer('ViTune');
    await editor().row('Methods on emoji').click();
    const page = await editor().webview('comparison');
    await button(page, 'Continue').click();
    await button(page, 'Repeat with 3 Seeds').waitFor();
    const { rows } = read();
    for (const { accuracy, interval } of rows) {
      const [low, high] = interval!;
      const cell = page.locator('td').filter({ hasText: `95 %: ${percent(low)} to ${percent(high)}` });
      await cell
        .filter({ hasText: percent(accuracy!) })
        .first()
        .waitFor();
    }
    const compared = rows.find(({ paired }) => paired)!;
    const { difference, images } = compared.paired!;
    assert.equal(images, 60);
    const line = page.locator('.paired li');
    const words = difference === 0 ? /As accurate as/ : /points worse than .*; (could be|more than) chance/;
    assert.match((await line.textContent())!, words);
    await editor().screenshot('comparison in words');
  });

  test('is repeated with three seeds, and shows the spread', async () => {
    const page = await editor().webview('comparison');
    await button(page, 'Repeat with 3 Seeds').click();
    await until('three seeds of both methods', () => read().rows.every(({ seeds }) => seeds?.length === 3));
    const { rows } = read();
    for (const { seeds, accuracy } of rows) {
      const all = seeds!.map((each) => each.accuracy);
      assert.deepEqual(
        seeds!.map(({ seed }) => seed),
        [42, 43, 44],
      );
      assert.ok(Math.abs(accuracy! - all.reduce((a, b) => a + b) / 3) < 1e-9, 'the mean of the seeds');
      const spread = `3 seeds: ${percent(Math.min(...all))} to ${percent(Math.max(...all))}`;
      await page
        .locator('td')
        .filter({ hasText: percent(accuracy!) })
        .filter({ hasText: spread })
        .first()
        .waitFor();
    }
    await page.getByText('figures are means over the seeds').waitFor();
    assert.equal(await page.getByText('Repeat with 3 Seeds').locator('visible=true').count(), 0);
    await editor().screenshot('comparison of seeds');
  });
});
