/** `vitune diff`: which images changed their answer between two models, and who was right. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { diffWords } from '../../shared/diffWords.js';
import { diff as diffModels } from '../inference/diff.js';
import type { CommandOutputs } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { evaluatedImages } from './evaluatedImages.js';
import { bar, type Output } from './output.js';

export async function diff(
  { operands, dataset, split, all, list }: Arguments<'diff'>,
  output: Output<CommandOutputs['diff']>,
  signal: AbortSignal,
): Promise<void> {
  const [first, second] = operands as [string, string];
  const { problems, ...found } = await diffModels({
    was: await resolveCheckpoint(first),
    is: await resolveCheckpoint(second),
    ...(await evaluatedImages('diff', { dataset, split, all }, output, signal)),
    ...(list === undefined ? {} : { list: resolve(list) }),
    onProgress(done, total) {
      if (list !== undefined) output.json({ type: 'progress', phase: 'evaluate', done, total });
      output.status(`${bar(done / total)} ${done}/${total}`);
    },
    onFlip(flip) {
      output.json(flip);
      const { path, was, is, truth, task } = flip;
      const change = `${path}: ${was} → ${is} (${truth})`;
      output.line(task === undefined ? change : `${change} [${task}]`);
    },
  });
  problems.forEach((info) => output.problem(info));
  output.json({ type: 'diff', ...found });
  output.line();
  for (const line of diffWords(found, { was: first, is: second }, l10n.t)) output.line(line);
}
