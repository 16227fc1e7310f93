/**
 * Tests on Node for Windows, under Wine where this is not Windows: `npm run test:windows [-- --short] [--keep-package] [FILE...]`. The
 * native packages are those of the win32-x64 VSIX. Prints counts, reasons of skips, and the same run's accuracy on this
 * platform and on Windows.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { Unavailable } from '../ensure-editor.mjs';
import { ensureInstalled, root } from '../ensure-installed.mjs';
import {
  clearTemporary,
  ensureWindows,
  startDesktop,
  windowsFolder,
  wineEnvironment,
  windowsPath,
} from './ensureWindows.mjs';
import { testFiles, wineLeftOut } from './testFiles.mjs';

const isWine = process.platform !== 'win32';
/** A file that takes longer hangs. */
const minutes = 15;

function startNode() {
  try {
    return ensureWindows();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.log(`\nThe tests on Windows are left out: ${error.message}.`);
    process.exit(0);
  }
}

/** Runs Node for Windows with its output in files: Wine gives it pipes that it cannot use. */
function runNode(command, args, cwd, env = {}) {
  const paths = ['stdout', 'stderr'].map((name) => join(windowsFolder, name));
  const [out, err] = paths.map((path) => openSync(path, 'w'));
  const [executable, ...rest] = [...command, ...args];
  const { status, signal, error } = spawnSync(executable, rest, {
    cwd,
    stdio: ['ignore', out, err],
    timeout: minutes * 60_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, ...(isWine && wineEnvironment), ...env },
  });
  [out, err].forEach(closeSync);
  if (error && error.code !== 'ETIMEDOUT') throw error;
  const [stdout, stderr] = paths.map((path) => readFileSync(path, 'utf8'));
  return { status, signal, stdout, stderr };
}

/** The count of a summary line of TAP: `# pass 7`. */
const count = (tap, name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0);

