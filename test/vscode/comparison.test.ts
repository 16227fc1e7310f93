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
