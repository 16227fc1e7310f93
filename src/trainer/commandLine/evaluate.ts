/** `vitune evaluate`: how right a checkpoint is on a folder of labelled images. */
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { coverageWords } from '../../shared/coverage.js';
import type { Interval } from '../../shared/interval.js';
import { countPairs, pairedTest, pairedWords } from '../../shared/pairedTest.js';
import type { CommandOutputs, TaskEvaluation } from '../protocol.js';
import { errors } from '../errors/errors.js';
import { evaluate as evaluateCheckpoint } from '../inference/evaluate.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { evaluatedImages } from './evaluatedImages.js';
import { bar, confusionTable, figureWords, percent, table, type Output } from './output.js';
import { triedDevice } from './triedDevice.js';

export async function evaluate(
  { checkpoint, dataset, split, all, images, list, against, accept: accepted, device }: Arguments<'evaluate'>,
  output: Output<CommandOutputs['evaluate']>,
  signal: AbortSignal,
): Promise<void> {
  const options = {
    ...(await evaluatedImages('evaluate', { dataset, split, all }, output, signal)),
    device: await triedDevice(device, output),
  };
  const other = against === undefined ? undefined : await resolveCheckpoint(against);
  const { problems, outcomes, ...evaluation } = await evaluateCheckpoint({
    ...options,
    accepted,
    checkpoint: await resolveCheckpoint(checkpoint),
    ...(list === undefined ? {} : { list: resolve(list) }),
    onProgress(done, total) {
      if (list !== undefined) output.json({ type: 'progress', phase: 'evaluate', done, total });
      output.status(`${bar(done / total)} ${done}/${total}`);
    },
    onImage: images
      ? (image) => {
          output.json(image);
          for (const { truth, prediction } of image.answers) {
            if (truth !== prediction.label)
              output.line(`${image.path}: ${truth} → ${prediction.label} ${percent(prediction.probability)}`);
          }
        }
      : undefined,
  });
  problems.forEach((info) => output.problem(info));
  output.json({ type: 'evaluation', ...evaluation });
  const { tasks } = evaluation;
  const whole = l10n.t('Accuracy {0}, loss {1}', percent(evaluation.accuracy), evaluation.loss.toFixed(4));
  output.line(tasks ? whole : whole + figureWords(evaluation));
  if (!tasks) output.line(sureness(evaluation));
  for (const line of coverageWords(evaluation.coverage, l10n.t)) output.line(line);
  if (evaluation.unknown !== undefined)
    output.line(l10n.t('Unlike the training images (unknown): {0}.', evaluation.unknown));
  for (const { task, ...each } of tasks ?? []) {
    output.line(`\n${l10n.t('{0}: accuracy {1}', task, percent(each.accuracy))}${figureWords(each)}`);
    output.line(sureness(each));
    show(each, output);
  }
  if (!tasks) show(evaluation, output);
  if (other === undefined) return;
  const { outcomes: theirs, problems: further } = await evaluateCheckpoint({
    ...options,
    checkpoint: other,
    onProgress: (done, total) => output.status(`${bar(done / total)} ${done}/${total}`),
  });
  further.forEach((info) => output.problem(info));
  const common = [...outcomes.keys()].filter((path) => theirs.has(path));
  if (!common.length) throw errors.calibration.nothingInCommon(options.dataset ?? checkpoint);
  const letters = (of: ReadonlyMap<string, boolean>) => common.map((path) => (of.get(path) ? '1' : '0')).join('');
  const compared = pairedTest(countPairs(letters(outcomes), letters(theirs)));
  output.json({ type: 'comparison', against: other, ...compared });
  output.line(`\n${pairedWords(compared, against!, l10n.t)}`);
}

/** How sure the accuracy is, and how far the probabilities are from it. */
const sureness = ({ interval: [low, high], ece }: Pick<TaskEvaluation, 'interval' | 'ece'>): string =>
  l10n.t(
    'The accuracy is between {0} and {1} (95 % interval); calibration error {2}.',
    percent(low),
    percent(high),
    percent(ece),
  );

/** A share with its interval. */
const within = (share: number, interval: Interval | undefined): string =>
  interval ? `${percent(share)} (${interval.map((each) => (100 * each).toFixed(0)).join('–')})` : percent(share);

function show({ perClass, labels, confusion }: TaskEvaluation, output: Output): void {
  const header = [l10n.t('class'), l10n.t('precision'), l10n.t('recall'), 'F1', l10n.t('images')];
  const rows = perClass.map(({ label, precision, recall, f1, support, intervals }) => [
    label,
    within(precision, intervals?.precision),
    within(recall, intervals?.recall),
    within(f1, intervals?.f1),
    String(support),
  ]);
  output.line(`\n${table([header, ...rows])}`);
  if (confusion.length) output.line(`\n${confusionTable(labels, confusion)}`);
}
