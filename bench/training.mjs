/** Runs `vitune train` from the bundle, as a user does, and collects its events. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from '../scripts/ensure-installed.mjs';

/**
 * Trains with a config. `events` are all events, `finished` the last one. `accuracies` are those of each task in the best
 * evaluation, `lastAccuracies` in the last one. `wall` are the seconds from the command to its end, `trained` those until
 * the last checkpoint is saved and the best is re-evaluated, `first` those to the first loss. `curve` is the accuracy of
 * each validation with its seconds. `keep` is called with the run folder, which is then removed. With `isCold` the caches
 * are new and are removed as well.
 */
export async function train(config, { isCold = false, keep, env = {} } = {}) {
  const work = mkdtempSync(join(tmpdir(), 'vitune-bench-'));
  try {
    const file = join(work, 'bench.vitune.json');
    const output = join(work, 'run');
    writeFileSync(file, JSON.stringify({ device: 'cpu', ...config, output }));
    const events = [];
    const start = performance.now();
    const curve = [];
    let first;
    let trained;
    let stderr = '';
    const child = spawn(process.execPath, [join(root, 'dist', 'trainer', 'cli.mjs'), 'train', file, '--json'], {
      env: { ...process.env, ...(isCold ? { VITUNE_CACHE: join(work, 'cache') } : {}), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stderr.on('data', (data) => (stderr += data));
    for await (const line of createInterface({ input: child.stdout })) {
      const event = JSON.parse(line);
      if (event.type === 'partialStep' || event.type === 'step' || event.type === 'evaluation')
        first ??= (performance.now() - start) / 1000;
      if (event.type === 'evaluation' && event.split === 'validation' && !event.judged)
        curve.push({ seconds: (performance.now() - start) / 1000, accuracy: event.accuracy });
      if (event.type === 'checkpoint' || event.judged) trained = (performance.now() - start) / 1000;
      events.push(event);
    }
    const code = child.exitCode ?? (await new Promise((resolve) => child.on('exit', resolve)));
    const wall = (performance.now() - start) / 1000;
    if (code !== 0) throw new Error(stderr);
    const finished = events.find(({ type }) => type === 'finished');
    const best = events.findLast(
      ({ type, step, split }) => type === 'evaluation' && split === 'validation' && step === finished.best.step,
    );
    const accuraciesOf = (evaluation) => (evaluation.tasks ?? [evaluation]).map(({ accuracy }) => accuracy);
    const last = events.findLast(
      ({ type, split, judged }) => type === 'evaluation' && split === 'validation' && !judged,
    );
    const [accuracies, lastAccuracies] = [accuraciesOf(best), accuraciesOf(last)];
    keep?.(output);
    return {
      events,
      finished,
      accuracies,
      lastAccuracies,
      images: events.find(({ type }) => type === 'started').images,
      wall,
      trained,
      curve,
      first,
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
