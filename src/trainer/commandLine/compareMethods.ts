/**
 * The method ladder: each method trained on the same images, split and seed, in a process of its own, so that its
 * peak memory is its own.
 */
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { comparisonFileName, comparisonSchema, rowsIn, runNameOf } from '../../shared/comparison.js';
import { wilson } from '../../shared/interval.js';
import { runFiles } from '../../shared/runFolder.js';
import { readJson } from '../../shared/schema.js';
import { asSaveError, writeFileAtomically } from '../checkpoint/store.js';
import { isMissing, isThere } from '../core/files.js';
import { trainerProgram } from '../core/program.js';
import { errors, reasonOf } from '../errors/errors.js';
import { extraFigures, type ExtraFigures } from '../../shared/metrics.js';
import type { Comparison, ComparisonRow, ErrorInfo, RecordedEvent, SplitName, TrainEvent } from '../protocol.js';
import { comparisonTable } from './comparisonTable.js';
import { pairRows } from './pairedRows.js';
import { readEvents } from '../runs/eventLog.js';
import { resolveCheckpoint } from '../runs/runFolder.js';

export interface CompareOptions {
  dataset: string;
  methods: readonly string[];
  /** `KEY=VALUE` each, for every method. */
  settings: readonly string[];
  /** How many seeds each method is trained with, on the same validation images. */
  seeds?: number;
  /** The folder of runs, table and `compare.json`; an existing comparison of the same kind is continued. */
  output: string;
  signal?: AbortSignal;
  /** The events of the training of a method, as they arrive. */
  onEvent?: (method: string, event: TrainEvent) => void;
  onRow?: (row: ComparisonRow) => void;
}

/** The default of the config's `seed`. */
const usualSeed = 42;

const comparisonFile = (folder: string): string => join(folder, comparisonFileName);

/** The comparison that `output` holds so far. */
async function readComparison(folder: string): Promise<Comparison | undefined> {
  const file = comparisonFile(folder);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw errors.fileUnreadable(file, reasonOf(error));
  });
  if (text === undefined) return undefined;
  const { value, defect } = readJson(comparisonSchema, text);
  if (!value) throw errors.run.damaged(file, defect);
  // The folder may have been moved, and its runs with it; and the file may point to no others.
  return { ...value, rows: rowsIn(folder, value.rows, join) };
}

async function write(folder: string, comparison: Comparison): Promise<void> {
  await writeFileAtomically(comparisonFile(folder), `${JSON.stringify(comparison, null, 2)}\n`);
  await writeFileAtomically(join(folder, 'compare.md'), comparisonTable(comparison));
}

/**
 * Trains in a child process; returns its last event or the error it printed. An abort requests a stop with a
 * checkpoint.
 */
async function trainInProcess(
  args: readonly string[],
  onEvent: (event: TrainEvent) => void,
  signal?: AbortSignal,
): Promise<ErrorInfo | undefined> {
  // In a group of its own: an interrupt from the terminal reaches it once, through us, and the second would end it
  // without a checkpoint.
  const detached = process.platform !== 'win32';
  const child = spawn(process.execPath, [...trainerProgram, 'train', ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    detached,
  });
  const stop = () => child.kill('SIGINT');
  signal?.addEventListener('abort', stop, { once: true });
  let said = '';
  let failure: ErrorInfo | undefined;
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as TrainEvent;
    if (event.type === 'error') failure = event;
    else onEvent(event);
  });
  const code = await new Promise<number | NodeJS.Signals | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', (exit, killer) => done(exit ?? killer));
  }).finally(() => signal?.removeEventListener('abort', stop));
  signal?.throwIfAborted();
  if (code === 0) return undefined;
  return failure ?? errors.trainerDied(String(code), said.trim().split('\n').at(-1) ?? '').toInfo();
}

/** The metrics of an evaluation but for accuracy and loss. */
const othersOf = (figures: ExtraFigures): ExtraFigures =>
  Object.fromEntries(extraFigures(figures).map(({ metric, value }) => [metric.name, value]));

/**
 * What a finished run's log says. The time is from its start to the last evaluation, over all processes of an
 * interrupted run: without the decoding, which whichever method comes first pays for all, and without the comparison
 * with the saved checkpoint.
 */
export function rowOf(method: string, run: string, events: readonly RecordedEvent[]): ComparisonRow {
  const row: ComparisonRow = { method, run, seconds: 0 };
  let since: number | undefined;
  let images: Partial<Record<SplitName, number>> | undefined;
  const evaluations = new Map<number, RecordedEvent & { type: 'evaluation' }>();
  for (const event of events) {
    if (event.type === 'started') {
      ({ trainableParameters: row.trainableParameters, totalParameters: row.totalParameters } = event);
      ({ images } = event);
      since = event.time;
    } else if (since !== undefined && event.type !== 'finished') {
      row.seconds! += (event.time - since) / 1000;
      since = event.time;
    }
    if (event.type === 'evaluation') {
      // Of several evaluations of one step the last counts: it is the one in fp32.
      if (event.split === 'validation') evaluations.set(event.step, event);
      if (event.split === 'test') Object.assign(row, { accuracy: event.accuracy, split: event.split }, othersOf(event));
    }
    if (event.type === 'finished') {
      row.peakMemoryBytes = event.peakMemoryBytes;
      if (row.split !== 'test') {
        const best = evaluations.get(event.best.step);
        Object.assign(row, { accuracy: event.best.accuracy, split: 'validation' }, best && othersOf(best));
      }
    }
  }
  const { accuracy, split } = row;
  const asked = split && images?.[split];
  return asked && accuracy !== undefined ? { ...row, interval: wilson(accuracy * asked, asked) } : row;
}

