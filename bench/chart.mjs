/** A small line chart in SVG: both axes logarithmic across, each series on its own linear scale up. */

const [width, height] = [720, 360];
const frame = { left: 70, right: 70, top: 50, bottom: 50 };
const colours = ['#2f6fb5', '#c2571a'];

/** A round number not below `value`. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= value);
}

/**
 * `xs` are positive numbers in order; two series of as many `values`, the first with its axis on the left, the second
 * on the right.
 */
export function chart(title, xTitle, xs, series) {
  const inner = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom };
  const [low, high] = [Math.log10(xs[0]), Math.log10(xs.at(-1))];
  const x = (value) => frame.left + (high > low ? (Math.log10(value) - low) / (high - low) : 0.5) * inner.width;
  const text = (at, down, words, more = '') =>
    `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" ${more}>${words}</text>`;
  const parts = xs.map((value) =>
    text(x(value), height - frame.bottom + 20, value.toLocaleString('en'), 'text-anchor="middle"'),
  );
  for (const [i, { name, values }] of series.entries()) {
    const top = roundUp(Math.max(...values));
    const y = (value) => height - frame.bottom - (value / top) * inner.height;
    const [at, anchor] = i ? [width - frame.right + 8, 'start'] : [frame.left - 8, 'end'];
    for (let step = 0; step <= 4; step++) {
      const value = (top * step) / 4;
      parts.push(text(at, y(value) + 4, `${+value.toPrecision(3)}`, `text-anchor="${anchor}" fill="${colours[i]}"`));
      if (!i) parts.push(`<path d="M${frame.left} ${y(value).toFixed(1)}H${width - frame.right}" stroke="#8884"/>`);
    }
    const points = values.map((value, k) => `${x(xs[k]).toFixed(1)},${y(value).toFixed(1)}`);
    parts.push(`<polyline points="${points.join(' ')}" fill="none" stroke="${colours[i]}" stroke-width="2"/>`);
    for (const point of points)
      parts.push(`<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="4" fill="${colours[i]}"/>`);
    parts.push(
      text(i ? width - frame.right : frame.left, 38, name, `text-anchor="${i ? 'end' : 'start'}" fill="${colours[i]}"`),
    );
  }
  parts.push(
    text(width / 2, 18, title, 'text-anchor="middle" font-weight="bold"'),
    text(width / 2, height - 10, xTitle, 'text-anchor="middle"'),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13" fill="#888">\n${parts.join('\n')}\n</svg>\n`;
}
