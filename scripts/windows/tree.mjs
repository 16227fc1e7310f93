/**
 * A copy of the project that Node for Windows runs: TypeScript as JavaScript in the same folders, the trainer's bundle,
 * and the native packages of the win32-x64 VSIX.
 */
import * as esbuild from 'esbuild';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { trainerBundle } from '../build.mjs';
import { root } from '../ensure-installed.mjs';
import { makePackage } from '../package.mjs';
import { windowsFolder, workFolder } from './ensureWindows.mjs';

export const tree = join(workFolder, 'tree');
/** What the VSIX holds. */
export const extension = join(windowsFolder, 'vsix', 'extension');

async function unpackExtension() {
  const vsix = await makePackage({ target: 'win32-x64', out: join(windowsFolder, 'test.vsix') });
  rmSync(join(windowsFolder, 'vsix'), { recursive: true, force: true });
  mkdirSync(join(windowsFolder, 'vsix'), { recursive: true });
  if (process.platform === 'win32') execFileSync('tar', ['-xf', vsix, '-C', join(windowsFolder, 'vsix')]);
  else execFileSync('unzip', ['-q', vsix, '-d', join(windowsFolder, 'vsix')]);
}

/** node_modules: the project's, but native packages from the VSIX. */
function linkPackages() {
  const native = join(extension, 'dist', 'node_modules');
  mkdirSync(join(tree, 'node_modules'), { recursive: true });
  const own = readdirSync(native);
  for (const name of own) symlinkSync(join(native, name), join(tree, 'node_modules', name), 'junction');
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!own.includes(name) && !name.startsWith('.'))
      symlinkSync(join(root, 'node_modules', name), join(tree, 'node_modules', name), 'junction');
}

/** A test that starts a program in TypeScript starts the JavaScript of the tree. */
function startsJavaScript(path) {
  const text = readFileSync(path, 'utf8');
  const changed = text.replace(/"--import",\s*"tsx",\s*/g, '').replace(/("[\w./-]*\w)\.ts"/g, '$1.js"');
  if (changed !== text) writeFileSync(path, changed);
}

/** Makes the tree again; `keepPackage` takes the VSIX of the last time. */
export async function makeTree({ keepPackage = false } = {}) {
  if (!keepPackage || !existsSync(extension)) await unpackExtension();
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { recursive: true });
  const sources = ['src', 'test', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path)),
  );
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: sources.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts')),
    outdir: tree,
    outbase: '.',
    format: 'esm',
    // Node's for Windows, which wants the attributes of imports that esbuild leaves out for Node 20.
    target: 'node22',
    sourcemap: 'inline',
  });
  for (const path of sources)
    if (/\.\w+$/.test(path) && !/\.ts$/.test(path) && lstatSync(join(root, path)).isFile())
      cpSync(join(root, path), join(tree, path));
  for (const name of ['media', 'l10n', 'licenses', 'docs', 'package.json', 'package-lock.json', 'examples'])
    if (existsSync(join(root, name))) cpSync(join(root, name), join(tree, name), { recursive: true });
  for (const path of readdirSync(join(tree, 'test'), { recursive: true }).filter((name) => name.endsWith('.js')))
    startsJavaScript(join(tree, 'test', path));
  linkPackages();
  const bundle = trainerBundle(join(tree, 'build'));
  // Where core/startThread.js and core/program.js look for threads and processes: next to themselves, as in a bundle.
  await esbuild.build({ ...bundle, outdir: join(tree, 'src', 'trainer', 'core') });
  await esbuild.build({
    ...bundle,
    entryPoints: { ...bundle.entryPoints, commandLine: 'src/trainer/commandLine/run.ts' },
  });
}