/** Files of a checkpoint that only a training goes on from. */
const forTraining: ReadonlySet<string> = new Set(['optimizer.safetensors', 'state.json', 'outcomes.json']);

/** Bytes of the files that the best checkpoint of a run needs to answer. */
async function bytesToAnswer(run: string): Promise<number> {
  const folder = await resolveCheckpoint(run);
  const names = (await readdir(folder)).filter((name) => !forTraining.has(name));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The row of a method's runs by their logs, with means over the seeds; `seeds` are those that are done. */
async function rowOfSeeds(folder: string, method: string, seeds: readonly number[]): Promise<ComparisonRow> {
  const first = seeds[0]!;
  const rows = await Promise.all(
    seeds.map(async (seed) => {
      const run = join(folder, runNameOf(method, seed, first));
      return { ...rowOf(method, run, await readEvents(run)), bytes: await bytesToAnswer(run) };
    }),
  );
  const [row] = rows as [ComparisonRow, ...ComparisonRow[]];
  if (rows.length === 1) return row;
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean: Record<string, unknown> = { ...row };
  for (const key of Object.keys(row)) {
    const all = rows.map((each) => each[key as keyof ComparisonRow] as unknown);
    if (all.every((each) => typeof each === 'number')) mean[key] = meanOf(all);
  }
  const intervals = rows.flatMap(({ interval }) => (interval ? [interval] : []));
  if (intervals.length) mean.interval = [0, 1].map((bound) => meanOf(intervals.map((each) => each[bound]!)));
  const runs = seeds.map((seed, i) => ({ seed, run: rows[i]!.run, accuracy: rows[i]!.accuracy! }));
  return { ...(mean as unknown as ComparisonRow), seeds: runs };
}

/** The number that a setting gives a key. */
const settingOf = (settings: readonly string[], key: string): number | undefined => {
  const text = settings.findLast((setting) => setting.startsWith(`${key}=`))?.slice(key.length + 1);
  return text === undefined ? undefined : Number(text);
};

/**
 * Trains the methods without a row, each with its defaults and the settings, and writes `compare.json` and `compare.md`
 * after each. A method that cannot be trained gets a row with the reason. An abort ends it; the same call continues
 * from there.
 * @throws UserError when `output` holds another comparison, or cannot be written.
 */
export async function compare({
  dataset,
  methods,
  settings,
  seeds = 1,
  output,
  signal,
  onEvent,
  onRow,
}: CompareOptions): Promise<Comparison> {
  const folder = resolve(output);
  const wanted = { dataset: resolve(dataset), settings: [...settings] };
  const known = await readComparison(folder);
  if (known && !isDeepStrictEqual({ dataset: known.dataset, settings: known.settings }, wanted))
    throw errors.comparisonTaken(folder);
  const rows = (known?.rows ?? []).filter(({ error }) => !error);
  const comparison: Comparison = {
    format: 1,
    ...wanted,
    methods: [...new Set([...(known?.methods ?? []), ...methods])],
    seeds: Math.max(seeds, known?.seeds ?? 1),
    rows,
  };
  // The usual seed is that of the config's schema; the trainer says so where it is not a number.
  const first = settingOf(settings, 'seed') ?? usualSeed;
  const wantedSeeds = Array.from({ length: comparison.seeds! }, (_, i) => first + i);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw asSaveError(error, folder);
  }
  await write(folder, comparison);
  /** Trains a method with a seed; what went wrong, if anything. */
  const trainOne = async (method: string, seed: number): Promise<ErrorInfo | undefined> => {
    const name = runNameOf(method, seed, first);
    const config = join(folder, `${name}.vitune.json`);
    const isBegun = await isThere(join(folder, name, runFiles.about));
    const repeat = seed === first ? {} : { seed, splitSeed: settingOf(settings, 'splitSeed') ?? first };
    if (!isBegun) {
      const content = { dataset: wanted.dataset, method, output: name, ...repeat };
      await writeFileAtomically(config, `${JSON.stringify(content, null, 2)}\n`);
    }
    const own = seed === first ? settings : settings.filter((setting) => !/^(seed|splitSeed)=/.test(setting));
    // A run that was begun holds to its settings.
    const args = isBegun ? ['--resume'] : own.flatMap((setting) => ['--set', setting]);
    const error = await trainInProcess([config, ...args], (event) => onEvent?.(method, event), signal);
    // Killed between its last event and its row.
    return error?.code === 'RUN_FINISHED' ? undefined : error;
  };
  for (const method of comparison.methods) {
    const done = comparison.rows.find((row) => row.method === method);
    const doneSeeds = done?.seeds?.map(({ seed }) => seed) ?? (done ? [first] : []);
    for (const seed of wantedSeeds.filter((each) => !doneSeeds.includes(each))) {
      signal?.throwIfAborted();
      const error = await trainOne(method, seed);
      if (!error) doneSeeds.push(seed);
      const row = error ? { method, run: join(folder, method), error } : await rowOfSeeds(folder, method, doneSeeds);
      comparison.rows = comparison.rows.filter((each) => each.method !== method);
      comparison.rows.push(row);
      comparison.rows.sort((a, b) => comparison.methods.indexOf(a.method) - comparison.methods.indexOf(b.method));
      comparison.rows = await pairRows(comparison.rows);
      await write(folder, comparison);
      onRow?.(row);
      if (error) break;
    }
  }
  return comparison;
}
