/** `vitune train`: a run with its progress. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { calibrationWords } from '../../shared/calibrationWords.js';
import { follow, noCourse, type Diagnosis } from '../../shared/diagnoses.js';
import { diagnosisWords } from '../../shared/diagnosisWords.js';
import type { CommandOutputs, RecordedEvent, Task, TrainEvent } from '../protocol.js';
import { errors } from '../errors/errors.js';
import { dryRun } from './dryRun.js';
import { usageOf } from './help.js';
import { Profile } from './profile.js';
import { runTraining } from '../training/runTraining.js';
import { countLabels, singleTask } from '../core/tasks.js';
import type { Arguments } from './commands.js';
import { profileTable } from './profileTable.js';
import {
  bar,
  calibrationFormats,
  confusionTable,
  downloadStatus,
  formatError,
  figureWords,
  percent,
  type Output,
} from './output.js';

const splits = { train: () => l10n.t('train'), validation: () => l10n.t('validation'), test: () => l10n.t('test') };

const phases = {
  decode: () => l10n.t('Decoding images'),
  features: () => l10n.t('Computing features'),
  compile: () => l10n.t('Compiling the training step'),
  solve: () => l10n.t('Solving for the classifier'),
  evaluate: () => l10n.t('Evaluating'),
};

export async function train(
  { operands, set, resume, again, profile: isProfiled, 'dry-run': isDry }: Arguments<'train'>,
  output: Output<CommandOutputs['train']>,
  signal: AbortSignal,
): Promise<void> {
  if (isDry) {
    if (resume || isProfiled || again)
      throw errors.usage(l10n.t('--dry-run goes with none of --resume, --again and --profile.'), usageOf('train'));
    return dryRun(operands[0]!, set, output, signal);
  }
  if (resume && again)
    throw errors.usage(l10n.t('--again starts a new run, so it goes without --resume.'), usageOf('train'));
  const show = reporter(output);
  const profile = isProfiled ? await Profile.begin(await mkdtemp(join(tmpdir(), 'vitune-profile-'))) : undefined;
  let run: string | undefined;
  let course = noCourse;
  try {
    await runTraining({
      config: operands[0]!,
      overrides: [...set],
      resume,
      again,
      profile: profile?.folder,
      signal,
      onPast: (events) => (course = events.reduce(follow, course)),
      onEvent: ({ seq: _seq, ...event }: RecordedEvent) => {
        if (event.type === 'started') run = event.run;
        // A failure is written once, by the code that turns it into the exit code.
        if (event.type !== 'error') output.json(event);
        show(event);
        const known = course.found.length;
        course = follow(course, event);
        for (const diagnosis of course.found.slice(known)) showDiagnosis(diagnosis, output);
      },
    });
  } finally {
    const report = await profile?.finish(run);
    if (report) {
      output.json(report);
      output.line(profileTable(report));
    }
  }
}

/** How the numbers of a diagnosis are written. */
const diagnosisFormats = { t: l10n.t, percent, figure: String, integer: String };

function showDiagnosis(diagnosis: Diagnosis, output: Output<CommandOutputs['train']>): void {
  const { message, remedy } = diagnosisWords(diagnosis, diagnosisFormats);
  output.json({ type: 'diagnosis', ...diagnosis, message, remedy });
  output.line(formatError({ code: diagnosis.code, message, remedy }));
}

/** Shows events to the user: permanent lines, and a bar for the rest. */
function reporter(output: Output): (event: TrainEvent) => void {
  let tasks: readonly Task[] = [];
  let steps = 1;
  /** The latest evaluation of the validation images after each step. */
  const validations = new Map<number, TrainEvent & { type: 'evaluation' }>();
  return (event) => {
    switch (event.type) {
      case 'started':
        steps = event.steps;
        tasks = event.tasks ?? singleTask(event.labels);
        output.line(l10n.t('Run {0}', event.run));
        output.line(
          l10n.t(
            '{0} classes; {1} images to train on, {2} to validate on; {3} on {4}; {5} of {6} parameters train',
            countLabels(tasks),
            event.images.train,
            event.images.validation,
            event.method,
            event.device,
            event.trainableParameters.toLocaleString('en'),
            event.totalParameters.toLocaleString('en'),
          ),
        );
        return event.resumedFrom !== undefined && output.line(l10n.t('Continuing from step {0}', event.resumedFrom));
      case 'progress':
        if (event.phase === 'download') return output.status(downloadStatus(event.done, event.total));
        return output.status(`${bar(event.done / event.total)} ${phases[event.phase]()} ${event.done}/${event.total}`);
      case 'partialStep':
        return output.status(
          `${bar((event.step - 1 + event.done / event.total) / steps)} ${l10n.t('step {0}/{1}: {2} of {3} images, loss {4}', event.step, steps, event.done, event.total, event.loss.toFixed(4))}`,
        );
      case 'step':
        return output.status(
          `${bar(event.step / steps)} ${l10n.t('step {0}/{1}, loss {2}, {3} images/s', event.step, steps, event.loss.toFixed(4), event.imagesPerSecond.toFixed(1))}`,
        );
      case 'evaluation':
        if (event.split === 'validation') validations.set(event.step, event);
        if (event.judged) output.line(l10n.t('The best checkpoint, re-evaluated in fp32:'));
        output.line(
          l10n.t(
            'epoch {0}: {1} loss {2}, accuracy {3}',
            event.epoch.toFixed(2),
            splits[event.split](),
            event.loss.toFixed(4),
            percent(event.accuracy),
          ) + figureWords(event),
        );
        return event.tasks?.forEach(({ task, accuracy, ...figures }) =>
          output.line(`  ${l10n.t('{0}: accuracy {1}', task, percent(accuracy))}${figureWords(figures)}`),
        );
      case 'calibration':
        for (const line of calibrationWords(event, calibrationFormats)) output.line(line);
        return;
      case 'notice':
        return output.line(formatError({ ...event, remedy: event.remedy ?? '' }));
      case 'finished':
        showMatrices(validations.get(event.best.step), tasks, output);
        output.line(
          l10n.t(
            'Best accuracy {0} at step {1}, after {2} s',
            percent(event.best.accuracy),
            event.best.step,
            event.seconds.toFixed(1),
          ),
        );
        if (event.parity && !event.parity.changed.length) {
          const { pictures, largestDifference } = event.parity;
          output.line(
            l10n.t(
              'Checked in a fresh process: equal predictions for {0} images; probabilities differ by at most {1}.',
              pictures,
              largestDifference.toExponential(1),
            ),
          );
        }
        return output.line(l10n.t('Run {0}', event.run));
      case 'stopped':
        return output.line(l10n.t('Stopped after step {0}; continue with --resume', event.step));
      case 'checkpoint':
      case 'error':
        return;
    }
  };
}

/** The confusion matrices of the best checkpoint, whose accuracy follows; none where an earlier process saw it. */
function showMatrices(
  best: (TrainEvent & { type: 'evaluation' }) | undefined,
  tasks: readonly Pick<Task, 'labels'>[],
  output: Output,
): void {
  for (const [i, { labels }] of tasks.entries()) {
    const confusion = (best?.tasks?.[i] ?? best)?.confusion ?? [];
    if (confusion.length && labels.length <= 30) output.line(`\n${confusionTable(labels, confusion)}\n`);
  }
}
