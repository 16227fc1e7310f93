/**
 * Measures how long a dataset of many images takes to be added in a real editor: until its classes are shown, until all
 * are counted, and until its removal has ended the check of its files. `node --import tsx test/vscode/measureAdding.ts
 * [images]`.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEditor } from './harness/startEditor.js';
import { makeLargeDataset } from './largeDataset.js';

const images = Number(process.argv[2] ?? 100_000);
const parent = realpathSync(mkdtempSync(join(tmpdir(), 'vitune-adding-')));
const workspace = join(parent, 'workspace');
mkdirSync(workspace);
console.log(`making ${images} files…`);
await makeLargeDataset(join(workspace, 'few'), 1000);
await makeLargeDataset(join(workspace, 'many'), images);
const editor = await startEditor({ workspace });
try {
  await editor.openContainer('Explorer');
  for (const name of ['few', 'many']) {
    await editor.openContainer('Explorer');
    await editor.page.evaluate(`addEventListener('mouseup', () => { window.clicked = Date.now(); }, true)`);
    await editor.chooseFromMenu(editor.row(name).first(), 'Add Dataset…');
    const clicked = await editor.page.evaluate<number>('window.clicked');
    const seconds = (): string => ((Date.now() - clicked) / 1000).toFixed(2);
    await editor.row(name).filter({ hasText: 'classes' }).waitFor();
    const classes = seconds();
    await editor
      .row(name)
      .filter({ hasText: /\d images/ })
      .waitFor({ timeout: 600_000 });
    console.log(
      `${name}: classes after ${classes} s, images counted after ${seconds()} s; load ${loadavg()[0]!.toFixed(1)}`,
    );
  }
} finally {
  await editor.close();
  rmSync(parent, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
