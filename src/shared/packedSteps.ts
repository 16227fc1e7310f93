/**
 * The curves of a long run as one short text: 100,000 step events as objects take a window seconds to hand over and to
 * read. Counts stay exact, figures keep the seven digits that a chart can show.
 */

/** What the curves show of a step, and its place among the run's events. */
export interface StepRow {
  seq: number;
  step: number;
  /** Null, as JSON writes a number that is not finite, becomes NaN. */
  loss: number | null;
  learningRate: number;
}

/** One value a step in each. */
export interface PackedColumns {
  seq: Uint32Array;
  step: Uint32Array;
  loss: Float32Array;
  learningRate: Float32Array;
}

const bytesPerRow = 16;

/** Views of the same memory. */
function columnsIn(memory: ArrayBuffer): PackedColumns {
  const rows = memory.byteLength / bytesPerRow;
  return {
    seq: new Uint32Array(memory, 0, rows),
    step: new Uint32Array(memory, 4 * rows, rows),
    loss: new Float32Array(memory, 8 * rows, rows),
    learningRate: new Float32Array(memory, 12 * rows, rows),
  };
}

/** The bytes whose base64 `unpackSteps` reads. */
export function packSteps(rows: readonly StepRow[]): Uint8Array {
  const memory = new ArrayBuffer(rows.length * bytesPerRow);
  const { seq, step, loss, learningRate } = columnsIn(memory);
  rows.forEach((row, index) => {
    // Differences: nearly all of them are 1, which the editor's connection compresses to nothing.
    seq[index] = row.seq - (rows[index - 1]?.seq ?? 0);
    step[index] = row.step - (rows[index - 1]?.step ?? 0);
    loss[index] = row.loss ?? Number.NaN;
    learningRate[index] = row.learningRate;
  });
  return new Uint8Array(memory);
}

/** Reads the base64 of packed steps. */
export function unpackSteps(packed: string): PackedColumns {
  const text = atob(packed);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at);
  const columns = columnsIn(bytes.buffer);
  for (const column of [columns.seq, columns.step])
    for (let index = 1; index < column.length; index++) column[index]! += column[index - 1]!;
  return columns;
}
