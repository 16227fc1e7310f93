/** What the command line writes: lines of JSON for programs, or text with a progress bar for users. */
import type { Writable } from 'node:stream';
import * as l10n from '@vscode/l10n';
import { extraFigures, type ExtraFigures, type Metric } from '../../shared/metrics.js';
import type { ErrorInfo } from '../protocol.js';

/** Where a command writes; `Printed` are the objects that it prints with `--json`, e.g. `CommandOutputs['train']`. */
export interface Output<Printed extends { type: string } = { type: string }> {
  readonly isJson: boolean;
  /** One result: an object a line with `--json`, nothing otherwise. */
  json(value: Printed): void;
  /** A line for a user to read; nothing with `--json`. */
  line(text?: string): void;
  /** A line that the next one replaces, on a terminal; nothing with `--json`. */
  status(text: string): void;
  /** A problem: on standard error, with and without `--json`. */
  problem(info: ErrorInfo): void;
}

/** `CODE: message`, the place and the remedy. */
export function formatError({ code, message, remedy, file, line, column }: ErrorInfo): string {
  const place = file && [file, line, column].filter((part) => part !== undefined).join(':');
  return [
    `${code}: ${message}`,
    ...(place ? [`  ${place}`] : []),
    ...(remedy ? [`  ${l10n.t('Remedy: {0}', remedy)}`] : []),
  ].join('\n');
}

export function outputTo<Printed extends { type: string }>(
  out: Writable & { isTTY?: boolean },
  err: Writable,
  isJson: boolean,
): Output<Printed> {
  let status = '';
  const clear = (): void => {
    if (status) out.write(`\r${' '.repeat(status.length)}\r`);
    status = '';
  };
  return {
    isJson,
    json: (value) => void (isJson && out.write(`${JSON.stringify(value)}\n`)),
    line(text = '') {
      if (isJson) return;
      clear();
      out.write(`${printable(text)}\n`);
    },
    status(text) {
      if (isJson || !out.isTTY) return;
      clear();
      status = printable(text);
      out.write(status);
    },
    problem(info) {
      clear();
      err.write(`${printable(formatError(info))}\n`);
    },
  };
}

/**
 * A text without what would steer a terminal: a name may hold an escape sequence that clears the screen or sets the
 * title. Control characters, and those that turn the direction of a line, are written as `\\u{…}`; lines and tabs stay.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\n' || character === '\t' ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** `[#####.....]` of `width` characters. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}

/** A bar of a download, in megabytes. */
export function downloadStatus(done: number, total: number): string {
  const [here, whole] = [done, total].map((bytes) => (bytes / 1e6).toFixed(1));
  return `${bar(done / Math.max(1, total))} ${l10n.t('Downloading: {0} of {1} MB', here!, whole!)}`;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** How the figures of a calibration are written. */
export const calibrationFormats = { t: l10n.t, percent, figure: (value: number) => value.toPrecision(3) };

/** What follows the accuracy of a task: the other metrics it has. */
export function figureWords(figures: ExtraFigures): string {
  return extraFigures(figures)
    .map(({ metric, value }) => `, ${metric.title(l10n)} ${formatMetric(metric, value)}`)
    .join('');
}

export const formatMetric = ({ format }: Metric, value: number): string =>
  format === 'percent' ? percent(value) : value.toFixed(4);

/** Columns aligned by their widest cell; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => String(row[column]).length))) ?? [];
  const cell = (value: string | number, width: number): string =>
    typeof value === 'number' ? String(value).padStart(width) : value.padEnd(width);
  return rows
    .map((row) =>
      row
        .map((value, i) => cell(value, widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** A confusion matrix with its labels: truth down, prediction across. */
export function confusionTable(labels: readonly string[], confusion: readonly (readonly number[])[]): string {
  const short = labels.map((_, i) => `#${i + 1}`);
  const width = Math.max(3, ...short.map((s) => s.length), ...confusion.flat().map((n) => String(n).length));
  const rows = confusion.map((row, i) => [
    `${short[i]} ${labels[i]}`,
    ...row.map((n) => (n ? String(n) : '·').padStart(width)),
  ]);
  return table([['', ...short.map((s) => s.padStart(width))], ...rows]);
}
