/** The header of the dashboard: the run, its status, its progress, and its actions. */
import * as l10n from '@vscode/l10n';
import { button, textButton } from '../controls.js';
import { h, setText } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { progressBar } from '../progressBar.js';
import { deviceNames, methodName } from '../names.js';
import type { DashboardState, FromDashboard } from '../protocol.js';
import { activityText, isLive, statusText } from '../runStatus.js';
import type { RunRecord } from './runRecord.js';
import { tasksOf } from './tasks.js';

export type HeaderState = Omit<DashboardState, 'history'>;

export class Header {
  readonly element: HTMLElement;
  private readonly name = h('h1');
  private readonly status = h('span', { class: 'badge status', role: 'status' });
  private readonly about = h('p', { class: 'about quiet' });
  private readonly figures = h('dl', { class: 'figures' });
  private readonly doing = h('p', { class: 'quiet doing', role: 'status' });
  private readonly bar = progressBar();
  private readonly stop;
  private readonly resume;
  private readonly again;
  private readonly compare;

  constructor(
    private state: HeaderState,
    private readonly formats: Formats,
    post: (message: FromDashboard) => void,
  ) {
    const run = () => this.state.run;
    this.stop = button({
      label: l10n.t('Stop'),
      appearance: 'secondary',
      onClick: () => post({ type: 'stop', run: run().folder }),
    });
    this.resume = button({
      label: l10n.t('Resume'),
      appearance: 'primary',
      onClick: () => post({ type: 'resume', run: run().folder }),
    });
    this.again = textButton(l10n.t('Train Again…'), () => post({ type: 'trainAgain', run: run().folder }));
    this.compare = textButton(l10n.t('Compare with…'), () => {
      const earlier = this.state.again?.folder;
      post({ type: 'compareRuns', run: run().folder, ...(earlier === undefined ? {} : { earlier }) });
    });
    const links = h(
      'p',
      { class: 'links' },
      this.again,
      this.compare,
      textButton(l10n.t('Open config'), () => post({ type: 'openConfig', file: run().config })),
      textButton(l10n.t('Reveal run folder'), () => post({ type: 'revealRun', run: run().folder })),
      textButton(l10n.t('Show log'), () => post({ type: 'openLog' })),
    );
    this.element = h(
      'header',
      { class: 'head' },
      h(
        'div',
        { class: 'head-title' },
        this.name,
        this.status,
        h('div', { class: 'actions' }, this.resume.element, this.stop.element),
      ),
      this.about,
      links,
      this.figures,
      h('div', { class: 'head-progress' }, this.bar.element, this.doing),
    );
  }

  show(state: HeaderState, record: RunRecord): void {
    this.state = state;
    const { run, status, resumable } = state;
    setText(this.name, run.name);
    this.name.title = run.folder;
    setText(this.status, statusText(status));
    this.status.dataset.status = status;
    setText(this.about, this.aboutText(record));
    const live = isLive(status);
    this.stop.element.hidden = !live;
    this.stop.setDisabled(status === 'stopping');
    this.stop.setLabel(status === 'stopping' ? l10n.t('Stopping…') : l10n.t('Stop'));
    this.resume.element.hidden = live || !resumable;
    const { isTrained, again } = state;
    this.again.hidden = !isTrained;
    this.compare.hidden = !isTrained;
    setText(this.compare, again ? l10n.t('Compare with “{0}”', again.name) : l10n.t('Compare with…'));
    this.showFigures(record, live);
    this.showProgress(record, live);
  }

