/** Waiting times of a user: from the command to the first metric, and for the classification of one image. */
import { readdirSync } from 'node:fs';
import os from 'node:os';
import { dirname, join } from 'node:path';
import { bundle } from '../bundle.mjs';
import { machine, median, table } from '../page.mjs';
import { ensureModel, measure, names, run } from '../peer.mjs';
import { train } from '../training.mjs';

/** The usual first configs: the keys that each sets. */
const frozenPrecision = 'int8';
const ways = {
  head: { method: 'head' },
  'head in int8': { method: 'head', frozenPrecision },
  lora: { method: 'lora' },
  'lora in int8': { method: 'lora', frozenPrecision },
};

function seconds(program, args, env) {
  const start = performance.now();
  run(program, args, env);
  return (performance.now() - start) / 1000;
}

export async function start({ cli, python, dataset, models, rounds, threads, say }) {
  const env = { VITUNE_THREADS: `${threads}` };
  const all = ['embedded', ...models];
  const folders = Object.fromEntries(all.map((name) => [name, ensureModel(python, name, 6)]));
  const images = readdirSync(dataset, { recursive: true })
    .filter((name) => name.endsWith('.jpg'))
    .sort()
    .slice(0, 33)
    .map((name) => join(dataset, name));
  const loads = [];
  const times = new Map();
  const note = (name, value) => {
    times.set(name, [...(times.get(name) ?? []), value]);
    say(`start, ${name}: ${value.toFixed(2)} s`);
  };
  const importing = ['-c', 'import torch, transformers'];
  // The first import may read its files from disk.
  run(python, importing);
  for (let round = 0; round < rounds; round++) {
    loads.push(os.loadavg()[0]);
    note('import', seconds(python, importing));
    for (const name of all) {
      const config = { dataset, model: folders[name], epochs: 1, maxSteps: 1, batchSize: 16 };
      for (const [way, settings] of Object.entries(ways))
        note(`${name} ${way}`, (await train({ ...config, ...settings }, { isCold: true, env })).first);
      note(
        `${name} classify`,
        seconds(process.execPath, [cli, 'classify', images[0], '--checkpoint', folders[name]], env),
      );
      note(
        `${name} pipeline`,
        seconds(python, [join('bench', 'peers', 'classify.py'), folders[name], images[0], '--threads', `${threads}`]),
      );
    }
  }
  const warmProgram = await bundle('warm');
  const main = join(dirname(cli), 'main.mjs');
  const warm = Object.fromEntries(
    all.map((name) => [name, measure(process.execPath, [warmProgram, main, folders[name], ...images], env)]),
  );
  const of = (name) => median(times.get(name));
  const text = (value) => `${value.toFixed(2)} s`;
  const milliseconds = (value) => `${value.toFixed(1)} ms`;
  const first = table(
    ['from the command to the first metric', '>ViTune', '>`import torch, transformers` alone'],
    all.flatMap((name) =>
      Object.keys(ways).map((way) => [`${way}, ${names[name]}`, text(of(`${name} ${way}`)), text(of('import'))]),
    ),
  );
  const cold = table(
    ['one image, cold', '>`vitune classify`', '>transformers pipeline', '>ViTune is faster by'],
    all.map((name) => [
      names[name],
      text(of(`${name} classify`)),
      text(of(`${name} pipeline`)),
      (of(`${name} pipeline`) / of(`${name} classify`)).toFixed(1),
    ]),
  );
  const rest = table(
    ['one image, warm', '>decode', '>forward', '>whole request', '>beyond decode and forward'],
    all.map((name) => {
      const { decode, forward, whole } = warm[name];
      return [names[name], ...[decode, forward, whole, whole - decode - forward].map(milliseconds)];
    }),
  );
  return `## Start

Whole processes on the bundle, medians of ${rounds} rounds, alternating. The first metric is the first loss: of the first step, or of its first part where the step is computed in parts (16 images
at 224 with LoRA). Caches are empty, so photos are decoded first, and the head computes the features of its first batch. Both sides classify with the same weights. Warm: medians of ${images.length - 3} photos in the process that the editor keeps.

${first}

${cold}

${rest}

${machine(loads)}`;
}
