/** Reads a label file: CSV text with a header line, each row with its place, and the columns by name. */
import { readFile } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
// RFC 4180 has more corners than a line of our own would know.
import { CsvError, parse } from 'csv-parse/sync';
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
}

/** Characters of a row beyond which a quote was certainly never closed. */
const longestRow = 1_000_000;

function decode(file: string, bytes: Uint8Array): string {
  // "Unicode text" of spreadsheet programs is UTF-16, which begins with FF FE.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw errors.labelFile.syntax({ file }, l10n.t('the file is not UTF-8 text'));
  }
}

function syntaxWords({ code, message }: CsvError): string {
  switch (code) {
    case 'CSV_RECORD_INCONSISTENT_FIELDS_LENGTH':
    case 'CSV_RECORD_INCONSISTENT_COLUMNS':
      return l10n.t('this row has another number of cells than the header');
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return l10n.t('a quote is not closed');
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return l10n.t('a quote stands inside a cell; put the whole cell into quotes and write its quotes twice');
    default:
      return message;
  }
}

/**
 * The separator of the cells is the first of comma, semicolon (as spreadsheets of many countries write it) and tab that
 * the header has.
 * @throws UserError when the file is missing, is no CSV text, has no row, or names a column twice.
 */
export async function readLabelTable(file: string): Promise<LabelTable> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ENOENT' ? errors.labelFile.missing(file) : errors.fileUnreadable(file, reasonOf(error));
  });
  const text = decode(file, bytes);
  const header = /^[^\r\n]*/.exec(text)![0];
  const delimiter = [',', ';', '\t'].find((each) => header.includes(each)) ?? ',';
  let found: { record: string[]; info: { lines: number } }[];
  try {
    found = parse(text, {
      delimiter,
      info: true,
      skip_empty_lines: true,
      max_record_size: longestRow,
    }) as unknown as typeof found;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = (error as CsvError & { lines?: number }).lines;
    throw errors.labelFile.syntax(line === undefined ? { file } : { file, line }, syntaxWords(error));
  }
  const [first, ...rows] = found.map(({ record, info }) => ({
    cells: record.map((cell) => cell.trim().normalize('NFC')),
    place: { file, line: info.lines },
  }));
  if (!first || rows.length === 0) throw errors.labelFile.empty(file);
  const twice = first.cells.find((name, i) => name && first.cells.indexOf(name) !== i);
  if (twice !== undefined) throw errors.labelFile.columnTwice(file, twice);
  return { file, columns: first.cells, rows };
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
