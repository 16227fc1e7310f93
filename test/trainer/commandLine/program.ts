/** The trainer's own programs, bundled as they are shipped, run as real child processes on tiny models and images. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { root } from '../../../scripts/ensure-installed.mjs';
import { trainerBundle } from '../../../scripts/build.mjs';
import type { RecordedEvent } from '../../../src/trainer/protocol.js';
import { writeTree } from '../data/images.js';

/** Three blocks of width 48 on images of 32 x 32: a step takes milliseconds. */
export const tinyModel = join(root, 'test', 'golden', 'models', 'vit');

let bundle: Promise<string> | undefined;

/**
 * Folder of the bundled programs: below the project, where their packages are found; one for each test process, since a
 * start from source takes a second.
 */
function bundleFolder(): Promise<string> {
  return (bundle ??= (async () => {
    // Where no bundler runs (Node for Windows under Wine) it is made before the tests.
    if (process.env.VITUNE_TEST_BUNDLE) return process.env.VITUNE_TEST_BUNDLE;
    mkdirSync(join(root, 'build'), { recursive: true });
    const folder = mkdtempSync(join(root, 'build', 'trainer-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const options = trainerBundle(folder) as BuildOptions & { entryPoints: Record<string, string> };
    const entryPoints = { ...options.entryPoints, commandLine: 'src/trainer/commandLine/run.ts' };
    await build({ ...options, entryPoints });
    return join(folder, 'trainer');
  })());
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  program?: 'cli' | 'main';
  /** What runs Node in place of the shell, e.g. `prlimit` with its options. */
  under?: readonly string[];
  /** Receives each line of standard output as it arrives. */
  onLine?: (line: string, child: ChildProcess) => void;
}

/** The path of a bundled program. */
export const programOf = async (name: 'cli' | 'main'): Promise<string> => join(await bundleFolder(), `${name}.mjs`);

/** Runs `vitune ARGS` to its end. */
export async function vitune(args: string[], o: StartOptions = {}): Promise<Ended> {
  const program = await programOf(o.program ?? 'cli');
  const env = { ...process.env, VITUNE_THREADS: '1', VITUNE_CACHE: join(dirname(program), '..', 'cache'), ...o.env };
  const [executable, ...rest] = [...(o.under ?? []), process.execPath, program, ...args] as [string, ...string[]];
  const child = spawn(executable, rest, { env, cwd: o.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (o.onLine) createInterface({ input: child.stdout }).on('line', (line) => o.onLine!(line, child));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** As `vitune`, but inside this process, which saves a start: for the many cases in which only what is said matters. */
export async function vituneHere(args: string[]): Promise<Pick<Ended, 'code' | 'stdout' | 'stderr'>> {
  const folder = await bundleFolder();
  Object.assign(process.env, { VITUNE_THREADS: '1', VITUNE_CACHE: join(folder, '..', 'cache') });
  const { runCommandLine } = (await import(
    pathToFileURL(join(folder, 'commandLine.mjs')).href
  )) as typeof import('../../../src/trainer/commandLine/run.js');
  const texts = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof texts): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        texts[name] += chunk.toString();
        done();
      },
    });
  return { code: await runCommandLine(args, { stdout: collect('stdout'), stderr: collect('stderr') }), ...texts };
}

/** Every line of the text, which must be nothing but JSON objects, each with a `type`. */
export function jsonLines<T = Record<string, unknown>>(text: string): T[] {
  assert.ok(text === '' || text.endsWith('\n'), 'the last line is whole');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const value = JSON.parse(line) as T;
      assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), line);
      assert.equal(typeof (value as { type?: unknown }).type, 'string', line);
      return value;
    });
}

/** No stack trace, no raw exception. */
export function assertPlain({ stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): void {
  for (const text of [stdout, stderr])
    assert.doesNotMatch(text, /\n\s+at .+:\d+:\d+|node:internal|\bBUG\b|UnhandledPromise|Error: /, text);
}

/** A folder `class/…` of drawings of 20 x 16 pixels, `count` for each class. */
export async function writeDataset(folder: string, classes: Record<string, number>): Promise<void> {
  const tree: Parameters<typeof writeTree>[1] = {};
  Object.entries(classes).forEach(([label, count], c) => {
    for (let i = 0; i < count; i++) tree[join(label, `${label} ${i}.png`)] = { seed: 3 * i + c };
  });
  await writeTree(folder, tree);
}

/** Writes a config for the tiny model, on the CPU, and gives its path. */
export async function writeConfig(folder: string, config: object, name = 'run.vitune.json'): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(
    path,
    JSON.stringify(
      { model: tinyModel, dataset: 'photos', device: 'cpu', batchSize: 4, epochs: 2, learningRate: 1e-3, ...config },
      null,
      2,
    ),
  );
  return path;
}

/** The log of a run: whole lines, numbered from 0 without a gap. */
export async function eventsOf(run: string): Promise<RecordedEvent[]> {
  const events = jsonLines<RecordedEvent>(await readFile(join(run, 'events.jsonl'), 'utf8'));
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i),
  );
  return events;
}
