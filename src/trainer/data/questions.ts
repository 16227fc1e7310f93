/**
 * What a label file answers: one task a column, or a multi-label task from a column with several labels or from columns
 * of 0 and 1.
 */
import { errors } from '../errors/errors.js';
import type { Task } from '../protocol.js';
import { columnKnownAs, columnNamed, type LabelRow, type LabelTable } from './labelTable.js';

export interface Question {
  task: string;
  multiLabel: boolean;
  /** The labels, where the file's header gives them. */
  labels?: string[];
  /** The columns it reads. */
  columns: number[];
  /** The labels of a row; undefined where the row does not answer. */
  answer(row: LabelRow): string[] | undefined;
}

/** The columns of labels as a config names them. */
export interface LabelColumns {
  columns?: string[] | undefined;
  multiLabel?: string | string[] | undefined;
}

/** Names by which the column is recognised where the config names none. */
const labelNames = ['label', 'class', 'category', 'target'];

/** The name of a task made of columns of 0 and 1. */
const flagsTask = 'labels';

const yes = new Set(['1', 'true', 'yes']);
const no = new Set(['0', 'false', 'no', '']);

function oneLabel(table: LabelTable, column: number): Question {
  return {
    task: table.columns[column]!,
    multiLabel: false,
    columns: [column],
    answer: ({ cells }) => (cells[column] ? [cells[column]] : undefined),
  };
}

/** Labels with `;` or `|` between them. */
function severalLabels(table: LabelTable, column: number): Question {
  const answer = ({ cells }: LabelRow) => [
    ...new Set(
      cells[column]!.split(/[;|]/)
        .map((label) => label.trim())
        .filter(Boolean),
    ),
  ];
  return { task: table.columns[column]!, multiLabel: true, columns: [column], answer };
}

/** A column for each label, with 1 where it is there and 0 where not. */
function flags(table: LabelTable, columns: number[], task: string): Question {
  const labels = columns.map((column) => table.columns[column]!);
  const answer = ({ cells, place }: LabelRow) =>
    labels.filter((label, i) => {
      const cell = cells[columns[i]!]!.toLowerCase();
      if (!yes.has(cell) && !no.has(cell)) throw errors.labelFile.notBinary(place, label, cells[columns[i]!]!);
      return yes.has(cell);
    });
  return { task, multiLabel: true, labels, columns, answer };
}

/** The questions that a config asks of the table; without any, the column that is called `label`. */
export function questionsOf(table: LabelTable, { columns, multiLabel }: LabelColumns): Question[] {
  const questions = [...new Set(columns ?? [])].map((name) => oneLabel(table, columnNamed(table, name)));
  if (typeof multiLabel === 'string') questions.push(severalLabels(table, columnNamed(table, multiLabel)));
  else if (multiLabel)
    questions.push(
      flags(
        table,
        [...new Set(multiLabel)].map((name) => columnNamed(table, name)),
        flagsTask,
      ),
    );
  if (questions.length > 0) return questions;
  const known = columnKnownAs(table, labelNames);
  if (known === undefined) throw errors.labelFile.noLabelColumn(table.file, table.columns);
  return [oneLabel(table, known)];
}

/** The questions of an existing model: its tasks are named after their columns. */
export function questionsOfTasks(table: LabelTable, tasks: readonly Task[]): Question[] {
  return tasks.map(({ name, labels, multiLabel }) => {
    if (!multiLabel) return oneLabel(table, columnNamed(table, name));
    if (table.columns.includes(name)) return severalLabels(table, columnNamed(table, name));
    return flags(
      table,
      labels.map((label) => columnNamed(table, label)),
      name,
    );
  });
}
