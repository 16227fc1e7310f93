/** A run whose files are damaged is shown as damaged, and the others are shown next to it as before. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('a workspace with damaged runs', () => {
  const workspace = makeWorkspace();
  const runs = join(workspace, 'vitune', 'runs');

  /** A run that was stopped after 4 of 8 steps; `files` replace its own. */
  function writeRun(name: string, createdAt: number, files: Record<string, string> = {}): void {
    const run = join(runs, name);
    const events = [
      {
        type: 'started',
        run,
        name,
        device: 'cpu',
        model: 'embedded',
        method: 'lora',
        labels: ['a', 'b'],
        images: { train: 8, validation: 2, test: 0 },
        skipped: 0,
        epochs: 1,
        steps: 8,
        trainableParameters: 10,
        totalParameters: 100,
      },
      // A later version may know more events.
      { type: 'invented later', anything: [1, 2] },
      { type: 'stopped', run, step: 4 },
    ].map((event, seq) => JSON.stringify({ ...event, seq, time: createdAt + seq }));
    const own = {
      'run.json': JSON.stringify({ name, config: join(workspace, 'vitune', `${name}.vitune.json`), createdAt }),
      'events.jsonl': `${events.join('\n')}\n`,
    };
    mkdirSync(run, { recursive: true });
    for (const [file, text] of Object.entries({ ...own, ...files })) writeFileSync(join(run, file), text);
  }

  const editor = useEditor(() => {
    writeRun('first-good', 1000);
    writeRun('torn', 2000, { 'run.json': '{"name":"torn","conf' });
    writeRun('odd', 3000, { 'events.jsonl': '{"type":"stopped","run":7,"step":"four","seq":0,"time":1}\n' });
    writeRun('last-good', 4000);
    mkdirSync(join(runs, 'folder', 'run.json'), { recursive: true });
    mkdirSync(join(runs, 'compare-torn'), { recursive: true });
    writeFileSync(join(runs, 'compare-torn', 'compare.json'), '{"format":1');
    return { workspace };
  });

  test('shows which are damaged, and all the others', async () => {
    await editor().openContainer('ViTune');
    for (const name of ['torn', 'odd']) await editor().row(name).filter({ hasText: 'damaged' }).first().waitFor();
    for (const name of ['first-good', 'last-good'])
      await editor().row(name).filter({ hasText: 'stopped at 50%' }).waitFor();
    await editor().row('Methods on compare-torn').filter({ hasText: 'damaged' }).waitFor();
    await editor().screenshot('damaged runs');
  });

  test('a damaged file that is put right makes it a run again', async () => {
    writeRun('torn', 2000);
    await editor().row('torn').filter({ hasText: 'stopped at 50%' }).first().waitFor();
  });
});
