/**
 * Images per second of TensorFlow.js beside ONNX Runtime, on the CPU or where each finds a graphics card: training steps
 * of three methods, and forward passes. Rounds of the two alternate, each in a process of its own, so that what else the
 * machine does slows both; the ratio is that of their medians.
 *
 *     node bench/tensorflow.mjs [--models ti,embedded] [--batch 8] [--rounds 3] [--seconds 6] [--against cpu]
 *
 * Where VITUNE_TENSORFLOW is not set, the package is that of scripts/ensure-tensorflow.mjs. The weights of ViT-Ti/16,
 * ViT-S/16 and ViT-B/16 at 224 are random, since speed does not depend on them. docs/tensorflow.md holds the last table.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTensorflow } from '../scripts/ensure-tensorflow.mjs';
import { root } from '../scripts/ensure-installed.mjs';
import { readArguments } from './arguments.mjs';
import { bundle } from './bundle.mjs';
import { names } from './peer.mjs';

const { values } = readArguments('node bench/tensorflow.mjs', {
  models: ['ti', 'embedded'],
  methods: ['lora', 'qlora', 'full'],
  batch: 8,
  rounds: 3,
  seconds: 6,
  against: 'cpu',
});
const widths = { ti: 192, s: 384, b: 768 };
const env = { ...process.env, VITUNE_TENSORFLOW: process.env.VITUNE_TENSORFLOW ?? ensureTensorflow() };
const folder = mkdtempSync(join(tmpdir(), 'vitune-tensorflow-'));

function lastLine(program, args) {
  const text = execFileSync(process.execPath, [program, ...args], { encoding: 'utf8', env });
  return JSON.parse(text.trimEnd().split('\n').at(-1));
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

try {
  const [writer, measurer] = [await bundle('memory'), await bundle('gpu/gpu')];
  const rows = [];
  for (const model of values.models) {
    const at = model === 'embedded' ? join(root, 'media', 'embedded') : join(folder, model);
    if (model !== 'embedded') execFileSync(process.execPath, [writer, at, 'write', String(widths[model])]);
    for (const method of values.methods) {
      const rates = { [values.against]: { step: [], forward: [] }, tensorflow: { step: [], forward: [] } };
      for (let round = 0; round < values.rounds; round++) {
        for (const [device, { step, forward }] of Object.entries(rates)) {
          const { batch: batchSize, seconds } = values;
          const request = { folder: at, device, method, frozenPrecision: 'fp32', batchSize, steps: 1, seconds };
          const found = lastLine(measurer, ['--case', JSON.stringify(request)]);
          step.push(found.imagesPerSecond);
          forward.push(found.forwardImagesPerSecond);
        }
      }
      for (const what of ['step', 'forward']) {
        const [theirs, ours] = [rates[values.against], rates.tensorflow].map((each) => median(each[what]));
        const row = [
          names[model],
          `${method}, ${what}`,
          theirs.toFixed(1),
          ours.toFixed(1),
          (ours / theirs).toFixed(2),
        ];
        console.error(row.join('  '));
        rows.push(`| ${row.join(' | ')} |`);
      }
    }
  }
  const head = ['model', 'what', `ONNX Runtime, ${values.against}`, 'TensorFlow.js', 'ratio'];
  console.log([`| ${head.join(' | ')} |`, '| --- | --- | --: | --: | --: |', ...rows].join('\n'));
} finally {
  rmSync(folder, { recursive: true });
}
