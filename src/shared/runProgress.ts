/** The one reducer of a run's events: its status, its metrics and its best checkpoint, event by event. */
import { follow, noCourse, type Course } from './diagnoses.js';
import type { ErrorInfo } from './errorInfo.js';
import type { EventFields, Phase, RecordedEvent } from './trainEvent.js';

/** What is going on before and between steps. `total` below 2: nobody knows how much there is. */
export interface Activity {
  phase: Phase;
  done: number;
  total: number;
}

/** A step and the accuracy on the validation images after it. */
export interface ScoredStep {
  step: number;
  accuracy: number;
}

/** When a step was over, in milliseconds since 1970. */
interface TimedStep {
  step: number;
  time: number;
}

export interface RunProgress {
  started?: EventFields['started'];
  /** Null while steps are taken. */
  activity: Activity | null;
  /** What the step under way has shown so far. */
  partialStep?: EventFields['partialStep'] | undefined;
  step: number;
  /** Fractional, as in step events. */
  epoch: number;
  loss?: number;
  imagesPerSecond?: number;
  /** The last validation. */
  validation?: ScoredStep | undefined;
  /** The best checkpoint, as the trainer chose it by the config's metric. */
  best?: ScoredStep | undefined;
  /** Every checkpoint that was the best when it was saved, in order: a resume may go back before the last of them. */
  bests: readonly ScoredStep[];
  /** Steps since the last start, some seconds apart, from which the pace is computed. */
  pace: readonly TimedStep[];
  /** The only estimate of the time left; absent before a speed is known, and after the end. */
  secondsLeft?: number | undefined;
  /** Of the best checkpoint, where the run got as far. */
  calibration?: EventFields['calibration'] | undefined;
  /** How it ended; absent while it has not. */
  end?: 'finished' | 'stopped' | 'failed' | undefined;
  finished?: EventFields['finished'] | undefined;
  error?: ErrorInfo | undefined;
  /** The last notice since the start. */
  notice?: EventFields['notice'] | undefined;
  /** What is found wrong with it, and what that is read from. */
  course: Course;
}

export const noProgress: RunProgress = { activity: null, step: 0, epoch: 0, bests: [], pace: [], course: noCourse };

/** The pace is that of so many milliseconds before now. */
const paceWindow = 120_000;
/** The steps that the pace is computed from are so many milliseconds apart. */
const paceSpacing = 5_000;

/** JSON writes a number that is not finite as null. */
const asNumber = (value: number | null): number => value ?? Number.NaN;

/** What the events so far and one more amount to. */
export function advance(now: RunProgress, event: RecordedEvent): RunProgress {
  return { ...advanced(now, event), course: follow(now.course, event) };
}

function advanced(now: RunProgress, event: RecordedEvent): RunProgress {
  switch (event.type) {
    case 'started':
      return started(now, event);
    case 'progress':
      return { ...now, activity: { phase: event.phase, done: event.done, total: event.total } };
    case 'partialStep':
      return {
        ...now,
        activity: activityAfterStep(now.activity),
        partialStep: event,
        loss: now.loss ?? asNumber(event.loss),
      };
    case 'step':
      return {
        ...now,
        ...paced(now, event),
        activity: activityAfterStep(now.activity),
        partialStep: undefined,
        step: event.step,
        epoch: event.epoch,
        loss: asNumber(event.loss),
        imagesPerSecond: asNumber(event.imagesPerSecond),
      };
    case 'evaluation':
      return event.split === 'validation' ? evaluated(now, event) : now;
    case 'checkpoint': {
      const { validation } = now;
      if (!event.best || validation?.step !== event.step) return now;
      return { ...now, best: validation, bests: [...now.bests, validation] };
    }
    case 'calibration':
      return { ...now, calibration: event };
    case 'notice':
      return { ...now, notice: event };
    case 'finished':
      return { ...ended(now, 'finished'), best: event.best, finished: event };
    case 'stopped':
      return { ...ended(now, 'stopped'), step: event.step };
    case 'error': {
      const { code, message, remedy, file, line, column } = event;
      return { ...ended(now, 'failed'), error: { code, message, remedy, file, line, column } };
    }
  }
}

/** A resumed run keeps what it had reached by its checkpoint, and takes the later steps again. */
function started(now: RunProgress, event: EventFields['started']): RunProgress {
  const { resumedFrom } = event;
  if (resumedFrom === undefined) return { ...noProgress, started: event };
  const bests = now.bests.filter(({ step }) => step <= resumedFrom);
  return {
    ...noProgress,
    started: event,
    step: resumedFrom,
    // An epoch is always as many steps.
    epoch: now.step > 0 ? (now.epoch * resumedFrom) / now.step : 0,
    loss: now.loss,
    imagesPerSecond: now.imagesPerSecond,
    validation: now.validation && now.validation.step <= resumedFrom ? now.validation : bests.at(-1),
    best: bests.at(-1),
    bests,
  };
}

function evaluated(now: RunProgress, { step, accuracy, judged }: EventFields['evaluation']): RunProgress {
  const scored = { step, accuracy };
  if (!judged) return { ...now, activity: null, validation: scored };
  // The best checkpoint once more, in fp32: that is what counts.
  const validation = now.validation?.step === step ? scored : now.validation;
  return { ...now, activity: null, validation, best: scored };
}

function paced(now: RunProgress, { step, time }: TimedStep): Pick<RunProgress, 'pace' | 'secondsLeft'> {
  const first = now.pace.findLastIndex((mark) => time - mark.time >= paceWindow);
  const kept = first > 0 ? now.pace.slice(first) : now.pace;
  const [from] = kept;
  const taken = from ? step - from.step : 0;
  const last = kept.at(-1);
  return {
    pace: last && time - last.time < paceSpacing ? kept : [...kept, { step, time }],
    secondsLeft:
      from && now.started && taken > 0 ? ((now.started.steps - step) * (time - from.time)) / taken / 1000 : undefined,
  };
}

const ended = (now: RunProgress, end: RunProgress['end']): RunProgress => ({
  ...now,
  end,
  activity: null,
  partialStep: undefined,
  secondsLeft: undefined,
});

/**
 * What else is at work after a step: the features are computed during the first epoch, and its steps come slowly.
 */
export function activityAfterStep<Some extends { phase: Phase | null; done: number; total: number }>(
  activity: Some | null,
): Some | null {
  return activity?.phase === 'features' && activity.done < activity.total ? activity : null;
}

/** Per cent of the steps taken, whole. */
export function percentTaken(run: { step: number; steps: number }): number {
  return run.steps === 0 ? 0 : Math.floor((100 * run.step) / run.steps);
}
