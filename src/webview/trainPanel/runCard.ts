/**
 * The card of a run: what it does now, how far it is and how well it learns; two lines once it has ended.
 */
import * as l10n from '@vscode/l10n';
import { iconButton, textButton } from '../controls.js';
import { h, setText } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { progressBar } from '../progressBar.js';
import type { FromTrainPanel, RunSummary } from '../protocol.js';
import { activityText, isLive } from '../runStatus.js';

export class RunCard {
  readonly element = h('article', { class: 'run-card' });
  private readonly name = h('h2', { class: 'run-name' });
  private readonly doing = h('p', { class: 'run-doing', role: 'status', 'aria-live': 'polite' });
  private readonly bar = progressBar();
  private readonly figures = h('dl', { class: 'figures' });
  private readonly dashboard = textButton(l10n.t('Open Dashboard'), () => this.send('openDashboard'));
  private readonly resume = textButton(l10n.t('Resume'), () => this.send('resume'));
  private readonly stop = textButton(l10n.t('Stop'), () => this.send('stop'));
  private readonly close = iconButton('close', l10n.t('Dismiss'), () => this.send('dismissRun'));
  private run: RunSummary | null = null;

  constructor(
    private readonly post: (message: FromTrainPanel) => void,
    private readonly formats: Formats,
  ) {
    const actions = h('p', { class: 'run-actions' }, this.dashboard, this.resume, this.stop);
    const head = h('div', { class: 'run-head' }, this.name, this.close);
    this.element.append(head, this.doing, this.bar.element, this.figures, actions);
  }

  show(run: RunSummary): void {
    this.run = run;
    this.element.dataset.status = run.status;
    setText(this.name, run.name);
    this.name.title = run.folder;
    setText(this.doing, this.words(run));
    const live = isLive(run.status);
    this.bar.element.hidden = !live;
    this.bar.set(this.share(run), l10n.t('Training progress'));
    const figures = live ? this.figuresOf(run) : [];
    this.figures.replaceChildren(
      ...figures.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    );
    this.figures.hidden = figures.length === 0;
    // One that is being started has no folder yet.
    const known = run.folder !== '';
    this.dashboard.hidden = !known;
    this.resume.hidden = !run.resumable || live;
    this.stop.hidden = !live || !known;
    this.stop.disabled = run.status === 'stopping';
    setText(this.stop, run.status === 'stopping' ? l10n.t('Stopping…') : l10n.t('Stop'));
    this.close.hidden = live;
  }

  private send(type: 'resume' | 'openDashboard' | 'stop' | 'dismissRun'): void {
    if (this.run) this.post({ type, run: this.run.folder });
  }

  /** Changes only with status, phase and whole epochs, so that a screen reader is not flooded. */
  private words(run: RunSummary): string {
    switch (run.status) {
      case 'starting':
        return run.activity ? activityText(run.activity.phase) : l10n.t('Starting…');
      case 'running':
        return run.activity
          ? activityText(run.activity.phase)
          : l10n.t(
              'Training, epoch {0} of {1}',
              this.formats.integer(currentEpoch(run)),
              this.formats.integer(run.epochs),
            );
      case 'stopping':
        return l10n.t('Stopping and saving a checkpoint…');
      case 'stopped':
        return l10n.t('Stopped at step {0} of {1}', this.formats.integer(run.step), this.formats.integer(run.steps));
      case 'finished':
        return [
          run.seconds === undefined
            ? l10n.t('Finished')
            : l10n.t('Finished in {0}', this.formats.duration(run.seconds)),
          ...(run.best ? [l10n.t('best accuracy {0}', this.formats.percent(run.best.accuracy))] : []),
        ].join(', ');
      case 'failed':
        return l10n.t('Failed');
      case 'damaged':
        return l10n.t('Damaged');
      case 'interrupted':
        return l10n.t('Interrupted: the trainer ended without an error message.');
    }
  }

  private share(run: RunSummary): number | null {
    if (run.activity && run.activity.phase !== 'evaluate')
      return run.activity.total > 1 ? run.activity.done / run.activity.total : null;
    if (run.steps > 0 && run.status !== 'starting') return run.step / run.steps;
    return null;
  }

  private figuresOf(run: RunSummary): [string, string][] {
    const { formats } = this;
    return (
      [
        [l10n.t('Step'), run.steps > 0 ? `${formats.integer(run.step)} / ${formats.integer(run.steps)}` : undefined],
        [l10n.t('Loss'), run.loss === undefined ? undefined : formats.loss(run.loss)],
        [l10n.t('Accuracy'), run.accuracy === undefined ? undefined : formats.percent(run.accuracy)],
        [l10n.t('Images/s'), run.imagesPerSecond === undefined ? undefined : formats.speed(run.imagesPerSecond)],
        [l10n.t('Time left'), run.secondsLeft === undefined ? undefined : formats.duration(run.secondsLeft)],
      ] satisfies [string, string | undefined][]
    ).filter((figure): figure is [string, string] => figure[1] !== undefined);
  }
}

/** Counting from 1: epoch 1.5 (fractional) is in the second. */
function currentEpoch(run: RunSummary): number {
  return Math.min(run.epochs, Math.floor(run.epoch) + 1);
}
