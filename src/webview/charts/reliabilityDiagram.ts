/** The reliability diagram: how often answers of each probability are right, before and after the calibration. */
import * as l10n from '@vscode/l10n';
import { button } from '../controls.js';
import { h } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import type { ReliabilityBin, TaskCalibration } from '../../shared/calibration.js';
import { calibrationWords } from '../../shared/calibrationWords.js';

export class ReliabilityDiagram {
  readonly element: HTMLElement;
  private readonly words = h('p', { class: 'quiet' });
  private readonly diagrams = h('div', { class: 'reliability' });

  private readonly offer: HTMLElement;

  constructor(
    private readonly formats: Formats,
    calibrate: () => void,
  ) {
    this.offer = h(
      'div',
      { class: 'actions' },
      button({ label: l10n.t('Calibrate'), appearance: 'secondary', onClick: calibrate }).element,
    );
    this.element = h(
      'section',
      { class: 'card reliability-card' },
      h('h2', {}, l10n.t('Calibration')),
      this.words,
      this.diagrams,
      this.offer,
    );
  }

  /** Of one task; `missing` offers to compute it, undefined hides it. */
  show(task: TaskCalibration | 'missing' | undefined): void {
    this.element.hidden = task === undefined;
    if (!task) return;
    this.offer.hidden = task !== 'missing';
    if (task === 'missing') {
      this.diagrams.hidden = true;
      this.words.textContent = [
        l10n.t('Not calibrated yet: a run does that at its end.'),
        l10n.t('Calibrated probabilities say how often they are right, and unknown images are told apart.'),
      ].join(' ');
      return;
    }
    const { formats } = this;
    this.words.textContent = calibrationWords(
      { tasks: [task] },
      {
        t: l10n.t,
        percent: (share) => formats.percent(share),
        figure: (value) => formats.figure(value),
      },
    ).join(' ');
    const { bins, ece } = task;
    this.diagrams.hidden = !bins;
    this.diagrams.replaceChildren(
      ...(bins
        ? [
            this.diagram(l10n.t('Before'), bins.before, ece?.before),
            this.diagram(l10n.t('After'), bins.after, ece?.after),
            h(
              'p',
              { class: 'quiet' },
              l10n.t('Columns: probability. Bars: share that is right. Lines: where the bars should end.'),
            ),
          ]
        : []),
    );
  }

  private diagram(title: string, bins: readonly ReliabilityBin[], error = 0): HTMLElement {
    const { formats } = this;
    const columns = bins.map(({ images, confidence, accuracy }) => {
      const bar = h('div', { class: 'reliability-bar' });
      bar.style.height = `${100 * accuracy}%`;
      const line = h('div', { class: 'reliability-line' });
      line.style.bottom = `${100 * confidence}%`;
      const words = l10n.t(
        'Probability {0}: {1} right (answers: {2})',
        formats.percent(confidence),
        formats.percent(accuracy),
        formats.integer(images),
      );
      return h('div', { class: 'reliability-column', title: images ? words : '' }, ...(images ? [bar, line] : []));
    });
    const name = l10n.t('{0}: calibration error {1}', title, formats.percent(error));
    return h(
      'figure',
      {},
      h('div', { class: 'reliability-plot', role: 'img', 'aria-label': name }, ...columns),
      h(
        'div',
        { class: 'reliability-scale quiet', 'aria-hidden': 'true' },
        ...[formats.wholePercent(0), l10n.t('Probability'), formats.wholePercent(1)].map((each) => h('span', {}, each)),
      ),
      h('figcaption', {}, name),
    );
  }
}
