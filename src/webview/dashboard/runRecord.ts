/** A run's events as the dashboard draws them: its progress, series, evaluations and notices. Knows no DOM. */
import { advance, noProgress, type Activity, type RunProgress } from '../../shared/runProgress.js';
import { unpackSteps } from '../../shared/packedSteps.js';
import type { ErrorInfo, RecordedEvent, TrainEvent } from '../../trainer/protocol.js';
import type { DashboardHistory } from '../protocol.js';

type EventOf<Type extends TrainEvent['type']> = Extract<TrainEvent, { type: Type }>;
export type EvaluationEvent = EventOf<'evaluation'>;
export type NoticeEvent = Extract<RecordedEvent, { type: 'notice' }>;

/** What the curves show of the steps, by column, in the order of steps. */
export interface StepColumns {
  step: number[];
  loss: number[];
  learningRate: number[];
}

export class RunRecord {
  /** Reduced as everywhere else: this class adds only what has a place on a chart, in a table or in a list. */
  progress: RunProgress = noProgress;
  readonly steps: StepColumns = { step: [], loss: [], learningRate: [] };
  /** The step that was taken last. */
  latest: EventOf<'step'> | undefined;
  evaluations: EvaluationEvent[] = [];
  notices: NoticeEvent[] = [];
  private lastSeq = -1;
  /** Images that notices report. */
  private readonly leftOut = new Set<string>();

  /** Takes what happened before the first `append`. */
  restore({ progress, events, steps }: DashboardHistory): void {
    const past = unpackSteps(steps);
    let next = 0;
    const takeStepsBefore = (seq: number): void => {
      for (; next < past.seq.length && past.seq[next]! < seq; next += 1)
        this.addStep(past.step[next]!, past.loss[next]!, past.learningRate[next]!);
    };
    for (const event of events) {
      takeStepsBefore(event.seq);
      this.take(event);
    }
    this.progress = progress;
    this.lastSeq = events.at(-1)?.seq ?? -1;
  }

  /** Adds events; those with a `seq` already seen are dropped. Returns whether anything was new. */
  append(events: readonly RecordedEvent[]): boolean {
    let fresh = false;
    for (const event of events) {
      if (event.seq <= this.lastSeq) continue;
      this.lastSeq = event.seq;
      this.progress = advance(this.progress, event);
      this.take(event);
      fresh = true;
    }
    return fresh;
  }

  get started(): RunProgress['started'] | null {
    return this.progress.started ?? null;
  }

  get activity(): Activity | null {
    return this.progress.activity;
  }

  get partialStep(): RunProgress['partialStep'] | null {
    return this.progress.partialStep ?? null;
  }

  get error(): ErrorInfo | null {
    return this.progress.error ?? null;
  }

  get finished(): RunProgress['finished'] | null {
    return this.progress.finished ?? null;
  }

  /** Images that the scan left out; the numbers of images are without them. */
  get skipped(): number {
    return this.started?.skipped ?? 0;
  }

  /** Images that proved unreadable since; the numbers of images are with them. */
  get unreadable(): number {
    return Math.max(0, this.leftOut.size - this.skipped);
  }

  get lastStep(): number {
    return this.progress.step;
  }

  get lastEpoch(): number {
    return this.progress.epoch;
  }

  /** The evaluations of one split, in the order of steps. */
  evaluationsOf(split: EvaluationEvent['split']): EvaluationEvent[] {
    return this.evaluations.filter((evaluation) => evaluation.split === split);
  }

  /** The step of the best checkpoint; undefined before there is one. */
  get bestStep(): number | undefined {
    return this.progress.best?.step;
  }

  /** Its accuracy. */
  get bestAccuracy(): number | undefined {
    return this.progress.best?.accuracy;
  }

  secondsLeft(): number | undefined {
    return this.progress.secondsLeft;
  }

  /** A resumed run says again what it said before. */
  private notice(event: NoticeEvent): void {
    const { code, message, file } = event;
    if (!this.notices.some((each) => each.code === code && each.message === message && each.file === file))
      this.notices.push(event);
  }

  private take(event: RecordedEvent): void {
    switch (event.type) {
      case 'started':
        this.forgetAfter(event.resumedFrom ?? 0);
        return;
      case 'step':
        // JSON writes a loss that is not finite as null.
        this.addStep(event.step, (event.loss as number | null) ?? Number.NaN, event.learningRate);
        this.latest = event;
        return;
      case 'evaluation':
        this.record(event);
        return;
      case 'notice':
        this.notice(event);
        if (event.file !== undefined && /^IMAGE_(UNREADABLE|FORMAT_UNSUPPORTED)$/.test(event.code))
          this.leftOut.add(event.file);
        return;
      default:
        return;
    }
  }

  private addStep(step: number, loss: number, learningRate: number): void {
    this.steps.step.push(step);
    this.steps.loss.push(loss);
    this.steps.learningRate.push(learningRate);
  }

  /** The best checkpoint is re-evaluated in fp32 where the training rounds: that is what counts. */
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
    if (keep === 0) this.latest = undefined;
    this.evaluations = this.evaluations.filter((evaluation) => evaluation.step <= step);
  }
}
