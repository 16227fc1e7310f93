/** Reads a label file: CSV text with a header line, each row with its place, and the columns by name. */
import * as l10n from '@vscode/l10n';
// RFC 4180 has more corners than a line of our own would know.
import { CsvError, parse } from 'csv-parse/sync';
import { readInput } from '../core/files.js';
import { errors, reasonOf, type Place } from '../errors/errors.js';

export interface LabelRow {
  /** Without spaces around them, in Unicode NFC; as many as there are columns. */
  cells: string[];
  /** Where the row ends. */
  place: Place;
}

export interface LabelTable {
  file: string;
  columns: string[];
  rows: LabelRow[];
  /** As they were read. */
  bytes: Uint8Array;
}

/** Characters of a row beyond which a quote was certainly never closed. */
const longestRow = 1_000_000;

/** The encoding by the byte-order mark, or by where the zeros of the first character lie. */
export function encodingOf(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}

function decode(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    throw errors.labelFile.syntax({ file }, l10n.t('the file is not text in UTF-8 or UTF-16'));
  }
}

/**
 * What parts the cells: what a first line `sep=;` says (spreadsheet programs write it), else whichever of comma,
 * semicolon and tab the header has most of outside quotes. The text comes back without that line, its place kept.
 */
export function separated(text: string): { text: string; delimiter: string } {
  const said = /^"?sep=([^\r\n])"?[ \t]*(?=\r|\n|$)/i.exec(text);
  if (said) return { text: text.slice(said[0].length), delimiter: said[1]! };
  const unquoted = text.slice(0, longestRow).replaceAll(/"[^"]*"/g, '');
  const header = /^[^\r\n]*/.exec(unquoted.trimStart())![0];
  const countOf = (delimiter: string): number => header.split(delimiter).length - 1;
  const [most] = [',', ';', '\t'].sort((a, b) => countOf(b) - countOf(a));
  return { text, delimiter: most! };
}

function syntaxWords({ code, message }: CsvError): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return l10n.t('a quote is not closed');
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return l10n.t('a quote is inside a cell; put the whole cell into quotes and write its quotes twice');
    default:
      return message;
  }
}

/**
 * Reads the file. Empty rows, which spreadsheet programs leave behind, are skipped.
 * @throws UserError when the file is missing, is not CSV text, has no row, or names a column twice.
 */
export async function readLabelTable(file: string): Promise<LabelTable> {
  const bytes = await readInput(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? errors.labelFile.missing(file) : errors.fileUnreadable(file, reasonOf(error));
  });
  const { text, delimiter } = separated(decode(file, bytes));
  let found: { record: string[]; info: { lines: number } }[];
  try {
    found = parse(text, {
      delimiter,
      info: true,
      skip_empty_lines: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: longestRow,
    }) as unknown as typeof found;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as CsvError & { lines?: number }).lines;
    throw errors.labelFile.syntax(line === undefined ? { file } : { file, line }, syntaxWords(error));
  }
  const [first, ...rows] = found
    .map(({ record, info }) => ({
      cells: record.map((cell) => cell.trim().normalize('NFC')),
      place: { file, line: info.lines },
    }))
    .filter(({ cells }) => cells.some(Boolean));
  if (!first || rows.length === 0) throw errors.labelFile.empty(file);
  const odd = rows.find(({ cells }) => cells.length !== first.cells.length);
  if (odd) throw errors.labelFile.syntax(odd.place, l10n.t('this row has another number of cells than the header'));
  const twice = first.cells.find((name, i) => name && first.cells.indexOf(name) !== i);
  if (twice !== undefined) throw errors.labelFile.columnTwice(file, twice);
  return { file, columns: first.cells, rows, bytes };
}

/** The place of the column of that name. */
export function columnNamed({ file, columns }: LabelTable, name: string): number {
  const index = columns.indexOf(name.normalize('NFC'));
  if (index < 0) throw errors.labelFile.columnMissing(file, name, columns);
  return index;
}

/** The place of the first column with one of these names, in small letters; undefined where there is none. */
export function columnKnownAs({ columns }: LabelTable, names: readonly string[]): number | undefined {
  const small = columns.map((name) => name.toLowerCase());
  const name = names.find((each) => small.includes(each));
  return name === undefined ? undefined : small.indexOf(name);
}
