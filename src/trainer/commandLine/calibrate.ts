/** `vitune calibrate`: computes the calibration of a checkpoint that has none, or has another. */
import { calibrationWords } from '../../shared/calibrationWords.js';
import { calibrateCheckpoint } from '../inference/calibrateCheckpoint.js';
import type { CommandOutputs } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { bar, calibrationFormats, type Output } from './output.js';

export async function calibrate(
  { operands, dataset, accept: accepted }: Arguments<'calibrate'>,
  output: Output<CommandOutputs['calibrate']>,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = await resolveCheckpoint(operands[0]!);
  const { tasks, unknown } = await calibrateCheckpoint({
    checkpoint,
    dataset,
    accepted,
    cacheFolder: cacheFolder(),
    signal,
    onProgress(done, total) {
      output.json({ type: 'progress', phase: 'evaluate', done, total });
      output.status(`${bar(done / total)} ${done}/${total}`);
    },
    onProblem: (problem) => output.problem(problem),
  });
  const rule = unknown && {
    accepted: unknown.accepted,
    threshold: unknown.threshold,
    images: unknown.labels.length,
  };
  output.json({ type: 'calibrated', checkpoint, tasks, ...(rule && { unknown: rule }) });
  for (const line of calibrationWords({ tasks, unknown: rule }, calibrationFormats)) output.line(line);
  output.line(checkpoint);
}
