/** The card with advice: what was measured, what it advises, and a button that fills the form with it. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import { quadrant } from '../charts/quadrant.js';
import { button, iconButton, textButton } from '../controls.js';
import { h, icon } from '../element.js';
import { errorBox } from '../message.js';
import { methodName } from '../names.js';
import { progressBar } from '../progressBar.js';
import type { AdviceResult, FromTrainPanel, PlanState } from '../protocol.js';

/** The last part of a path of any platform, or the name. */
const shortName = (model: string): string => model.split(/[\\/]/).filter(Boolean).at(-1) ?? model;

export class AdviceCard {
  readonly element = h('section', { class: 'run-card advice', 'aria-label': l10n.t('Advice'), hidden: true });
  private readonly bar = progressBar();

  constructor(
    private readonly post: (message: FromTrainPanel) => void,
    private readonly formats: Formats,
  ) {}

  show({ advice }: PlanState): void {
    this.element.hidden = advice.kind === 'none';
    const close = (): void => this.post({ type: 'cancelAdvice' });
    if (advice.kind === 'failed')
      return this.element.replaceChildren(errorBox(advice.error, this.post, { onClose: close }));
    if (advice.kind === 'working') {
      const { done, total } = advice;
      const words = l10n.t('Measuring what suits the dataset…');
      this.bar.set(total > 1 ? done / total : null, words);
      if (this.bar.element.parentElement === this.element) return;
      return this.element.replaceChildren(
        h('p', { 'aria-live': 'polite' }, words, ' ', textButton(l10n.t('Cancel'), close)),
        this.bar.element,
      );
    }
    if (advice.kind === 'known') this.element.replaceChildren(...this.content(advice.result, close));
  }

  private content({ advice, measured }: AdviceResult, close: () => void): Node[] {
    const { formats } = this;
    const { model, method, settings, expectedAccuracy, interval, seconds, memoryBytes, reasons } = advice;
    const set = Object.entries(settings).map(([key, value]) => `, ${key} ${JSON.stringify(value)}`);
    const facts = [
      l10n.t(
        'Expected accuracy: {0} ({1} to {2})',
        formats.percent(expectedAccuracy),
        formats.percent(interval[0]),
        formats.percent(interval[1]),
      ),
      ...(seconds === null || memoryBytes === null
        ? []
        : [
            l10n.t(
              'About {0} and {1} of memory on this machine',
              formats.duration(seconds),
              formats.bytes(memoryBytes),
            ),
          ]),
    ];
    return [
      h(
        'div',
        { class: 'run-head' },
        h(
          'h2',
          { class: 'run-name' },
          l10n.t('Advice: {0} on {1}{2}', methodName(method), shortName(model), set.join('')),
        ),
        iconButton('close', l10n.t('Dismiss'), close),
      ),
      ...facts.map((fact) => h('p', {}, fact)),
      quadrant(
        { images: measured.curve.at(-1)?.images ?? 0, familiarity: measured.familiarity },
        l10n.t(
          '{0} training images; the model knows such images to {1}',
          formats.integer(measured.curve.at(-1)?.images ?? 0),
          formats.wholePercent(measured.familiarity),
        ),
      ),
      h(
        'details',
        { class: 'fold' },
        h('summary', {}, icon('chevron'), l10n.t('Why')),
        h('ul', {}, ...reasons.map((each) => h('li', {}, each))),
      ),
      button({
        label: l10n.t('Use This Advice'),
        appearance: 'secondary',
        onClick: () => this.post({ type: 'useAdvice' }),
      }).element,
    ];
  }
}