  private aboutText(record: RunRecord): string {
    const { started } = record;
    const tasks = tasksOf(record);
    const { formats, state } = this;
    const since = l10n.t('started {0}', formats.moment(state.run.createdAt));
    if (!started) return since;
    const { images, trainableParameters, totalParameters } = started;
    return [
      methodName(started.method),
      started.model,
      deviceNames()[started.device],
      tasks.length > 1
        ? l10n.t('tasks: {0}', tasks.map(({ name }) => name).join(', '))
        : l10n.t('{0} classes', formats.integer(started.labels.length)),
      l10n.t(
        '{0} training and {1} validation images',
        formats.integer(images.train),
        formats.integer(images.validation),
      ),
      record.unreadable > 0 ? l10n.t('{0} of them unreadable', formats.integer(record.unreadable)) : '',
      record.skipped > 0 ? l10n.t('{0} skipped', formats.integer(record.skipped)) : '',
      l10n.t('{0} of {1} parameters train', formats.integer(trainableParameters), formats.integer(totalParameters)),
      since,
    ]
      .filter(Boolean)
      .join(' · ');
  }

  private showFigures(record: RunRecord, live: boolean): void {
    const { formats } = this;
    const { started, finished } = record;
    const validation = record.evaluationsOf('validation');
    const best = record.bestAccuracy;
    const last = validation.at(-1)?.accuracy;
    const loss = record.steps.loss.at(-1) ?? record.partialStep?.loss;
    const speed = record.latest?.imagesPerSecond;
    const waiting = record.latest?.waiting;
    const left = record.secondsLeft();
    const evaluatedAgain = l10n.t(
      'Re-evaluated at the end in fp32, as the saved model computes. Accuracies during training are rounded like the training steps.',
    );
    const figures: [name: string, value: string | undefined | null, hint?: string | false][] = [
      [
        l10n.t('Epoch'),
        started && `${formats.speed(Math.min(record.lastEpoch, started.epochs))} / ${formats.integer(started.epochs)}`,
      ],
      [l10n.t('Step'), started && `${formats.integer(record.lastStep)} / ${formats.integer(started.steps)}`],
      [l10n.t('Loss'), loss === undefined ? undefined : formats.loss(loss)],
      [l10n.t('Accuracy'), last === undefined ? undefined : formats.percent(last)],
      [
        l10n.t('Best accuracy'),
        best === undefined ? undefined : formats.percent(best),
        finished !== null && validation.some((each) => each.judged) && evaluatedAgain,
      ],
      [l10n.t('Images/s'), speed === undefined ? undefined : formats.speed(speed)],
      // Only worth a word where reading the images holds training up.
      [
        l10n.t('Waiting for images'),
        waiting === undefined || !(waiting >= 0.05) ? undefined : formats.wholePercent(waiting),
      ],
      [l10n.t('Time left'), left === undefined || !live ? undefined : formats.duration(left)],
      [l10n.t('Duration'), finished ? formats.duration(finished.seconds) : undefined],
    ];
    const shown = figures.filter(([, value]) => typeof value === 'string');
    this.figures.replaceChildren(
      ...shown.map(([name, value, hint]) =>
        h('div', { title: hint || undefined, 'data-length': lengthOf(value!) }, h('dt', {}, name), h('dd', {}, value!)),
      ),
    );
    this.figures.hidden = shown.length === 0;
  }

  private showProgress(record: RunRecord, live: boolean): void {
    const { activity, started } = record;
    this.bar.element.hidden = !live;
    if (activity && activity.phase !== 'evaluate')
      this.bar.set(activity.total > 1 ? activity.done / activity.total : null, l10n.t('Progress'));
    else this.bar.set(started && started.steps > 0 ? record.lastStep / started.steps : null, l10n.t('Progress'));
    const finished = record.finished;
    let words = '';
    // Before the first step the place of the curves says it.
    if (live && activity && record.steps.step.length > 0) words = activityText(activity.phase);
    else if (this.state.status === 'interrupted')
      words = l10n.t('The trainer ended without an error message. Resume continues from the last checkpoint.');
    else if (this.state.status === 'finished' && finished?.reason === 'early-stopping')
      words = l10n.t('Stopped early: no better result for a while.');
    setText(this.doing, words);
    this.doing.hidden = words === '';
  }
}

/** How much room a figure takes: the style sheet gives a long one two columns. */
const lengthOf = (value: string) => (value.length > 13 ? 'longest' : value.length > 9 ? 'long' : undefined);
