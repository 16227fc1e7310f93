/** The comparison of methods on one dataset: parameters, cost and accuracy of each, during the comparison and after. */
import * as l10n from '@vscode/l10n';
import { button, textButton } from '../controls.js';
import { h, setText } from '../element.js';
import { type Host, openView } from '../host.js';
import { progressBar } from '../progressBar.js';
import type { ComparisonState, FromComparison, KeptByComparison, Patch } from '../protocol.js';
import { activityText } from '../runStatus.js';
import { comparisonTable } from './comparisonTable.js';
import { pairedItems } from './pairedList.js';
import { CostChart } from './costChart.js';
import { hasMoreSeeds, methodRows, shareDone } from './rows.js';
import './style.css';

/** With so many seeds a spread says something, and the wait is bearable. */
const usualSeeds = 3;

openView<ComparisonState, Patch<ComparisonState>, FromComparison, KeptByComparison>((root, state, host) => {
  const view = new ComparisonView(root, state, host);
  return (message) => view.update(message.state);
});

class ComparisonView {
  private readonly title = h('h1');
  private readonly about = h('p', { class: 'quiet' });
  private readonly settings = h('p', { class: 'quiet' });
  private readonly bar = progressBar();
  private readonly doing = h('p', { class: 'quiet', role: 'status' });
  private readonly progress = h('div', { class: 'head-progress' }, this.bar.element, this.doing);
  private readonly stop;
  private readonly goOn;
  private readonly repeat;
  private readonly paired = h('ul', { class: 'paired quiet', 'aria-label': l10n.t('Could it be chance?') });
  private readonly chart;
  private readonly table;

  constructor(
    root: HTMLElement,
    private state: ComparisonState,
    private readonly host: Host<FromComparison, KeptByComparison>,
  ) {
    const { post, formats } = host;
    host.keep({ comparison: state.folder });
    this.stop = button({ label: l10n.t('Stop'), appearance: 'secondary', onClick: () => post({ type: 'stop' }) });
    this.goOn = button({ label: l10n.t('Continue'), appearance: 'primary', onClick: () => post({ type: 'continue' }) });
    this.repeat = button({
      label: l10n.t('Repeat with {0} Seeds', usualSeeds),
      appearance: 'secondary',
      onClick: () => post({ type: 'repeat', seeds: usualSeeds }),
    });
    this.chart = new CostChart(formats);
    this.table = comparisonTable(formats, {
      openRun: (run) => post({ type: 'openRun', run }),
      train: (method) => post({ type: 'train', method }),
      working: () => this.workText(),
    });
    const links = h(
      'p',
      { class: 'links' },
      textButton(l10n.t('Reveal folder'), () => post({ type: 'reveal' })),
      textButton(l10n.t('Show log'), () => post({ type: 'openLog' })),
    );
    root.append(
      h(
        'header',
        { class: 'head' },
        h(
          'div',
          { class: 'head-title' },
          this.title,
          h('div', { class: 'actions' }, this.goOn.element, this.repeat.element, this.stop.element),
        ),
        this.about,
        this.settings,
        links,
        this.progress,
      ),
      h('section', { class: 'card comparison' }, this.table.element, this.paired),
      this.chart.element,
    );
    this.show();
  }

  update(change: Partial<ComparisonState>): void {
    this.state = { ...this.state, ...change };
    this.show();
  }

  private show(): void {
    const { state } = this;
    const { work } = state;
    const rows = methodRows(state);
    setText(this.title, l10n.t('Methods compared on {0}', state.name));
    setText(this.about, this.aboutText());
    const { settings } = state.comparison;
    setText(this.settings, l10n.t('Settings: {0}', settings.join(', ')));
    this.settings.hidden = settings.length === 0;
    this.progress.hidden = work === null;
    if (work) {
      this.bar.set(shareDone(state), l10n.t('Progress'));
      const done = rows.filter(({ state: at }) => at === 'done' || at === 'failed').length;
      const stopping = work.stopping ? l10n.t('Stopping and saving a checkpoint…') : undefined;
      setText(this.doing, stopping ?? l10n.t('{0} of {1} methods are done.', done, rows.length));
    }
    this.stop.element.hidden = work === null;
    this.stop.setDisabled(work?.stopping ?? false);
    const waiting = rows.some(({ state: at }) => at === 'waiting');
    const isDone = rows.every(({ state: at }) => at === 'done');
    const more = hasMoreSeeds(state);
    this.goOn.element.hidden = work !== null || (isDone && !more);
    this.repeat.element.hidden = work !== null || !isDone || (state.comparison.seeds ?? 1) > 1;
    const paired = pairedItems(state.comparison.rows);
    this.paired.replaceChildren(...paired);
    this.paired.hidden = paired.length === 0;
    this.chart.show(state.comparison.rows);
    this.goOn.setLabel(waiting || more ? l10n.t('Continue') : l10n.t('Try Again'));
    this.table.show(rows);
  }

  private aboutText(): string {
    const { comparison } = this.state;
    const tested = comparison.rows.some(({ split }) => split === 'test');
    return [
      (comparison.seeds ?? 1) > 1
        ? l10n.t('Each with its defaults, on the same images and split; figures are means over the seeds.')
        : l10n.t('Each with its defaults, on the same images, split and seed.'),
      tested ? l10n.t('Accuracy is that on the test images.') : l10n.t('Accuracy is that on the validation images.'),
      l10n.t('Memory is that of the process, without a graphics card’s.'),
    ].join(' ');
  }

  /** What the method at work does. */
  private workText(): string {
    const { work } = this.state;
    const { formats } = this.host;
    if (!work) return '';
    if (work.phase !== null) return activityText(work.phase);
    if (work.total < 2) return l10n.t('Starting…');
    return l10n.t('Training, {0}', formats.wholePercent(work.done / work.total));
  }
}
