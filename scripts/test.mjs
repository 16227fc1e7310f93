/**
 * Runs what CI runs, from a bare clone too: `npm test`. Parts: `npm test -- unit`, `npm test -- vscode`, `npm test --
 * desktop`, or the paths of test files. Node builtins only until the packages are installed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ensureBrowser, ensureEditor, Unavailable } from './ensure-editor.mjs';
import { ensureInstalled, root } from './ensure-installed.mjs';
import { ensureTensorflow } from './ensure-tensorflow.mjs';

const editorTests = `test${sep}vscode${sep}`;

function run(title, args, env = {}) {
  console.log(`\n> ${title}`);
  const done = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const tool = (name, path) => join(root, 'node_modules', name, path);

/** Test files relative to the root. Node 20's own `--test` takes no patterns. */
function testFiles(wanted) {
  return readdirSync(join(root, 'test'), { recursive: true })
    .map((path) => join('test', path))
    .filter((path) => path.endsWith('.test.ts') && wanted(path))
    .sort();
}

function nodeTest(title, files, options = [], env = {}) {
  if (files.length === 0) throw new Error(`There is no test file for ${title}.`);
  run(title, ['--import', 'tsx', '--test', '--test-reporter=spec', ...options, ...files], env);
}

/** In an editor the files run one after the other: each has an editor and a training process of its own. */
async function editorTest(files, editor) {
  const { makePackage } = await import('./package.mjs');
  console.log('\n> package');
  const vsix = await makePackage({ out: join(root, '.vitune', 'test.vsix') });
  nodeTest(`the extension in ${editor}`, files, ['--test-concurrency=1'], { VITUNE_VSIX: vsix, VITUNE_EDITOR: editor });
}

/**
 * Why something cannot be had on this machine, or undefined where it is there now; `ensure` installs it. CI fails
 * without it, unless it is optional.
 */
function lacks(ensure, { isOptional = false } = {}) {
  try {
    ensure();
  } catch (error) {
    // Where nobody looks at the output, a test left out would pass for a test that passed.
    if (isOptional || (error instanceof Unavailable && !process.env.CI)) return error.message;
    throw error;
  }
  return undefined;
}

async function desktopLacks() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY)
    return 'there is no display; run it under xvfb-run';
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  if (process.env.VITUNE_DESKTOP) return undefined;
  try {
    await downloadAndUnzipVSCode({ version: 'stable', cachePath: join(root, '.vitune', 'desktop') });
  } catch (error) {
    return `VS Code could not be downloaded: ${error.message}`;
  }
  return undefined;
}

ensureInstalled();
const [part, ...more] = process.argv.slice(2);
const isEditorTest = (path) => path.startsWith(editorTests);
if (part === 'desktop') {
  const reason = await desktopLacks();
  if (reason) console.log(`Skipped, as desktop VS Code is not to be had here: ${reason}.`);
  else await editorTest(testFiles(isEditorTest), 'desktop');
} else if (part !== undefined && existsSync(join(root, part))) {
  const files = [part, ...more].map((path) => relative(root, join(root, path)));
  run('build', ['scripts/build.mjs']);
  if (files.some(isEditorTest)) await editorTest(files, 'code-server');
  else nodeTest('tests', files);
} else {
  run('build', ['scripts/build.mjs']);
  // The views are tested in it, and the software graphics driver that comes with it runs the trainer's tests on WebGPU.
  const browserLacks = lacks(ensureBrowser);
  const tensorflowLacks = lacks(ensureTensorflow, { isOptional: true });
  if (tensorflowLacks) console.log(`\nThe tests on TensorFlow.js are skipped: ${tensorflowLacks}.`);
  if (part !== 'vscode') {
    for (const project of ['.', 'src/webview', 'test/webview', 'test/vscode'])
      run(`type check ${project}`, [tool('typescript', 'bin/tsc'), '-p', project]);
    run('lint', [tool('eslint', 'bin/eslint.js'), '.']);
    run('layout', [tool('prettier', 'bin/prettier.cjs'), '--check', '.']);
    nodeTest(
      'tests',
      testFiles((path) => !isEditorTest(path)),
    );
  }
  if (part !== 'unit') {
    const reason = browserLacks ?? lacks(ensureEditor);
    if (reason) console.log(`\nThe tests in a real editor are left out: ${reason}.`);
    else await editorTest(testFiles(isEditorTest), 'code-server');
  }
  // Says itself where and why it is left out.
  if (part === undefined) run('the trainer on Windows', ['scripts/windows/main.mjs', '--short']);
}
