/**
 * Runs as a separate process: works on a run of the config in argv[2] (argv[3]: create or resume), prints its actions,
 * and stops on request.
 */
import { loadConfig } from '../../../src/trainer/config/load.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { ActiveRun } from '../../../src/trainer/runs/activeRun.js';

const print = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
try {
  const loaded = await loadConfig(process.argv[2]!);
  const run = await (process.argv[3] === 'resume' ? ActiveRun.resume(loaded) : ActiveRun.create(loaded));
  print({ run: run.path, resumeFrom: run.resumeFrom });
  run.emit({ type: 'progress', phase: 'decode', done: 0, total: 1 });
  let done = 0;
  const timer = setInterval(() => run.emit({ type: 'progress', phase: 'decode', done: done++, total: 1000 }), 5);
  run.stopRequest.addEventListener('abort', () => {
    clearInterval(timer);
    run.emit({ type: 'stopped', run: run.path, step: done });
    void run.close();
  });
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  print(error.toInfo());
}
