/** The trainer's work before a run: estimates of the form, in the background and kept by settings, and advice. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as vscode from 'vscode';
import { configEnding } from '../../shared/configNames.js';
import type { Estimate } from '../../trainer/protocol.js';
import type { AdviceResult, FromPlan, Planned, PlanState, TrainForm } from '../../webview/protocol.js';
import { configText } from '../config/configFile.js';
import type { Measured } from '../config/measured.js';
import { infoOf, isCancel } from '../errors/showError.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, outputsOf, runCommand } from '../trainer/runCommand.js';

/** Milliseconds for which the form must stay as it is before it is estimated. */
const rest = 2000;

export interface PlanningParts {
  launch: Launch;
  /** Keeps what was measured, for the configs of the same training and dataset too. */
  measured: Measured;
  form: () => TrainForm;
  /** The images of the form's dataset as far as they are known: an estimate is of these. */
  images: () => string | undefined;
  /** Whether an estimate may begin by itself: it takes both cores for seconds, and must not download a model. */
  mayEstimate: () => boolean;
  /** The folder that a run of this form would be written into. */
  runsFolder: (form: TrainForm) => string;
  onChange: () => void;
}

export class Planning implements vscode.Disposable {
  state: PlanState = { estimate: { kind: 'none' }, advice: { kind: 'none' } };
  /** Estimates by the text of the config. */
  readonly #known = new Map<string, Estimate>();
  #timer: NodeJS.Timeout | undefined;
  #shown: string | undefined;
  #estimating: AbortController | undefined;
  #advising: AbortController | undefined;

  constructor(private readonly p: PlanningParts) {}

  dispose(): void {
    this.stop();
    this.#advising?.abort();
  }

  /** Shows the estimate of the form if it is known, and else begins one when the form has rested. */
  formChanged(): void {
    const key = this.#key();
    if (key === this.#shown) return;
    this.stop();
    this.#shown = key;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known) return this.#set({ estimate: { kind: 'known', result: known } });
    this.#set({ estimate: { kind: 'none' } });
    if (key !== undefined)
      this.#timer = setTimeout(
        () => this.state.advice.kind !== 'working' && this.p.mayEstimate() && void this.#estimate(),
        rest,
      );
  }

  /** Ends an estimate, e.g. since a run begins, which needs the machine. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#estimating?.abort();
    this.#estimating = undefined;
    if (this.state.estimate.kind === 'working') this.#set({ estimate: { kind: 'none' } });
  }

  /** What the view asks for; advice that is to be used is given back. */
  receive({ type }: FromPlan): AdviceResult | undefined {
    switch (type) {
      case 'estimate':
        void this.#estimate();
        return undefined;
      case 'cancelEstimate':
        this.stop();
        return undefined;
      case 'advise':
        void this.advise();
        return undefined;
      case 'cancelAdvice':
      case 'useAdvice': {
        const { advice } = this.state;
        this.#advising?.abort();
        this.#set({ advice: { kind: 'none' } });
        return type === 'useAdvice' && advice.kind === 'known' ? advice.result : undefined;
      }
    }
  }

  /** Advice on the form's dataset: the embedded model is measured, and the one that is chosen. */
  async advise(): Promise<void> {
    const { dataset, model = 'embedded' } = this.p.form();
    if (dataset === undefined) return;
    this.stop();
    this.#advising?.abort();
    const work = (this.#advising = new AbortController());
    const models = [...new Set(['embedded', model])].flatMap((each) => ['--model', each]);
    const show = (advice: Planned<AdviceResult>): void => void (work === this.#advising && this.#set({ advice }));
    show({ kind: 'working', done: 0, total: 0 });
    try {
      const outputs = await runCommand(this.p.launch, 'advise', {
        args: [dataset, ...models],
        signal: work.signal,
        onOutput: (output) =>
          output.type === 'progress' && show({ kind: 'working', done: output.done, total: output.total }),
      });
      const advice = outputOf(outputs, 'advice');
      await this.p.measured.keepAdvice(JSON.stringify(dataset), advice);
      const measurements = outputsOf(outputs, 'measurement');
      const measured = measurements.find((each) => each.model === advice.model) ?? measurements[0]!;
      show({ kind: 'known', result: { advice, measured } });
    } catch (error) {
      show(isCancel(error) ? { kind: 'none' } : { kind: 'failed', error: infoOf(error) });
    }
    // What the form was waiting with.
    this.#shown = undefined;
    this.formChanged();
  }

  /** Names the form's settings, in whatever order the view has written them; undefined where it has no dataset. */
  #key(): string | undefined {
    const form: TrainForm = { model: 'embedded', ...this.p.form() };
    if (form.dataset === undefined) return undefined;
    const given = Object.entries(form).filter(([, value]) => value !== undefined);
    return JSON.stringify([given.sort(([a], [b]) => (a < b ? -1 : 1)), this.p.images()]);
  }

  async #estimate(): Promise<void> {
    const key = this.#key();
    if (key === undefined) return;
    this.stop();
    const work = (this.#estimating = new AbortController());
    const show = (estimate: Planned<Estimate>): void => void (work === this.#estimating && this.#set({ estimate }));
    show({ kind: 'working', done: 0, total: 0 });
    const folder = await mkdtemp(join(tmpdir(), 'vitune-plan-'));
    try {
      const form = this.p.form();
      const config = join(folder, `plan${configEnding}`);
      await writeFile(config, configText(form, folder, ''));
      // Where a run would be written decides which disk must have room.
      const output = join(this.p.runsFolder(form), 'estimate');
      const outputs = await runCommand(this.p.launch, 'train', {
        args: [config, '--dry-run', '--set', `output=${JSON.stringify(output)}`],
        signal: work.signal,
        onOutput: (line) =>
          line.type === 'progress' &&
          line.phase === 'trial' &&
          show({ kind: 'working', done: line.done, total: line.total }),
      });
      const estimate = outputOf(outputs, 'estimate');
      this.#known.set(key, estimate);
      await this.p.measured.keepEstimate(estimate);
      show({ kind: 'known', result: estimate });
    } catch (error) {
      show(isCancel(error) ? { kind: 'none' } : { kind: 'failed', error: infoOf(error) });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #set(change: Partial<PlanState>): void {
    this.state = { ...this.state, ...change };
    this.p.onChange();
  }
}
