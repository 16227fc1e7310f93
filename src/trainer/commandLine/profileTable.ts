/** A profile as tables for the user. */
import * as l10n from '@vscode/l10n';
import type { ProfileReport, ProfileRow } from '../protocol.js';
import { parallelStages, type Stage } from '../core/stages.js';
import { percent, table } from './output.js';

const stageWords = (): Record<Stage, string> => ({
  start: l10n.t('start: Node, the program, ONNX Runtime'),
  model: l10n.t('reading the model'),
  scan: l10n.t('looking through the dataset'),
  version: l10n.t('keeping the version of the dataset'),
  device: l10n.t('choosing the device'),
  cache: l10n.t('opening the cache of images'),
  batch: l10n.t('choosing the batch size'),
  features: l10n.t('computing features'),
  compile: l10n.t('compiling the graphs'),
  session: l10n.t('loading the graphs into ONNX Runtime'),
  solve: l10n.t('solving for the classifier'),
  wait: l10n.t('waiting for images'),
  step: l10n.t('training steps'),
  evaluate: l10n.t('evaluating'),
  checkpoint: l10n.t('saving checkpoints'),
  calibrate: l10n.t('calibrating the best checkpoint'),
  check: l10n.t('test and check at the end'),
  decode: l10n.t('making batches and decoding their images, in other threads'),
  augment: l10n.t('making batches, in other threads'),
});

/** Beyond so many, rows of a table are added up. */
const maxRows = 14;

function rowsOf(rows: readonly ProfileRow[], nameOf: (name: string) => string = (name) => name): string[][] {
  const total = rows.reduce((sum, { seconds }) => sum + seconds, 0);
  const rest = rows.slice(maxRows);
  const sum = (of: 'seconds' | 'count'): number => rest.reduce((all, row) => all + row[of], 0);
  const shown =
    rest.length > 1
      ? [...rows.slice(0, maxRows), { name: l10n.t('others'), seconds: sum('seconds'), count: sum('count') }]
      : rows;
  const width = (cells: string[]): number => Math.max(...cells.map((cell) => cell.length));
  const numbers = shown.map(({ seconds, count }) => [
    seconds.toFixed(3),
    percent(seconds / Math.max(total, 1e-9)),
    `${count}×`,
  ]);
  return shown.map(({ name }, i) => [
    nameOf(name),
    ...numbers[i]!.map((cell, column) => cell.padStart(width(numbers.map((row) => row[column]!)))),
  ]);
}

/**
 * Stages of the whole run, then the kernels of the graphs' first runs by pass, part and operator; seconds, shares,
 * counts.
 */
export function profileTable({ file, stages, passes, parts, ops }: ProfileReport): string {
  const words = stageWords();
  const parallel = stages.filter(({ name }) => parallelStages.has(name));
  const main = stages.filter(({ name }) => !parallelStages.has(name));
  const stageRows = [
    ...rowsOf(main, (name) => (Object.hasOwn(words, name) ? words[name as Stage] : name)),
    ...parallel.map(({ name, seconds, count }) => [words[name as Stage], seconds.toFixed(3), '', `${count}×`]),
  ];
  const section = (title: string, rows: string[][]): string[] => (rows.length ? [`\n${title}`, table(rows)] : []);
  return [
    ...section(l10n.t('Where the time went, in seconds'), stageRows),
    ...section(l10n.t('Kernels by pass (of the first runs of each graph)'), rowsOf(passes)),
    ...section(l10n.t('Kernels by part of the network'), rowsOf(parts)),
    ...section(l10n.t('Kernels by operator'), rowsOf(ops)),
    `\n${l10n.t('As a trace, for chrome://tracing or ui.perfetto.dev: {0}', file)}`,
  ].join('\n');
}
