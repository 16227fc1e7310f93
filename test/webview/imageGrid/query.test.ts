/** What a grid shows of a list, and in which order: against the same said row by row. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImageList } from '../../../src/shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder, NumberBuilder } from '../../../src/shared/imageListBuilder.js';
import { everything, Queries } from '../../../src/webview/imageGrid/query.js';
import { sortRows } from '../../../src/webview/imageGrid/sortRows.js';

const labels = ['cat', 'dog', 'bird 10', 'bird 9'];
const facts = Array.from({ length: 400 }, (_, row) => ({
  path: `/images/${row % 7}/IMG_${(row * 7919) % 400}.jpg`,
  label: row % 11 ? labels[row % 4] : undefined,
  prediction: row % 13 ? labels[(row >> 2) % 4] : undefined,
  probability: row % 13 ? ((row * 37) % 101) / 100 : undefined,
  marks: labels.filter((_, i) => (row >> i) & 1),
}));

function listOf(): ImageList {
  const builder = new ImageListBuilder();
  const label = new ChoiceBuilder({ id: 'label' }, labels);
  // In another order than the labels.
  const prediction = new ChoiceBuilder({ id: 'prediction' }, [...labels].reverse());
  const probability = new NumberBuilder({ id: 'probability' }, 'percent');
  const marks = new ChoiceBuilder({ id: 'marks' }, labels, true);
  for (const fact of facts) {
    const row = builder.add(fact.path);
    if (fact.label) label.set(row, fact.label);
    if (fact.prediction) prediction.set(row, fact.prediction);
    if (fact.probability !== undefined) probability.set(row, fact.probability);
    marks.setSeveral(
      row,
      fact.marks.map((mark) => labels.indexOf(mark)),
    );
  }
  return builder.list([label, prediction, probability, marks]);
}
const queries = new Queries(listOf(), undefined);
const rowsWhere = (isIn: (fact: (typeof facts)[number]) => unknown) =>
  facts.flatMap((fact, row) => (isIn(fact) ? [row] : []));

describe('a query finds', () => {
  test('everything, in the order of the list', () => {
    assert.deepEqual([...queries.rows(everything)], [...facts.keys()]);
  });

  test('words of one column, of several columns, and of a column with several words an image', () => {
    const words = { label: ['cat', 'bird 9'], prediction: ['dog'] };
    assert.deepEqual(
      [...queries.rows({ ...everything, words })],
      rowsWhere(({ label, prediction }) => label && words.label.includes(label) && prediction === 'dog'),
    );
    assert.deepEqual(
      [...queries.rows({ ...everything, words: { marks: ['dog', 'bird 9'] } })],
      rowsWhere(({ marks }) => marks.includes('dog') || marks.includes('bird 9')),
    );
    assert.equal(queries.rows({ ...everything, words: { label: ['fish'] } }).length, 0);
  });

  test('ranges, whose ends are in them; an image without the number is in none', () => {
    assert.deepEqual(
      [...queries.rows({ ...everything, ranges: { probability: { from: 0.25, to: 0.5 } } })],
      rowsWhere(({ probability }) => probability !== undefined && probability >= 0.25 && probability <= 0.5),
    );
    const all = queries.rows({ ...everything, ranges: { probability: {} } });
    assert.deepEqual(
      [...all],
      rowsWhere(({ probability }) => probability !== undefined),
    );
  });

  test('mistakes and what is right, where both the label and the prediction are known', () => {
    const both = rowsWhere(({ label, prediction }) => label && prediction);
    const wrong = [...queries.rows({ ...everything, verdict: 'wrong' })];
    assert.deepEqual(
      wrong,
      both.filter((row) => facts[row]!.label !== facts[row]!.prediction),
    );
    const right = [...queries.rows({ ...everything, verdict: 'right' })];
    assert.deepEqual(
      [...wrong, ...right].sort((a, b) => a - b),
      both,
    );
  });

  test('a part of the name, in any case', () => {
    for (const text of ['img_1', '7.J', 'IMG_399.jpg', '/', 'jpg/img', 'IMG_3990', 'i'])
      assert.deepEqual(
        [...queries.rows({ ...everything, text })],
        rowsWhere(({ path }) => path.split('/').at(-1)!.toLowerCase().includes(text.toLowerCase())),
        text,
      );
  });

  test('what lacks a column is passed over, and the query says which', () => {
    const sorted = { ...everything, sort: { column: 'size', descending: true }, ranges: { date: { from: 1 } } };
    assert.deepEqual(queries.lacks(sorted), ['date', 'size']);
    assert.equal(queries.rows(sorted).length, 400);
  });
});

test('words sort in natural order, numbers by value, and what has none comes last in both directions', () => {
  const labelsIn = (descending: boolean) =>
    [...queries.rows({ ...everything, sort: { column: 'label', descending } })].map((row) => facts[row]!.label);
  assert.deepEqual([...new Set(labelsIn(false))], ['bird 9', 'bird 10', 'cat', 'dog', undefined]);
  assert.deepEqual([...new Set(labelsIn(true))], ['dog', 'cat', 'bird 10', 'bird 9', undefined]);
  const rows = [...queries.rows({ ...everything, sort: { column: 'probability', descending: true } })];
  const expected = rowsWhere(() => true).sort((a, b) => {
    const [left = -1, right = -1] = [facts[a]!.probability, facts[b]!.probability];
    return right - left || a - b;
  });
  assert.deepEqual(rows, expected);
});

test('numbers of every kind sort as they compare, equal ones stay in their order', () => {
  const values = [3, -1, 0, -0, NaN, Infinity, -Infinity, 1e-40, -1e-40, 1.5, 1.25, 1e10, 3, -1, 2 ** -126, 0];
  const rows = Uint32Array.from(values.keys());
  for (const keys of [Float64Array.from([...values, 1e300]).subarray(0, values.length), Float32Array.from(values)]) {
    for (const descending of [false, true]) {
      const sign = descending ? -1 : 1;
      const expected = [...rows].sort((a, b) => {
        const [left, right] = [keys[a]!, keys[b]!];
        if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(left)) - Number(Number.isNaN(right));
        return left === right ? a - b : sign * (left < right ? -1 : 1);
      });
      assert.deepEqual([...sortRows(rows, keys, descending)], expected, `${keys.constructor.name} ${descending}`);
    }
  }
  assert.deepEqual([...sortRows(Uint32Array.of(2, 0, 1), Uint32Array.of(7, 2 ** 32 - 1, 0), false)], [2, 0, 1]);
});
