/**
 * Memory and time of each method: head <= LoRA <= full, and partial fine-tuning grows with its blocks. Each method runs
 * in a process of its own; the methods alternate.
 *
 *     node bench/methods.mjs [--models ti,s] [--batch 8] [--steps 4] [--rounds 2] [--dry]
 *
 * Writes its section of docs/benchmarks.md. Weights and images are random. Heads are measured without the feature cache,
 * which would remove the body from the step.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './arguments.mjs';
import { bundle } from './bundle.mjs';
import { machine, table, writeSection } from './page.mjs';

const { values } = readArguments('node bench/methods.mjs', {
  models: ['ti', 's'],
  batch: 8,
  steps: 4,
  rounds: 2,
  dry: false,
});
const widths = { ti: 192, s: 384, b: 768 };
const lora = { rank: 8, alpha: 16 };
const partial = (blocks) => [`partial, ${blocks} ${blocks === 1 ? 'block' : 'blocks'}`, { type: 'partial', blocks }];
const methods = [
  ['head', { type: 'head' }],
  ...[1, 3, 6, 12].map(partial),
  ['full', { type: 'full' }],
  ['full, activations recomputed', { type: 'full' }, 'recompute'],
  ['LoRA', { type: 'lora', ...lora }],
  ['LoRA, activations recomputed', { type: 'lora', ...lora }, 'recompute'],
  ...['int8', 'nf4'].flatMap((quantization) => {
    const [name, method] = [
      `QLoRA, ${quantization === 'nf4' ? 'NF4' : quantization}`,
      { type: 'qlora', quantization, ...lora },
    ];
    return [
      [name, method, 'recompute'],
      [`${name}, activations held`, method],
    ];
  }),
];
/** Each method must take at most the memory of the next one. */
const ladders = [
  ['head', 'LoRA', 'full'],
  ['head', 'partial, 1 block', 'partial, 3 blocks', 'partial, 6 blocks', 'partial, 12 blocks', 'full'],
  ['QLoRA, NF4', 'LoRA'],
  ['LoRA, activations recomputed', 'LoRA'],
  ['full, activations recomputed', 'full'],
];

const folder = mkdtempSync(join(tmpdir(), 'vitune-methods-'));
const loads = [];
try {
  const program = await bundle('memory');
  const sections = widthsOf(values.models).map(([model, width]) => {
    const path = join(folder, model);
    const run = (...args) =>
      JSON.parse(
        execFileSync(process.execPath, [program, path, ...args.map(String)], { encoding: 'utf8' })
          .trimEnd()
          .split('\n')
          .at(-1),
      );
    run('write', String(width));
    /** The minimum over all rounds: other programs on the machine can only add. */
    const found = new Map();
    for (let round = 0; round < values.rounds; round++) {
      loads.push(loadavg()[0]);
      for (const [name, method, how = ''] of methods) {
        const { peak, milliseconds } = run('train', JSON.stringify(method), values.batch, values.steps, how);
        const known = found.get(name) ?? { peak: Infinity, milliseconds: Infinity };
        found.set(name, { peak: Math.min(known.peak, peak), milliseconds: Math.min(known.milliseconds, milliseconds) });
        console.error(`${model}, ${name}: ${peak.toFixed(0)} MB, ${milliseconds.toFixed(1)} ms per image`);
      }
    }
    const rows = [...found].map(([name, { peak, milliseconds }]) => [
      name,
      peak.toFixed(0),
      milliseconds.toFixed(1),
      (1000 / milliseconds).toFixed(1),
    ]);
    const broken = ladders.flatMap((ladder) =>
      ladder
        .slice(1)
        .flatMap((upper, i) =>
          found.get(ladder[i]).peak <= found.get(upper).peak ? [] : [`${ladder[i]} takes more memory than ${upper}`],
        ),
    );
    const order = broken.length
      ? `**Unexpected:** ${broken.join('; ')}.`
      : 'The memory of the methods has the expected order.';
    return `### ViT-${model === 'ti' ? 'Ti' : model.toUpperCase()}/16 at 224, batch ${values.batch}\n\n${table(['method', '>peak memory, MB', '>ms per image', '>images/s'], rows)}\n\n${order}`;
  });
  const text = [
    '## Memory and time by method',
    `${machine(loads)} \`node bench/methods.mjs\`, ${values.steps} training steps and one evaluation, each method in its own process; the minimum of ${values.rounds} rounds. The peak is that of the whole process, Node included.`,
    ...sections,
  ].join('\n\n');
  console.log(text);
  if (!values.dry) writeSection('methods', text);
} finally {
  rmSync(folder, { recursive: true });
}

function widthsOf(models) {
  return models.map((model) => {
    if (!(model in widths)) throw new Error(`${model} is not one of ${Object.keys(widths).join(', ')}`);
    return [model, widths[model]];
  });
}
