/** Writes docs/benchmarks.md, or another page: one section for each part of the bench, each between its own comments. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { root } from '../scripts/ensure-installed.mjs';

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export const mean = (numbers) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
export const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** A Markdown table; a column whose heading begins with `>` is right-aligned. */
export function table(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [
    line(headings.map((heading) => heading.replace(/^>/, ''))),
    line(headings.map((heading) => (heading.startsWith('>') ? '--:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}

/**
 * The vector instructions of the CPU, as far as the system reports them. Speeds depend on them, and they differ between
 * machines of the same name.
 */
function instructions() {
  if (!existsSync('/proc/cpuinfo')) return '';
  const flags = readFileSync('/proc/cpuinfo', 'utf8')
    .match(/^flags\s*:(.*)$/m)?.[1]
    ?.trim()
    .split(' ');
  const known = {
    avx2: 'AVX2',
    avx_vnni: 'AVX VNNI',
    avx512f: 'AVX-512',
    avx512_vnni: 'AVX-512 VNNI',
    avx512_bf16: 'AVX-512 BF16',
    amx_int8: 'AMX',
  };
  const found = Object.keys(known).filter((flag) => flags?.includes(flag));
  return found.length ? ` with ${found.map((flag) => known[flag]).join(', ')}` : '';
}

/** The date and the machine of a measurement; `loads` are load averages at the rounds' starts. */
export function machine(loads, versions = {}) {
  const named = Object.entries({ node: process.versions.node, ...versions }).map(
    ([name, version]) => `${name} ${version}`,
  );
  return (
    `${new Date().toISOString().slice(0, 10)}, ${os.cpus()[0].model.trim()}${instructions()}, ${os.cpus().length} cores, ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB, ` +
    `${os.platform()} ${os.arch()}. ${loads.length ? `Load average at the rounds' starts: ${loads.map((load) => load.toFixed(1)).join(', ')}. ` : ''}Versions: ${named.join(', ')}.`
  );
}

/** Replaces the section between its own comments and leaves the rest of the page unchanged. */
export function writeSection(name, text, path = join(root, 'docs', 'benchmarks.md')) {
  const [begin, end] = [`<!-- bench ${name}: written by npm run bench -->`, `<!-- end of bench ${name} -->`];
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '# Benchmarks\n';
  const block = `${begin}\n${text.trim()}\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  writeFileSync(
    path,
    from >= 0 && to > from
      ? page.slice(0, from) + block + page.slice(to + end.length)
      : `${page.trimEnd()}\n\n${block}\n`,
  );
}
