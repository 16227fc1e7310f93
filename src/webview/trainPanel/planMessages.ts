/** What the training panel says before a run starts: the estimate of the form, and advice. Types only. */
import type { Advice, ErrorInfo, Estimate, Measurement } from '../../trainer/protocol.js';

/** Work of the trainer in the background. `total` below 2: nobody knows how far it is. */
export type Planned<Result> =
  | { kind: 'none' }
  | { kind: 'working'; done: number; total: number }
  | { kind: 'failed'; error: ErrorInfo }
  | { kind: 'known'; result: Result };

export interface AdviceResult {
  advice: Advice;
  /** Of the advised model. */
  measured: Measurement;
}

export interface PlanState {
  /** Of the form as it is. `none`: it was cancelled, or it waits for a dataset, a model or a run. */
  estimate: Planned<Estimate>;
  advice: Planned<AdviceResult>;
}

export type FromPlan =
  | { type: 'estimate' }
  | { type: 'cancelEstimate' }
  | { type: 'advise' }
  /** Also closes what is shown of it. */
  | { type: 'cancelAdvice' }
  /** Fill the form with it; the host then patches `form`. */
  | { type: 'useAdvice' };
