/** How far a run is: what it evaluates, saves and remembers as its best, up to the check of the best checkpoint. */
import { isBetter } from '../../shared/metrics.js';
import { checkpointFolder, pruneCheckpoints, writeFolderAtomically, writePointer } from '../checkpoint/store.js';
import { logitNames } from '../core/tasks.js';
import { untilAborted } from '../core/untilAborted.js';
import type { TrainableState } from '../engine/trainable.js';
import { Answers } from '../inference/answers.js';
import { readState, writeCheckpoint, type CheckpointContent, type Progress } from '../models/checkpoint.js';
import type { Evaluation, SplitName, TrainEvent } from '../protocol.js';
import type { ResolvedConfig } from './batchChoice.js';
import { calibrateRun } from './calibrateRun.js';
import { evaluateSplit, figuresOf } from './evaluateSplit.js';
import type { BatchSource } from '../insight/featureStore.js';
import type { Learner, Predictor } from './learner.js';
import type { Plan } from './plan.js';
import { SaveCheck } from './saveCheck.js';
import { requireRun } from '../runs/runFolder.js';

export interface RunParts {
  config: ResolvedConfig;
  run: string;
  /** The folder of the dataset. */
  root: string;
  plan: Plan;
  store: BatchSource;
  /** What every checkpoint of the run has in common. */
  content: Omit<CheckpointContent, 'state' | 'progress'>;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  started: number;
}

export class RunState {
  #progress: Progress;
  #savedStep: number;
  readonly #check: SaveCheck;
  /** What the best model answered to the validation images. */
  #answers: { step: number; answers: Answers } | undefined;
  /** What the best checkpoint holds, where its validation was rounded and it is still to be evaluated in fp32. */
  #best: Pick<TrainableState, 'parameters' | 'ema'> | undefined;

