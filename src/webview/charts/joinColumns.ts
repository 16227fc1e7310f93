/** Columns over steps of their own become the columns of one chart, over all the steps. */

/** `data[0]` are steps, rising; the others one column a series, null where it has no value. */
export type ChartData = [number[], ...(number | null)[][]];

/**
 * A column without a value at a step gets null there; so does a value that is not finite, which has no place in a
 * chart.
 */
export function joinColumns(columns: [readonly number[], readonly (number | null)[]][]): ChartData {
  const steps = [...new Set(columns.flatMap(([own]) => own))].sort((a, b) => a - b);
  const place = new Map(steps.map((step, index) => [step, index]));
  return [
    steps,
    ...columns.map(([own, values]) => {
      const column = new Array<number | null>(steps.length).fill(null);
      own.forEach((step, index) => {
        const value = values[index];
        column[place.get(step)!] = typeof value === 'number' && Number.isFinite(value) ? value : null;
      });
      return column;
    }),
  ];
}
