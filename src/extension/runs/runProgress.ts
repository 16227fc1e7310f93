/** What a run's events amount to: status, place, losses; folded one event at a time. */
import type { ErrorInfo, RecordedEvent, TrainEvent } from '../../trainer/protocol.js';
import { activityAfterStep, type RunSummary } from '../../webview/protocol.js';

type Started = Extract<TrainEvent, { type: 'started' }>;
type Notice = Extract<TrainEvent, { type: 'notice' }>;

/** The summary but for what only the owner of the run knows. */
export type Progress = Pick<
  RunSummary,
  'activity' | 'epoch' | 'step' | 'loss' | 'imagesPerSecond' | 'accuracy' | 'best' | 'secondsLeft' | 'seconds'
> & {
  started?: Started;
  /** How it ended; absent while it has not. */
  end?: 'finished' | 'stopped' | 'failed';
  error?: ErrorInfo;
  notice?: Notice;
  /** Time and step of the first step since the last start, for the pace. */
  since?: { time: number; step: number };
};

export const noProgress: Progress = { activity: null, epoch: 0, step: 0 };

export function advance(now: Progress, event: RecordedEvent): Progress {
  switch (event.type) {
    case 'started': {
      const { seq: _seq, time: _time, ...started } = event;
      // A resumed run keeps what it had reached; its end, error and pace are of the past.
      const { end: _end, error: _error, notice: _notice, since: _since, secondsLeft: _left, ...kept } = now;
      return {
        ...kept,
        started,
        activity: null,
        step: event.resumedFrom ?? 0,
        epoch: event.resumedFrom === undefined ? 0 : now.epoch,
      };
    }
    case 'progress':
      return { ...now, activity: { phase: event.phase, done: event.done, total: event.total } };
    case 'partialStep':
      return { ...now, activity: activityAfterStep(now.activity), loss: now.loss ?? event.loss };
    case 'step': {
      const since = now.since ?? { time: event.time, step: event.step };
      const paced = event.step > since.step && now.started;
      const secondsLeft = paced
        ? (((event.time - since.time) / (event.step - since.step)) * (paced.steps - event.step)) / 1000
        : undefined;
      const { step, epoch, loss, imagesPerSecond } = event;
      return {
        ...now,
        since,
        activity: activityAfterStep(now.activity),
        step,
        epoch,
        loss,
        imagesPerSecond,
        secondsLeft,
      };
    }
    case 'evaluation':
      if (event.split !== 'validation') return now;
      return {
        ...now,
        activity: null,
        accuracy: event.accuracy,
        best:
          now.best && !event.judged && now.best.accuracy >= event.accuracy
            ? now.best
            : { step: event.step, accuracy: event.accuracy },
      };
    case 'checkpoint':
      return now;
    case 'notice':
      return { ...now, notice: event };
    case 'finished':
      return {
        ...now,
        end: 'finished',
        activity: null,
        best: event.best,
        seconds: event.seconds,
        secondsLeft: undefined,
      };
    case 'stopped':
      return { ...now, end: 'stopped', activity: null, step: event.step, secondsLeft: undefined };
    case 'error': {
      const { type: _type, seq: _seq, time: _time, ...error } = event;
      return { ...now, end: 'failed', activity: null, error, secondsLeft: undefined };
    }
  }
}

/** Per cent of the steps taken, whole. */
export function percentOf(run: { step: number; steps: number }): number {
  return run.steps === 0 ? 0 : Math.floor((100 * run.step) / run.steps);
}
