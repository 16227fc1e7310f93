/**
 * LoRA on all blocks against PyTorch with PEFT: images per second, and accuracy and time of whole trainings.
 */
import os from 'node:os';
import { join } from 'node:path';
import { bundle } from '../bundle.mjs';
import { machine, mean, median, percent, table } from '../page.mjs';
import { ensureModel, measure, names } from '../peer.mjs';
import { train } from '../training.mjs';
import { peerTraining, planOf } from './head.mjs';

const RANK = 8;
const RATE = 1e-3;
const BATCH = { speed: 4, training: 16 };
const EPOCHS = 5;
const method = { type: 'lora', rank: RANK };
/** Our modes: the keys that each sets in a config. */
const modes = { fp32: { method }, int8: { method, frozenPrecision: 'int8' } };
const figures = ['images_per_second', 'forward_images_per_second', 'peak_rss_mb'];

/** Times steps on images in memory. */
async function speed({ python, models, rounds, seconds, threads, peerPrecisions, compile, say }, loads) {
  const ours = await bundle('vitune');
  const peer = join('bench', 'peers', 'vit_lora.py');
  const peers = peerPrecisions.flatMap((precision) => [[precision], ...(compile ? [[precision, '--compile']] : [])]);
  const sections = [];
  let versions = {};
  let before = 0;
  for (const name of models) {
    const shared = [
      ensureModel(python, name, 6),
      '--batch',
      `${BATCH.speed}`,
      '--threads',
      `${threads}`,
      '--seconds',
      `${seconds}`,
    ];
    const sides = [
      ...Object.entries(modes).map(
        ([name, mode]) =>
          () =>
            measure(process.execPath, [ours, ...shared, '--precision', name, '--mode', JSON.stringify(mode)]),
      ),
      ...peers.map(
        ([precision, ...more]) =>
          () =>
            measure(python, [peer, ...shared, '--rank', `${RANK}`, '--precision', precision, ...more]),
      ),
    ];
    const runs = sides.map(() => []);
    for (let round = 0; round < rounds; round++) {
      loads.push(os.loadavg()[0]);
      for (const [i, side] of sides.entries()) {
        const result = side();
        runs[i].push(result);
        versions = { ...versions, ...result.versions };
        before = result.rss_before_model_mb ?? before;
        say(
          `lora, ${names[name]}, ${result.side} ${result.precision}: ${result.images_per_second.toFixed(1)} images/s`,
        );
      }
    }
    const medians = runs.map((list) => ({
      ...list[0],
      ...Object.fromEntries(figures.map((key) => [key, median(list.map((each) => each[key]))])),
    }));
    const [own] = medians;
    const best = Math.max(...medians.slice(0, Object.keys(modes).length).map((each) => each.images_per_second));
    const rows = medians.map((each) => [
      each.side,
      each.precision,
      each.images_per_second.toFixed(1),
      (own.images_per_second / each.images_per_second).toFixed(2),
      (best / each.images_per_second).toFixed(2),
      each.forward_images_per_second.toFixed(1),
      each.peak_rss_mb.toFixed(0),
      (each.peak_rss_mb / own.peak_rss_mb).toFixed(2),
    ]);
    const headings = [
      'side',
      'precision',
      '>training, images/s',
      '>ViTune fp32 is faster by',
      '>ViTune’s best is faster by',
      '>forward only, images/s',
      '>peak memory, MB',
      '>of ViTune’s',
    ];
    sections.push(`### ${names[name]}, ${rounds} rounds\n\n${table(headings, rows)}`);
  }
  if (before) sections.push(`${before.toFixed(0)} MB of the peer’s memory are in use before a model exists.`);
  return { text: sections.join('\n\n'), versions };
}