  constructor(
    private readonly p: RunParts,
    private readonly model: Predictor,
    /** The same model where it learns by steps. */
    private readonly learner: Learner | undefined,
    progress: Progress,
  ) {
    this.#progress = progress;
    this.#savedStep = progress.step;
    const { store, config, content } = p;
    this.#check = new SaveCheck({
      images: store.splits.validation,
      seed: config.seed,
      labels: logitNames(content.tasks),
      transform: content.base.preprocessor.transform,
      batch: config.evalBatchSize,
      logits: async (images, rows) => model.logits((await store.featuresOf?.(rows, config.evalBatchSize)) ?? images),
    });
  }

  get step(): number {
    return this.#progress.step;
  }

  /** Whether a validation was interrupted, or there has been none where no step will bring one. */
  get isUnevaluated(): boolean {
    return this.#progress.unevaluated === true || (!this.p.plan.totalSteps && !this.#progress.best);
  }

  get isDone(): boolean {
    const { earlyStoppingPatience } = this.p.config;
    const isPatienceSpent =
      earlyStoppingPatience !== undefined && this.#progress.evaluationsSinceBest >= earlyStoppingPatience;
    return this.step >= this.p.plan.totalSteps || isPatienceSpent;
  }

  /** Counts a step. */
  advance(): void {
    this.#progress = { ...this.#progress, step: this.step + 1 };
  }

  /** Evaluates by the model after `step` and reports the figures. */
  async #evaluate(
    split: SplitName,
    { step, isSilent, ...judged }: { step: number; judged?: true; isSilent?: true },
  ): Promise<{ evaluation: Evaluation | undefined; answers: Answers }> {
    const { config, plan, store, content, emit, signal } = this.p;
    const answers = new Answers(content.tasks, store.splits[split].length, { keeps: split === 'validation' });
    const evaluation = await evaluateSplit({
      split,
      store,
      model: this.model,
      tasks: content.tasks,
      answers,
      batchSize: config.evalBatchSize,
      emit,
      signal,
    });
    if (evaluation && !isSilent)
      emit({
        type: 'evaluation',
        step,
        epoch: step / plan.stepsPerEpoch,
        split,
        ...judged,
        ...figuresOf(evaluation),
      });
    return { evaluation, answers };
  }

  /** Evaluates the validation images and notes whether the model has improved. */
  async validate(): Promise<void> {
    this.#progress = { ...this.#progress, unevaluated: true };
    const { evaluation, answers } = await this.#evaluate('validation', { step: this.step });
    const { accuracy, loss } = evaluation!;
    this.#progress = { ...this.#progress, unevaluated: undefined };
    const { best, step, evaluationsSinceBest } = this.#progress;
    this.#progress =
      !best || isBetter(this.p.config.metricForBestModel, { accuracy, loss }, best)
        ? { ...this.#progress, best: { step, accuracy, loss }, evaluationsSinceBest: 0 }
        : { ...this.#progress, evaluationsSinceBest: evaluationsSinceBest + 1 };
    if (this.#progress.best?.step === step) this.#answers = { step, answers };
  }

  /** Writes a checkpoint and moves the pointers; the best and the last are never pruned. */
  async save(): Promise<void> {
    const { run, config, content, emit } = this.p;
    const progress = this.#progress;
    const path = checkpointFolder(run, progress.step);
    const state = await this.model.read();
    await requireRun(run);
    const write = (folder: string) => writeCheckpoint(folder, { ...content, state, progress });
    await writeFolderAtomically(path, write, { isOurs: true });
    await writePointer(run, 'last', progress.step);
    this.#savedStep = progress.step;
    const isBest = progress.best?.step === progress.step;
    if (isBest) {
      await writePointer(run, 'best', progress.step);
      if (this.learner?.isRounded) this.#best = { parameters: state.parameters, ema: state.ema };
      else await this.#check.remember(progress.step);
    }
    await pruneCheckpoints(
      run,
      config.saveTotalLimit,
      new Set([progress.step, ...(progress.best ? [progress.best.step] : [])]),
    );
    emit({ type: 'checkpoint', step: progress.step, path, best: isBest });
  }

  /** Saves what is not yet saved, and reports that the run has stopped. */
  async stop(): Promise<void> {
    const { emit, run } = this.p;
    if (this.step !== this.#savedStep) await this.save();
    emit({ type: 'stopped', run, step: this.step });
  }

  /**
   * Evaluates and checks the best checkpoint as the model that will be used: in fp32, whatever the precision of the
   * steps and of the validations after them.
   */
  async finish(): Promise<void> {
    const { store, plan, emit, run, started, signal } = this.p;
    const { step } = this.#progress.best!;
    const checkpoint = checkpointFolder(run, step);
    const hasTest = store.splits.test.length > 0;
    const isKnown = this.#check.hasLogits(step);
    const wasRounded = this.learner?.isRounded === true;
    if (this.learner && (!isKnown || this.step !== step)) await this.#restoreBest(this.learner, checkpoint);
    const judged = wasRounded ? await this.#evaluate('validation', { step, judged: true }) : undefined;
    const { accuracy } = judged?.evaluation ?? this.#progress.best!;
    const tested = hasTest ? await this.#evaluate('test', { step }) : undefined;
    // A run that was resumed after its best step has not seen these answers itself.
    const validation =
      judged ??
      (this.#answers?.step === step ? this.#answers : await this.#evaluate('validation', { step, isSilent: true }));
    await calibrateRun({
      ...this.p,
      step,
      checkpoint,
      model: this.model,
      dataset: this.#progress.dataset,
      stepsTaken: this.step,
      answers: validation.answers,
      tested: tested?.answers,
    });
    // A run that was resumed after its best step has not seen that model itself.
    if (!isKnown) await untilAborted(this.#check.remember(step), signal);
    const parity = await this.#check.compare(checkpoint, emit, signal);
    emit({
      type: 'finished',
      run,
      best: { step, accuracy },
      seconds: (Date.now() - started) / 1000,
      reason: this.step >= plan.totalSteps ? 'epochs' : 'early-stopping',
      peakMemoryBytes: 1024 * process.resourceUsage().maxRSS,
      parity,
    });
  }

  /** Puts the best checkpoint into the model, which predicts in fp32 from here on. */
  async #restoreBest(learner: Learner, checkpoint: string): Promise<void> {
    const { content } = this.p;
    if (learner.isRounded) await learner.toFloats();
    const saved = { base: content.base.reference, method: content.method, parameters: content.parameters };
    learner.restore(this.#best ?? (await readState(checkpoint, saved)));
  }
}
