/** Folders for the editor's tests: a few classes of the sample dataset, and images that no training saw. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSample, sample } from '../../scripts/sample.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const classes = ['faces', 'flags', 'food'];

/**
 * A folder with `emoji/{train,validation}/class` and `new images/`; removed when the tests end. Its name is a difficult
 * one.
 */
export function makeWorkspace(): string {
  makeSample();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "vitune's çalışma ")));
  for (const split of ['train', 'validation']) {
    for (const label of classes)
      cpSync(join(sample.folder, 'emoji', split, label), join(folder, 'emoji', split, label), { recursive: true });
  }
  mkdirSync(join(folder, 'new images'));
  for (const label of classes) {
    const [first] = readdirSync(join(sample.heldOut, label));
    cpSync(join(sample.heldOut, label, first!), join(folder, 'new images', `${label}.png`));
  }
  writeFileSync(join(folder, 'new images', 'no image.png'), 'This is no image.');
  // Not after the suite: its editor, and trainers that it started, are still at work there.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }));
  return folder;
}

/** Trains in a folder of `makeWorkspace` as the command line does; the run is `runs/<name>`. */
export function trainIn(workspace: string, name: string, config: object = {}): void {
  const file = join(workspace, `${name}.vitune.json`);
  writeFileSync(
    file,
    JSON.stringify(
      { dataset: 'emoji', init: 'random', method: 'full', learningRate: 1e-3, epochs: 3, device: 'cpu', ...config },
      null,
      2,
    ),
  );
  const done = spawnSync(process.execPath, [join(root, 'dist', 'trainer', 'cli.mjs'), 'train', file], {
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`Training ended with exit code ${done.status}:\n${done.stdout}${done.stderr}`);
}
