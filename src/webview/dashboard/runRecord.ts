/** What the events of a run amount to: its series, evaluations, notices and end. Knows no DOM. */
import type { ErrorInfo, Phase, RecordedEvent, TrainEvent } from '../../trainer/protocol.js';
import { activityAfterStep } from '../protocol.js';

type Started = Extract<TrainEvent, { type: 'started' }>;
export type EvaluationEvent = Extract<TrainEvent, { type: 'evaluation' }>;
export type NoticeEvent = Extract<RecordedEvent, { type: 'notice' }>;

/** Step events by column, in the order of steps. */
export interface StepColumns {
  step: number[];
  epoch: number[];
  loss: number[];
  learningRate: number[];
  imagesPerSecond: number[];
  waiting: number[];
  /** Milliseconds since 1970. */
  time: number[];
}

export class RunRecord {
  started: Started | null = null;
  /** What goes on between steps; null while steps are taken. */
  activity: { phase: Phase; done: number; total: number } | null = null;
  /** What the step that is being taken has shown so far. */
  partialStep: Extract<TrainEvent, { type: 'partialStep' }> | null = null;
  readonly steps: StepColumns = {
    step: [],
    epoch: [],
    loss: [],
    learningRate: [],
    imagesPerSecond: [],
    waiting: [],
    time: [],
  };
  evaluations: EvaluationEvent[] = [];
  notices: NoticeEvent[] = [];
  error: ErrorInfo | null = null;
  finished: Extract<TrainEvent, { type: 'finished' }> | null = null;
  /** Steps whose checkpoints were the best when they were saved. */
  private bestSteps: number[] = [];
  private lastSeq = -1;
  /** Images that notices tell of. */
  private readonly leftOut = new Set<string>();

  /** Adds events; those with a `seq` already seen are dropped. Gives whether anything was new. */
  append(events: readonly RecordedEvent[]): boolean {
    let fresh = false;
    for (const event of events) {
      if (event.seq <= this.lastSeq) continue;
      this.lastSeq = event.seq;
      this.take(event);
      fresh = true;
    }
    return fresh;
  }

  /** Images left out: those known at the start, and those found since. */
  get skipped(): number {
    return Math.max(this.started?.skipped ?? 0, this.leftOut.size);
  }

  get lastStep(): number {
    return this.steps.step.at(-1) ?? this.started?.resumedFrom ?? 0;
  }

  get lastEpoch(): number {
    return this.steps.epoch.at(-1) ?? 0;
  }

  /** The evaluations of one split, in the order of steps. */
  evaluationsOf(split: EvaluationEvent['split']): EvaluationEvent[] {
    return this.evaluations.filter((evaluation) => evaluation.split === split);
  }

  /** The step of the best checkpoint; undefined before there is one. */
  get bestStep(): number | undefined {
    return this.finished?.best.step ?? this.bestSteps.at(-1);
  }

  /**
   * Accuracy of the best checkpoint, or undefined before an evaluation. At the end it is what that was judged by, which
   * rounded evaluations of others may exceed.
   */
  get bestAccuracy(): number | undefined {
    const accuracies = this.evaluationsOf('validation').map(({ accuracy }) => accuracy);
    return this.finished?.best.accuracy ?? (accuracies.length ? Math.max(...accuracies) : undefined);
  }

  /**
   * Seconds to the last step at the pace of the last minutes (evaluations included), or undefined before there is a
   * pace.
   */
  secondsLeft(): number | undefined {
    const { step, time } = this.steps;
    const last = step.length - 1;
    if (!this.started || last < 1) return undefined;
    // A pause between two sittings of a resumed run is no pace: look back only as far as steps follow each other
    // closely.
    let first = last;
    while (first > 0 && time[last]! - time[first]! < 120_000 && time[first]! - time[first - 1]! < 120_000) first -= 1;
    const taken = step[last]! - step[first]!;
    if (taken <= 0) return undefined;
    return ((this.started.steps - step[last]!) * (time[last]! - time[first]!)) / taken / 1000;
  }

  private take(event: RecordedEvent): void {
    switch (event.type) {
      case 'started':
        this.started = event;
        this.activity = null;
        this.error = null;
        this.finished = null;
        this.partialStep = null;
        this.forgetAfter(event.resumedFrom ?? 0);
        return;
      case 'progress':
        this.activity = { phase: event.phase, done: event.done, total: event.total };
        return;
      case 'partialStep':
        this.activity = activityAfterStep(this.activity);
        this.partialStep = event;
        return;
      case 'step':
        this.activity = activityAfterStep(this.activity);
        this.partialStep = null;
        // JSON has no word for a loss that is not finite: it reads as null.
        for (const name of ['step', 'epoch', 'loss', 'learningRate', 'imagesPerSecond', 'waiting', 'time'] as const)
          this.steps[name].push((event[name] as number | null) ?? Number.NaN);
        return;
      case 'evaluation':
        this.activity = null;
        this.record(event);
        return;
      case 'notice':
        this.notices.push(event);
        if (event.file !== undefined && /^IMAGE_(UNREADABLE|FORMAT_UNSUPPORTED)$/.test(event.code))
          this.leftOut.add(event.file);
        return;
      case 'error': {
        const { code, message, remedy, file, line, column } = event;
        this.error = { code, message, remedy, file, line, column };
        this.activity = null;
        return;
      }
      case 'finished':
        this.finished = event;
        this.activity = null;
        return;
      case 'stopped':
        this.activity = null;
        this.partialStep = null;
        return;
      case 'checkpoint':
        if (event.best) this.bestSteps.push(event.step);
        return;
    }
  }

  /** The best checkpoint is evaluated once more in floats where the training rounds: that is what counts. */
  private record(event: EvaluationEvent): void {
    const before = this.evaluations.findIndex(({ split, step }) => split === event.split && step === event.step);
    if (before < 0) this.evaluations.push(event);
    else this.evaluations[before] = event;
  }

  /** A run resumed from a checkpoint takes the steps after it again: what was recorded of them no longer counts. */
  private forgetAfter(step: number): void {
    let keep = this.steps.step.length;
    while (keep > 0 && this.steps.step[keep - 1]! > step) keep -= 1;
    for (const column of Object.values(this.steps) as number[][]) column.length = keep;
    this.evaluations = this.evaluations.filter((evaluation) => evaluation.step <= step);
    this.bestSteps = this.bestSteps.filter((best) => best <= step);
  }
}
