/**
 * A head, trained from cold start to its best checkpoint, against transformers' Trainer and against PyTorch on cached
 * features.
 */
import os from 'node:os';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../../scripts/ensure-installed.mjs';
import { bundle } from '../bundle.mjs';
import { machine, mean, median, percent, table } from '../page.mjs';
import { ensureModel, measure, names, run } from '../peer.mjs';
import { train } from '../training.mjs';

export const EPOCHS = 10;
export const BATCH = 16;
export const RATE = 3e-3;
/** Epochs of the peer's Trainer, where ten would take too long. */
const peerEpochs = { embedded: EPOCHS, ti: 2, s: 1, b: 1 };

/** Writes the input of our run with that seed for the peer. Returns the file and the number of labels. */
export async function planOf(dataset, seed, epochs) {
  const text = run(process.execPath, [await bundle('plan'), dataset, `${seed}`, `${epochs}`]);
  const file = join(root, 'build', 'bench', 'plan.json');
  writeFileSync(file, text);
  return { file, labels: JSON.parse(text).labels.length };
}

/**
 * The peer's complete training. If it ran fewer epochs than `epochs`, the time of one epoch is added for each missing
 * one.
 */
export function peerTraining(python, model, plan, { method, precision, epochs, ran = epochs, rate, threads }) {
  const options = { method, precision, epochs: ran, 'learning-rate': rate, threads, begun: Date.now() / 1000 };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const result = measure(python, [join('bench', 'peers', 'train.py'), model, plan.file, ...args]);
  const rest = (epochs - ran) * median(result.epoch_seconds);
  return { ...result, trained: result.trained + rest, seconds: result.wall + rest, isWhole: ran === epochs };
}

/** Our modes: the keys that each sets in a config. */
export const modes = { fp32: {}, int8: { frozenPrecision: 'int8' } };
const peerMethods = { head: 'transformers Trainer, frozen body', cached: 'PyTorch, cached features' };

export async function head({
  python,
  dataset,
  models,
  rounds,
  seeds,
  threads,
  peerPrecisions,
  say,
  peerEpochs: given,
}) {
  const loads = [];
  const sections = [];
  let versions;
  for (const name of ['embedded', ...models]) {
    // Accuracy needs pretrained weights and several splits; time does not.
    const seedsOfRounds = name === 'embedded' ? seeds : Array.from({ length: Math.ceil(rounds / 2) }, () => 42);
    const own = Object.entries(modes).map(([precision, mode]) => ({ name: '**ViTune**', precision, mode, runs: [] }));
    const peers = Object.entries(peerMethods).flatMap(([method, name]) =>
      peerPrecisions.map((precision) => ({ name, method, precision, runs: [] })),
    );
    for (const [round, seed] of seedsOfRounds.entries()) {
      loads.push(os.loadavg()[0]);
      const plan = await planOf(dataset, seed, EPOCHS);
      const model = ensureModel(python, name, plan.labels);
      const env = { VITUNE_THREADS: `${threads}` };
      for (const { precision, mode, runs } of own) {
        const config = {
          dataset,
          model,
          method: 'head',
          epochs: EPOCHS,
          batchSize: BATCH,
          learningRate: RATE,
          seed,
          ...mode,
        };
        const { wall, trained, accuracies, finished } = await train(config, { isCold: true, env });
        runs.push({
          seconds: wall,
          trained,
          accuracy: accuracies[0],
          peak: finished.peakMemoryBytes / 2 ** 20,
          isWhole: true,
        });
        say(`head, ${names[name]}, ViTune, ${precision}: ${trained.toFixed(1)} s, ${percent(accuracies[0])}`);
      }
      for (const { name: side, method, precision, runs } of peers) {
        // bf16 is measured only once, for its time.
        if (round && precision === 'bf16') continue;
        const ran = method === 'cached' ? EPOCHS : (given ?? peerEpochs[name]);
        const peer = peerTraining(python, model, plan, { method, precision, epochs: EPOCHS, ran, rate: RATE, threads });
        ({ versions } = peer);
        runs.push({ ...peer, peak: peer.peak_rss_mb });
        say(`head, ${names[name]}, ${side}, ${precision}: ${peer.trained.toFixed(1)} s, ${percent(peer.accuracy)}`);
      }
    }
    const of = ({ runs }, key) => median(runs.map((each) => each[key]));
    const all = [...own, ...peers];
    const rows = all.map((each) => {
      const { isWhole } = each.runs[0];
      return [
        each.name,
        each.precision,
        `${of(each, 'trained').toFixed(1)} s${isWhole ? '' : ` (from ${given ?? peerEpochs[name]} epochs)`}`,
        ...own.map((ours) => (of(each, 'trained') / of(ours, 'trained')).toFixed(1)),
        `${of(each, 'seconds').toFixed(1)} s`,
        isWhole && each.runs.length === seedsOfRounds.length
          ? percent(mean(each.runs.map(({ accuracy }) => accuracy)))
          : '',
        of(each, 'peak').toFixed(0),
        (of(each, 'peak') / of(own[0], 'peak')).toFixed(2),
      ];
    });
    const headings = [
      'side',
      'precision',
      `>${EPOCHS} epochs`,
      ...own.map(({ precision }) => `>ViTune ${precision} is faster by`),
      '>whole process',
      '>best accuracy',
      '>peak memory, MB',
      '>of ViTune’s',
    ];
    sections.push(
      `### ${names[name]}, ${name === 'embedded' ? `seeds ${seedsOfRounds.join(', ')}` : `rounds: ${seedsOfRounds.length}`}\n\n${table(headings, rows)}`,
    );
  }
  return `## Head: ${EPOCHS} epochs on ${basename(dataset)} from cold start to the best checkpoint

Seconds from the command until ${EPOCHS} epochs are trained, evaluated and saved, so that the best checkpoint is on disk; the photos are decoded during training. The whole process ends
later: ViTune opens that checkpoint in a fresh process and compares its outputs, the peer loads it. Both sides have the same photos in the same order, batch ${BATCH}, initial
weights (also of the head), schedule and learning rate (${RATE}), no augmentation, ${threads} threads. ViTune's int8 is \`frozenPrecision\`. The peer decodes in a worker process while it trains; its memory is that of the main process alone. Medians; accuracy is the mean over seeds, each with its own split.
Bodies other than the embedded one have random weights, so their accuracy says little; "from n epochs" is measured on n, and the rest is extrapolated from the time of one.

${sections.join('\n\n')}

${machine(loads, versions)}`;
}