function runTests(command, tree, isShort, only) {
  const { files, left } = testFiles(isShort);
  const totals = { pass: 0, fail: 0, skipped: 0 };
  const reasons = new Map();
  const patterns = isWine ? Object.keys(wineLeftOut).map((name) => `--test-skip-pattern=${name}`) : [];
  for (const file of only.length > 0 ? only.map((path) => path.replaceAll('\\', '/')) : files) {
    const env = { VITUNE_TEST_BUNDLE: windowsPath(join(tree, 'build', 'trainer')) };
    const script = file.replace(/\.ts$/, '.js');
    const ran = runNode(command, ['--enable-source-maps', '--test-reporter=tap', ...patterns, script], tree, env);
    for (const name of Object.keys(totals)) totals[name] += count(ran.stdout, name);
    const cancelled = count(ran.stdout, 'cancelled');
    const failed = ran.status !== 0 && count(ran.stdout, 'fail') + cancelled === 0;
    totals.fail += cancelled + (failed ? 1 : 0);
    for (const [, name, reason] of ran.stdout.matchAll(/^\s*(?:not )?ok \d+ - (.*) # SKIP ?(.*)$/gm))
      reasons.set(`${basename(file)}: ${name}`, reason);
    console.log(`${ran.status === 0 ? 'ok  ' : 'FAIL'} ${file}: ${count(ran.stdout, 'pass')} passed`);
    if (ran.status !== 0) console.log(failures(ran));
  }
  console.log(`\n${totals.pass} passed, ${totals.fail} failed, ${totals.skipped} skipped`);
  for (const [name, reason] of reasons) console.log(`  skipped ${name}: ${reason || 'no reason given'}`);
  for (const [file, reason] of left) console.log(`  left out ${file}: ${reason}`);
  if (isWine) for (const [name, reason] of Object.entries(wineLeftOut)) console.log(`  left out "${name}…": ${reason}`);
  return totals.fail === 0;
}

/** What a failed file printed about its failures. */
function failures({ stdout, stderr, status, signal }) {
  const blocks = [...stdout.matchAll(/^\s*not ok [\s\S]*?^\s*\.\.\.$/gm)].map(([block]) => block);
  return [...blocks, stderr.slice(-2000), `exit code ${status ?? signal}`].join('\n');
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
const nativeFiles = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => /\.(dll|node)$/.test(name))
    .map((name) => join(folder, name));

/** Whether each library of ONNX Runtime and sharp that the run loaded is one of the VSIX's. */
function checkLibraries(extension, recorded) {
  const shipped = new Map(nativeFiles(extension).map((path) => [basename(path).toLowerCase(), path]));
  const loaded = new Set(
    readdirSync(recorded)
      .flatMap((name) => JSON.parse(readFileSync(join(recorded, name), 'utf8')))
      .filter((path) => /onnxruntime|sharp|vips|dxcompiler/i.test(basename(path.replaceAll('\\', '/')))),
  );
  const strange = [...loaded].filter((path) => {
    const here = shipped.get(basename(path.replaceAll('\\', '/')).toLowerCase());
    return here === undefined || !path.replaceAll('\\', '/').toLowerCase().includes('/vsix/extension/');
  });
  for (const path of shipped.values()) console.log(`  ${hashOf(path).slice(0, 16)}  ${relative(extension, path)}`);
  console.log(`${loaded.size} native libraries ran, ${strange.length} of them from elsewhere ${strange.join(', ')}`);
  const needed = ['onnxruntime.dll', 'onnxruntime_binding.node'];
  const names = [...loaded].map((path) => basename(path.replaceAll('\\', '/')).toLowerCase());
  return strange.length === 0 && needed.every((name) => names.includes(name));
}

/** One training, by the built program here and by the VSIX's on Windows. */
async function sameRun(command, extension) {
  const { makeRunConfig } = await import('./sameRun.mjs');
  const folder = join(windowsFolder, 'same');
  const recorded = join(windowsFolder, 'libraries');
  for (const path of [folder, recorded]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true });
  }
  const config = await makeRunConfig(folder);
  const accuracyOf = ({ stdout, stderr, status }) => {
    const line = stdout.split('\n').find((text) => text.startsWith('{"type":"finished"'));
    if (!line) throw new Error(`The run ended with ${status}: ${stdout.slice(-2000)} ${stderr.slice(-2000)}`);
    return JSON.parse(line).best.accuracy;
  };
  const train = (output) => ['train', config, '--set', `output=${output}`, '--set', 'device=cpu', '--json'];
  const program = (dist) => join(dist, 'trainer', 'cli.mjs');
  const here = spawnSync(process.execPath, [program(join(root, 'dist')), ...train('here')], { encoding: 'utf8' });
  const preload = new URL(
    `file:///${windowsPath(join(root, 'scripts/windows/recordLibraries.mjs')).replaceAll('\\', '/')}`,
  );
  const there = runNode(command, [program(join(extension, 'dist')), ...train('there')], folder, {
    NODE_OPTIONS: `--import ${preload.href}`,
    VITUNE_TEST_LIBRARIES: windowsPath(recorded),
  });
  const accuracies = [accuracyOf(here), accuracyOf(there)];
  const shown = accuracies.map((accuracy) => `${(100 * accuracy).toFixed(2)} %`);
  console.log(`\nBest accuracy of the same run: ${shown[0]} on ${process.platform}, ${shown[1]} on win32`);
  return checkLibraries(extension, recorded) && accuracies[0] === accuracies[1];
}

ensureInstalled();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    'keep-package': { type: 'boolean', default: false },
  },
});
const command = startNode();
const { makeTree, tree, extension } = await import('./tree.mjs');
const { build } = await import('../build.mjs');
await build();
await makeTree({ keepPackage: values['keep-package'] });
const endDesktop = startDesktop();
try {
  const same = positionals.length > 0 || (await sameRun(command, extension));
  const passed = runTests(command, tree, values.short, positionals);
  if (!passed || !same) process.exitCode = 1;
} finally {
  endDesktop();
  clearTemporary();
}