/** Whole trainings of a model on photos, each side in the given modes. */
async function trainings({ python, dataset, threads, say }, loads, { name: modelName, seeds, ours, theirs }) {
  const own = ours
    .map((name) => [name, modes[name]])
    .map(([name, mode]) => ({
      name: `**ViTune**, ${name}`,
      start: async ({ model, seed }) => {
        const augmentation = { randomResizedCrop: false, horizontalFlip: 0 };
        const config = {
          dataset,
          model,
          ...mode,
          epochs: EPOCHS,
          batchSize: BATCH.training,
          learningRate: RATE,
          augmentation,
          seed,
        };
        const { trained, curve, accuracies, finished } = await train(config, {
          isCold: true,
          env: { VITUNE_THREADS: `${threads}` },
        });
        return { trained, curve, accuracy: accuracies[0], peak: finished.peakMemoryBytes / 2 ** 20 };
      },
    }));
  const peers = theirs.map((precision) => ({
    name: `transformers Trainer + PEFT, ${precision}`,
    start: async ({ model, plan }) => {
      const result = peerTraining(python, model, plan, {
        method: 'lora',
        precision,
        epochs: EPOCHS,
        rate: RATE,
        threads,
      });
      const ends = result.epoch_seconds.map(
        (_, i, all) => result.trained - all.slice(i + 1).reduce((sum, each) => sum + each, 0),
      );
      return {
        ...result,
        curve: result.history.map((accuracy, i) => ({ seconds: ends[i], accuracy })),
        peak: result.peak_rss_mb,
      };
    },
  }));
  const sides = [...own, ...peers];
  const runs = sides.map(() => []);
  let versions = {};
  for (const seed of seeds) {
    loads.push(os.loadavg()[0]);
    const plan = await planOf(dataset, seed, EPOCHS);
    const model = ensureModel(python, modelName, plan.labels);
    for (const [i, { name, start }] of sides.entries()) {
      const result = await start({ model, plan, seed });
      versions = { ...versions, ...result.versions };
      runs[i].push(result);
      say(`lora, ${names[modelName]}, ${name}: ${result.trained.toFixed(1)} s, ${percent(result.accuracy)}`);
    }
  }
  // For each seed: the accuracy that every side reaches, and the time of reaching it first.
  for (const round of seeds.keys()) {
    const reached = Math.min(...runs.map((list) => Math.max(...list[round].curve.map(({ accuracy }) => accuracy))));
    for (const list of runs) list[round].equal = list[round].curve.find(({ accuracy }) => accuracy >= reached).seconds;
  }
  const of = (list, key) => median(list.map((each) => each[key]));
  const best = (key) => Math.min(...runs.slice(0, own.length).map((list) => of(list, key)));
  const rows = runs.map((list, i) => [
    sides[i].name,
    ...['trained', 'equal'].flatMap((key) => [`${of(list, key).toFixed(1)} s`, (of(list, key) / best(key)).toFixed(2)]),
    percent(mean(list.map(({ accuracy }) => accuracy))),
    of(list, 'peak').toFixed(0),
    (of(list, 'peak') / of(runs[0], 'peak')).toFixed(2),
  ]);
  const text = table(
    [
      'side',
      `>${EPOCHS} epochs from cold start`,
      '>ViTune’s best is faster by',
      '>to equal accuracy',
      '>ViTune’s best is faster by',
      '>best accuracy',
      '>peak memory, MB',
      '>of ViTune’s',
    ],
    rows,
  );
  return { text: `#### ${names[modelName]}, seeds ${seeds.join(', ')}\n\n${text}`, versions };
}

export async function lora(o) {
  const loads = [];
  const { text, versions } = await speed(o, loads);
  const best = { ours: ['int8'], theirs: o.peerPrecisions.slice(-1), seeds: o.seeds.slice(0, 1) };
  const kinds = [
    { name: 'embedded', seeds: o.seeds, ours: Object.keys(modes), theirs: o.peerPrecisions },
    ...o.trainings.map((name) => ({ name, ...best })),
  ];
  const wholes = [];
  for (const kind of kinds) wholes.push(await trainings(o, loads, kind));
  return `## LoRA: rank ${RANK} on query and value of all blocks

Speed: batches of ${BATCH.speed} images at 224 from memory, ${o.threads} threads, random weights, ${o.seconds} s of training and ${o.seconds} s of forward passes in each round, both sides alternating; medians.${o.compile ? '' : '\nPyTorch runs without torch.compile, which did not speed up its training where it was tried (`--compile` measures it).'}

${text}

### Whole trainings

Batch ${BATCH.training}, learning rate ${RATE}, the same split, order and schedule, no augmentation; from the command to the last checkpoint, as for the head, and in int8 until the best checkpoint has been re-evaluated in fp32.
"To equal accuracy": until a validation first reaches the best accuracy of the weakest side, by seed; each side validates in the precision in which it trains.
Medians; accuracy is the mean over the seeds, for ViTune that of the best checkpoint in fp32. Each side initialises its adapters itself.

${wholes.map((each) => each.text).join('\n\n')}

${machine(loads, Object.assign({}, versions, ...wholes.map((each) => each.versions)))}`;
}
