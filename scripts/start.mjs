/**
 * `npm start`: from a bare clone to a fine-tuned model that answers. `--editor` opens the extension on the sample
 * instead; `--prepare` ends after the build and the sample. Node builtins only until the packages are installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ensureInstalled, root } from './ensure-installed.mjs';

ensureInstalled();
const { build } = await import('./build.mjs');
const { makeSample, sample } = await import('./sample.mjs');
console.log('Building …');
await build();
makeSample();

/** Runs `vitune …` as a user would, and ends with its exit code where it fails. */
function vitune(...args) {
  const shown = args.map((arg) => (arg.startsWith(root) ? relative(process.cwd(), arg) || '.' : arg));
  console.log(`\n> vitune ${shown.join(' ')}\n`);
  const { status, error } = spawnSync(process.execPath, [join(root, 'dist', 'trainer', 'cli.mjs'), ...args], {
    stdio: 'inherit',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

/** A run folder that is not there yet: the user's earlier ones stay. */
function freshRun() {
  for (let number = 1; ; number++) {
    const folder = join(sample.folder, 'runs', number === 1 ? 'emoji' : `emoji-${number}`);
    if (!existsSync(folder)) return folder;
  }
}

/** One image of each of the first classes. */
function someImages(count) {
  return readdirSync(sample.heldOut)
    .slice(0, count)
    .map((label) => join(sample.heldOut, label, readdirSync(join(sample.heldOut, label))[0]));
}

if (process.argv.includes('--editor')) {
  const { openEditor } = await import('./open-editor.mjs');
  await openEditor(sample.folder);
} else if (!process.argv.includes('--prepare')) {
  const run = freshRun();
  console.log('\nFine-tuning the embedded model on emoji, in the art of two vendors, with LoRA.');
  vitune('train', sample.config, '--set', `output=${run}`);
  console.log(
    '\nThe same emoji classes in the art of a third vendor, and only emoji that were not in the training images:',
  );
  vitune('evaluate', '--checkpoint', run, '--dataset', sample.heldOut);
  vitune('classify', ...someImages(4), '--checkpoint', run, '--top', '3');
  console.log(`
All of it is in ${relative(process.cwd(), sample.folder)}. To see it in the editor (datasets, live curves, right-click to classify):

  npm start -- --editor
`);
}
