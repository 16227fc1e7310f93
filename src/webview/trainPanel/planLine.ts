/** The line of the estimate, above the button that starts: time, memory and disk of the form as it is. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import { textButton } from '../controls.js';
import { h, setText } from '../element.js';
import type { FromTrainPanel, PlanState } from '../protocol.js';

export class PlanLine {
  private readonly words = h('span', { 'aria-live': 'polite' });
  private readonly more = h('span', { class: 'plan-more' });
  private readonly action = h('span', {});
  readonly element = h('div', { class: 'plan-line' }, this.words, ' ', this.action, this.more);

  constructor(
    private readonly post: (message: FromTrainPanel) => void,
    private readonly formats: Formats,
  ) {}

  show({ estimate }: PlanState, hasDataset: boolean): void {
    this.element.hidden = !hasDataset;
    this.element.classList.toggle('plan-short', false);
    setText(this.more, '');
    this.element.title = '';
    switch (estimate.kind) {
      case 'none':
        setText(this.words, '');
        return this.offer(l10n.t('Estimate time and memory'), 'estimate');
      case 'working': {
        const { done, total } = estimate;
        setText(this.words, l10n.t('Estimating time and memory…') + (total > 1 ? ` ${done}/${total}` : ''));
        return this.offer(l10n.t('Cancel'), 'cancelEstimate');
      }
      case 'failed':
        setText(this.words, l10n.t('No estimate: {0}', estimate.error.message));
        this.element.title = estimate.error.remedy ?? '';
        return this.offer(l10n.t('Try again'), 'estimate');
      case 'known':
        this.showKnown(estimate.result);
    }
  }

  private showKnown(estimate: Extract<PlanState['estimate'], { kind: 'known' }>['result']): void {
    const { formats } = this;
    const { seconds, firstMetricSeconds, memoryBytes, diskBytes, short, settings } = estimate;
    this.action.replaceChildren();
    setText(
      this.words,
      seconds === null || firstMetricSeconds === null
        ? l10n.t('Memory {0}, disk {1}', formats.bytes(memoryBytes), formats.bytes(diskBytes))
        : l10n.t(
            'About {0}, first result after {1}; memory {2}, disk {3}',
            formats.duration(seconds),
            formats.duration(firstMetricSeconds),
            formats.bytes(memoryBytes),
            formats.bytes(diskBytes),
          ),
    );
    if (!short.length) return;
    this.element.classList.toggle('plan-short', true);
    const problem = short.includes('memory')
      ? l10n.t('It will not fit into the memory.')
      : l10n.t('It will not fit on the disk.');
    setText(this.more, settings.length ? `${problem} ${l10n.t('This would fit: {0}', settings.join('; '))}` : problem);
  }

  private offer(label: string, type: 'estimate' | 'cancelEstimate'): void {
    const known = this.action.firstElementChild;
    if (known?.textContent === label) return;
    this.action.replaceChildren(textButton(label, () => this.post({ type })));
  }
}
