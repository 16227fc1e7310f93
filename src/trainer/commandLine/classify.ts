/** `vitune classify`: what a checkpoint says of images. */
import * as l10n from '@vscode/l10n';
import type { CommandOutputs, Prediction } from '../protocol.js';
import { Classifier, imagesOf } from '../inference/classifier.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { percent, type Output } from './output.js';
import { triedDevice } from './triedDevice.js';

export async function classify(
  { operands, checkpoint, top, accept: accepted, device: wanted }: Arguments<'classify'>,
  output: Output<CommandOutputs['classify']>,
  signal: AbortSignal,
): Promise<boolean> {
  const folder = await resolveCheckpoint(checkpoint);
  const files = await imagesOf(operands, signal);
  const device = await triedDevice(wanted, output);
  const isSoonDone = files.length <= 8;
  const classifier = await Classifier.open(folder, isSoonDone ? 1 : 'many', { maps: isSoonDone, device });
  for (const notice of classifier.notices) output.problem(notice.toInfo());
  let classified = 0;
  for await (const result of classifier.classify(files, { top, accepted }, signal)) {
    output.json({ type: 'classification', ...result });
    if (!('error' in result)) classified++;
    if ('error' in result) output.line(`${result.path}\n  ${result.error.message}`);
    else {
      const lines = (predictions: readonly Prediction[]) =>
        predictions.map(({ label, probability }) => `  ${percent(probability).padStart(7)}  ${label}`);
      const { tasks, unknown } = result;
      output.line(
        [
          result.path,
          ...(unknown?.isUnknown ? [`  ${l10n.t('unknown; nearest: {0}', unknown.nearest.join(', '))}`] : []),
          ...(tasks
            ? tasks.flatMap(({ task, predictions }) => [`  ${task}`, ...lines(predictions)])
            : lines(result.predictions)),
        ].join('\n'),
      );
    }
  }
  await classifier.dispose();
  // Some unreadable files among many are not an error of the call; no readable file is.
  return classified > 0;
}
