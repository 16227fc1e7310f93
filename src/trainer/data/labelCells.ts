/** Where the cells of a label file lie in its text, so that one is changed and every other byte stays as it is. */
import { encodingOf, separated } from './labelTable.js';

export interface Cell {
  /** Places in the text, quotes included. */
  start: number;
  end: number;
  /** Without quotes and spaces around it, in Unicode NFC. */
  value: string;
}

export interface CellText {
  text: string;
  delimiter: string;
  /** The rows with any text; the first is the header. */
  rows: Cell[][];
}

/** Locates the cells of CSV text that `readLabelTable` has accepted. */
export function cellsIn(bytes: Uint8Array): CellText {
  const text = new TextDecoder(encodingOf(bytes), { fatal: true, ignoreBOM: true }).decode(bytes);
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  const { text: table, delimiter } = separated(text.slice(mark));
  const rows: Cell[][] = [];
  for (let at = text.length - table.length; at < text.length;) {
    const row: Cell[] = [];
    do {
      if (row.length > 0) at += delimiter.length;
      const cell = cellAt(text, at, delimiter);
      row.push(cell);
      at = cell.end;
    } while (text.startsWith(delimiter, at));
    at += text.startsWith('\r\n', at) ? 2 : 1;
    if (row.some(({ value }) => value)) rows.push(row);
  }
  return { text, delimiter, rows };
}

function cellAt(text: string, start: number, delimiter: string): Cell {
  let end = start;
  if (text[start] !== '"') {
    while (end < text.length && !text.startsWith(delimiter, end) && text[end] !== '\r' && text[end] !== '\n') end++;
    return { start, end, value: plain(text.slice(start, end)) };
  }
  do end = text.indexOf('"', end + 1) + 1;
  while (text[end] === '"');
  return { start, end, value: plain(text.slice(start + 1, end - 1).replaceAll('""', '"')) };
}

const plain = (text: string): string => text.trim().normalize('NFC');

/** A value as a cell: in quotes where it needs them, or where the cell that it takes the place of has them. */
export function cellOf(value: string, delimiter: string, before: string): string {
  const needsQuotes = value.includes(delimiter) || /["\r\n]/.test(value) || value.trim() !== value;
  return needsQuotes || before.startsWith('"') ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The bytes of the file with other texts in the places of these cells. */
export function bytesWith(bytes: Uint8Array, text: string, changes: readonly { cell: Cell; after: string }[]) {
  let at = 0;
  let changed = '';
  for (const { cell, after } of [...changes].sort((a, b) => a.cell.start - b.cell.start)) {
    changed += text.slice(at, cell.start) + after;
    at = cell.end;
  }
  return encoded(changed + text.slice(at), encodingOf(bytes));
}

function encoded(text: string, encoding: ReturnType<typeof encodingOf>): Uint8Array {
  if (encoding === 'utf-8') return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}
