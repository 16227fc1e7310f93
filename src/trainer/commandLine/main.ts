/**
 * Entry of the trainer's child process: `train CONFIG` for a run that outlives its window, `serve` for classification,
 * `images` for the editor's grids, and the command line's own.
 */
import { crossCheckCommand, estimateCommand, logitsCommand, probeCommand, trialCommand } from '../core/program.js';
import { explainMemory, infoOf } from '../errors/errors.js';
import { setLanguage } from '../core/language.js';
import type { DeviceName, ImagesRequest, ImagesResponse, ServeResponse, ServeRequest } from '../protocol.js';
import type { LogitsRequest } from '../inference/computeLogits.js';
import type { CheckRequest } from '../training/crossCheck.js';
import type { EstimateRequest } from '../training/estimateApart.js';
import type { TrialRequest } from '../training/trial.js';

await setLanguage();
const [command, argument] = process.argv.slice(2);
/** Done when nothing of it would be lost in a crash. */
const printed = (output: unknown): Promise<void> =>
  new Promise((resolve) => process.stdout.write(`${JSON.stringify(output)}\n`, () => resolve()));
const print = (output: unknown): void => void printed(output);

/** Thumbnails take no more than this, nor than the limit of all decoded images. */
const thumbnailBytes = 2e9;

/**
 * Each command loads only the code it needs: a short command ends before the rest of the program would have been read.
 */
const tasks: Record<string, () => Promise<unknown>> = {
  [probeCommand]: async () => {
    const { answersOn } = await import('../engine/probe.js');
    for await (const output of answersOn(argument as DeviceName)) await printed(output);
  },
  [logitsCommand]: async () => {
    const { computeLogits } = await import('../inference/computeLogits.js');
    print(
      await computeLogits(JSON.parse(argument!) as LogitsRequest).catch((error: unknown) => ({ error: infoOf(error) })),
    );
  },
  [trialCommand]: async () => {
    const { tryBatches } = await import('../training/trial.js');
    await tryBatches(JSON.parse(argument!) as TrialRequest, print);
  },
  [crossCheckCommand]: async () => {
    const { crossCheck } = await import('../training/crossCheck.js');
    print(await crossCheck(JSON.parse(argument!) as CheckRequest));
  },
  [estimateCommand]: async () => {
    // Nobody would hear the answer once the process that asked is gone.
    process.stdin.on('close', () => process.exit(1)).resume();
    process.stdin.unref();
    const { estimateTraining } = await import('../training/estimate.js');
    await estimateTraining(JSON.parse(argument!) as EstimateRequest, print).catch((error: unknown) =>
      printed({ type: 'failed', error: infoOf(explainMemory(error)) }),
    );
  },
  serve: async () => {
    const { serve } = await import('../inference/serve.js');
    serve({
      send: (output: ServeResponse) => process.send?.(output),
      onRequest: (listen) => process.on('message', (message) => listen(message as ServeRequest)),
    });
    // The window that forked this process is gone.
    process.on('disconnect', () => process.exit(0));
  },
  images: async () => {
    const [{ serveImages }, { Thumbnails }, { cacheFolder, cacheLimit, thumbnailFolder }] = await Promise.all([
      import('../data/serveImages.js'),
      import('../data/thumbnails.js'),
      import('../runs/cacheFolder.js'),
    ]);
    serveImages(new Thumbnails(thumbnailFolder(cacheFolder()), Math.min(thumbnailBytes, cacheLimit('images'))), {
      send: (output: ImagesResponse) => process.send?.(output),
      onRequest: (listen) => process.on('message', (message) => listen(message as ImagesRequest)),
    });
    process.on('disconnect', () => process.exit(0));
  },
};

if (command !== undefined && Object.hasOwn(tasks, command)) await tasks[command]!();
else {
  const { runCommandLine } = await import('./run.js');
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
