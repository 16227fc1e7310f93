/** Must show 1: a head, trained from cold start to its best checkpoint, beside transformers' Trainer and beside PyTorch on cached features. */
import os from 'node:os';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../../scripts/ensure-installed.mjs';
import { bundle } from '../bundle.mjs';
import { machine, mean, median, percent, table } from '../page.mjs';
import { ensureModel, measure, names, run } from '../peer.mjs';
import { train } from '../training.mjs';

const EPOCHS = 10;
const BATCH = 16;
const RATE = 3e-3;
/** Of the peer's Trainer, where ten would take too long. */
const peerEpochs = { embedded: EPOCHS, ti: 2, s: 1, b: 1 };

/** Writes what our run of that seed reads, for the peer, and returns the file and the number of labels. */
export async function planOf(dataset, seed, epochs) {
  const text = run(process.execPath, [await bundle('plan'), dataset, `${seed}`, `${epochs}`]);
  const file = join(root, 'build', 'bench', 'plan.json');
  writeFileSync(file, text);
  return { file, labels: JSON.parse(text).labels.length };
}

/** The peer's whole training; where it ran fewer epochs than `epochs`, its seconds are those of one epoch times the rest on top. */
export function peerTraining(python, model, plan, { method, precision, epochs, ran = epochs, rate, threads }) {
  const options = { method, precision, epochs: ran, 'learning-rate': rate, threads };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, `${value}`]);
  const result = measure(python, [join('bench', 'peers', 'train.py'), model, plan.file, ...args]);
  return { ...result, seconds: result.wall + (epochs - ran) * median(result.epoch_seconds), isWhole: ran === epochs };
}

const sides = [
  { name: 'transformers Trainer, frozen body', method: 'head', precision: 'fp32' },
  { name: 'transformers Trainer, frozen body', method: 'head', precision: 'bf16' },
  { name: 'PyTorch, cached features', method: 'cached', precision: 'fp32' },
  { name: 'PyTorch, cached features', method: 'cached', precision: 'bf16' },
];

export async function head({ python, dataset, models, rounds, seeds, threads, say, peerEpochs: given }) {
  const loads = [];
  const sections = [];
  let versions;
  for (const name of ['embedded', ...models]) {
    // Accuracy asks for weights that know something, and for several splits; time does not.
    const turns = name === 'embedded' ? seeds : Array.from({ length: Math.ceil(rounds / 2) }, () => 42);
    const runs = [[], ...sides.map(() => [])];
    for (const [turn, seed] of turns.entries()) {
      loads.push(os.loadavg()[0]);
      const plan = await planOf(dataset, seed, EPOCHS);
      const model = ensureModel(python, name, plan.labels);
      const env = { VITUNE_THREADS: `${threads}` };
      const config = { dataset, model, method: 'head', epochs: EPOCHS, batchSize: BATCH, learningRate: RATE, seed };
      const ours = await train(config, { isCold: true, env });
      runs[0].push({ seconds: ours.wall, accuracy: ours.accuracies[0], peak: ours.finished.peakMemoryBytes / 2 ** 20, isWhole: true });
      say(`head, ${names[name]}, ViTune: ${ours.wall.toFixed(1)} s, ${percent(ours.accuracies[0])}`);
      for (const [i, { name: side, method, precision }] of sides.entries()) {
        // Half the precision is measured for its time alone.
        if (turn && precision === 'bf16') continue;
        const ran = method === 'cached' ? EPOCHS : (given ?? peerEpochs[name]);
        const peer = peerTraining(python, model, plan, { method, precision, epochs: EPOCHS, ran, rate: RATE, threads });
        ({ versions } = peer);
        runs[i + 1].push({ ...peer, peak: peer.peak_rss_mb });
        say(`head, ${names[name]}, ${side}, ${precision}: ${peer.seconds.toFixed(1)} s, ${percent(peer.accuracy)}`);
      }
    }
    const of = (list, key) => median(list.map((each) => each[key]));
    const [own] = runs;
    const rows = runs.map((list, i) => {
      const { name: side, precision } = i ? sides[i - 1] : { name: '**ViTune**', precision: 'fp32' };
      return [
        side,
        precision,
        `${of(list, 'seconds').toFixed(1)} s${list[0].isWhole ? '' : ` (from ${given ?? peerEpochs[name]} epochs)`}`,
        (of(list, 'seconds') / of(own, 'seconds')).toFixed(1),
        list[0].isWhole && list.length === turns.length ? percent(mean(list.map(({ accuracy }) => accuracy))) : '',
        of(list, 'peak').toFixed(0),
        (of(list, 'peak') / of(own, 'peak')).toFixed(2),
      ];
    });
    const headings = ['side', 'precision', `>${EPOCHS} epochs`, '>ViTune is faster by', '>best accuracy', '>peak memory, MB', '>of ViTune’s'];
    sections.push(`### ${names[name]}, ${name === 'embedded' ? `seeds ${turns.join(', ')}` : `rounds: ${turns.length}`}\n\n${table(headings, rows)}`);
  }
  return `## Head: ${EPOCHS} epochs on ${basename(dataset)} from cold start to the best checkpoint

Seconds from the command to the end of the process, which decodes the photos, evaluates and saves after each epoch and leaves the best checkpoint. Both sides have the
same photos in the same order, batch ${BATCH}, first weights (the head's too), schedule and learning rate (${RATE}), no augmentation, ${threads} threads. The peer decodes in a
worker process while it trains; memory is that of its main process alone. Medians; accuracy is the mean over seeds, each of which draws its own split.
Bodies other than the embedded one have random weights, so that their accuracy says little; "from n epochs" is measured on n, and the rest is extrapolated from the time of one.

${sections.join('\n\n')}

${machine(loads, versions)}`;
}
