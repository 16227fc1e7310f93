/** `vitune diff`: which images changed their answer between two models, and who was right. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { coverageWords } from '../../shared/coverage.js';
import { pairedWords } from '../../shared/pairedTest.js';
import { diff as diffModels } from '../inference/diff.js';
import type { CommandOutputs, DiffCounts } from '../protocol.js';
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
  const { coverage } = found;
  output.line();
  for (const { task, ...counts } of found.tasks ?? [{ task: undefined, ...found }]) {
    output.line(task === undefined ? countWords(counts) : `${task}: ${countWords(counts)}`);
    output.line(`${second}: ${pairedWords(counts.test, first, l10n.t)}`);
  }
  const [ofFirst, ofSecond] = [coverageWords(coverage.was, l10n.t), coverageWords(coverage.is, l10n.t)];
  const isSame = ofFirst.join('\n') === ofSecond.join('\n');
  for (const line of isSame
    ? ofFirst
    : [...ofFirst.map((each) => `${first}: ${each}`), ...ofSecond.map((each) => `${second}: ${each}`)])
    output.line(line);
}

const countWords = ({ images, changed, wasRight, isRight, neither }: DiffCounts): string =>
  l10n.t(
    '{0} of {1} images changed their answer: {2} were right before, {3} are right now, {4} are wrong both times.',
    changed,
    images,
    wasRight,
    isRight,
    neither,
  );
