/**
 * The memory of training a ViT-B/16 at 224, method by method: each runs in a process of its own, which reports its peak
 * resident set at its end.
 *
 *     node bench/memory.mjs [--width 768] [--batch 4] [--steps 2]
 *
 * The weights are random, since memory does not depend on their values. The claimed saving is that of the frozen linear
 * layers: codes and scales instead of fp32. docs/benchmarks.md holds the last table.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './arguments.mjs';
import { bundle } from './bundle.mjs';

const { values } = readArguments('node bench/memory.mjs', { width: 768, batch: 4, steps: 2 });
const width = values.width;
const lora = { rank: 8, alpha: 16 };
const methods = [
  ['head', { type: 'head' }],
  ['LoRA', { type: 'lora', ...lora }],
  ['QLoRA, int8', { type: 'qlora', quantization: 'int8', ...lora }, 'recompute'],
  ['QLoRA, int8, activations held', { type: 'qlora', quantization: 'int8', ...lora }],
  ['QLoRA, NF4', { type: 'qlora', quantization: 'nf4', ...lora }, 'recompute'],
  ['QLoRA, NF4, activations held', { type: 'qlora', quantization: 'nf4', ...lora }],
];

const folder = mkdtempSync(join(tmpdir(), 'vitune-memory-'));
try {
  const model = join(folder, 'model');
  const program = await bundle('memory');
  const run = (...args) =>
    JSON.parse(
      execFileSync(process.execPath, [program, model, ...args.map(String)], { encoding: 'utf8' })
        .trimEnd()
        .split('\n')
        .at(-1),
    );
  run('write', String(width));
  const rows = methods.map(([name, method, how = '']) => {
    const row = { name, ...run('train', JSON.stringify(method), values.batch, values.steps, how) };
    console.error(`${name}: ${row.peak.toFixed(0)} MB`);
    return row;
  });
  const plain = rows.find(({ name }) => name === 'LoRA');
  const table = [
    '| method | peak memory, MB | frozen weights, MB | saved on weights, MB | peak below LoRA, MB |',
    '| --- | --: | --: | --: | --: |',
    ...rows.map(({ name, peak, frozen }) => {
      const isQuantized = name.startsWith('QLoRA');
      return `| ${name} | ${peak.toFixed(0)} | ${frozen.toFixed(0)} | ${isQuantized ? (plain.frozen - frozen).toFixed(0) : ''} | ${isQuantized ? (plain.peak - peak).toFixed(0) : ''} |`;
    }),
  ].join('\n');
  console.log(table);
} finally {
  rmSync(folder, { recursive: true });
}
