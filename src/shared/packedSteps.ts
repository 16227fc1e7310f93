/**
 * The step events of a long run as one short text: 100,000 of them as objects take a window seconds to hand over.
 * Counts and times stay exact, figures keep the seven digits that a chart can show.
 */

/** A step event without its type. */
export interface StepRow {
  seq: number;
  /** Milliseconds since 1970. */
  time: number;
  step: number;
  epoch: number;
  loss: number;
  learningRate: number;
  imagesPerSecond: number;
  waiting: number;
}

const exact = ['time'] as const;
const counts = ['seq', 'step'] as const;
const figures = ['epoch', 'loss', 'learningRate', 'imagesPerSecond', 'waiting'] as const;
const bytesPerRow = 8 * exact.length + 4 * (counts.length + figures.length);

/** The columns of `rows` rows, each a view of the same memory. */
function columnsIn(memory: ArrayBuffer, rows: number): [keyof StepRow, Float64Array | Uint32Array | Float32Array][] {
  let at = 0;
  const next = (bytes: number): number => (at += bytes * rows) - bytes * rows;
  return [
    ...exact.map((name) => [name, new Float64Array(memory, next(8), rows)] as [keyof StepRow, Float64Array]),
    ...counts.map((name) => [name, new Uint32Array(memory, next(4), rows)] as [keyof StepRow, Uint32Array]),
    ...figures.map((name) => [name, new Float32Array(memory, next(4), rows)] as [keyof StepRow, Float32Array]),
  ];
}

/** A figure that is not finite, which JSON writes as null, becomes NaN. */
export function packSteps(rows: readonly Readonly<Record<keyof StepRow, number | null>>[]): string {
  const memory = new ArrayBuffer(rows.length * bytesPerRow);
  for (const [name, column] of columnsIn(memory, rows.length))
    rows.forEach((row, index) => (column[index] = row[name] ?? Number.NaN));
  const bytes = new Uint8Array(memory);
  let text = '';
  // A call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export function unpackSteps(packed: string): StepRow[] {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const rows = bytes.length / bytesPerRow;
  const columns = columnsIn(bytes.buffer, rows);
  return Array.from({ length: rows }, (_, index) => {
    const row = {} as StepRow;
    for (const [name, column] of columns) row[name] = column[index]!;
    return row;
  });
}
