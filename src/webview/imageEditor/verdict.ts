/** What the active checkpoint says of the image: bars of the top predictions, or why there are none. */
import * as l10n from '@vscode/l10n';
import { button, textButton } from '../controls.js';
import type { Prediction } from '../../trainer/protocol.js';
import { h } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { errorBox } from '../message.js';
import { progressBar } from '../progressBar.js';
import type { FromImageEditor, ImageEditorState } from '../protocol.js';

export class Verdict {
  readonly element: HTMLElement;
  private readonly by = h('p', { class: 'quiet by' });
  private readonly change: HTMLElement;
  private readonly content = h('div', { class: 'verdict-content', 'aria-live': 'polite' });

  constructor(
    private readonly formats: Formats,
    private readonly post: (message: FromImageEditor) => void,
  ) {
    this.change = textButton(l10n.t('Change checkpoint…'), () => post({ type: 'chooseCheckpoint' }));
    this.element = h(
      'aside',
      { class: 'verdict', 'aria-label': l10n.t('Classification') },
      h('h2', {}, l10n.t('Predictions')),
      this.content,
      h('div', { class: 'by-line' }, this.by, this.change),
    );
  }

  show({ checkpoint, verdict }: Pick<ImageEditorState, 'checkpoint' | 'verdict'>): void {
    this.by.textContent = checkpoint
      ? l10n.t('By {0}, step {1}', checkpoint.run, this.formats.integer(checkpoint.step))
      : '';
    this.by.title = checkpoint?.path ?? '';
    const none = verdict.kind === 'noCheckpoint';
    this.by.hidden = !checkpoint || none;
    this.change.hidden = none;
    this.element.dataset.verdict = verdict.kind;
    this.content.replaceChildren(...this.parts(verdict));
  }

  private parts(verdict: ImageEditorState['verdict']): HTMLElement[] {
    switch (verdict.kind) {
      case 'classifying': {
        const bar = progressBar();
        bar.set(null, l10n.t('Classifying…'));
        return [h('p', { class: 'quiet' }, l10n.t('Classifying…')), bar.element];
      }
      case 'noCheckpoint':
        return [
          h(
            'p',
            {},
            l10n.t(
              'No checkpoint is active. Choose one to see its predictions for this image, or train one on your own images.',
            ),
          ),
          h(
            'div',
            { class: 'actions' },
            button({
              label: l10n.t('Choose Checkpoint…'),
              appearance: 'primary',
              onClick: () => this.post({ type: 'chooseCheckpoint' }),
            }).element,
            button({ label: l10n.t('Train One'), appearance: 'secondary', onClick: () => this.post({ type: 'train' }) })
              .element,
          ),
        ];
      case 'error':
        return [
          errorBox(verdict.error, this.post, {
            actions: [{ label: l10n.t('Try Again'), run: () => this.post({ type: 'classify' }) }],
          }),
        ];
      case 'predictions':
        if (!verdict.tasks) return [this.list(verdict.predictions)];
        return verdict.tasks.flatMap(({ task, predictions }) => [h('h3', {}, task), this.list(predictions)]);
    }
  }

  /** The likeliest labels, each with a bar. */
  private list(predictions: readonly Prediction[]): HTMLElement {
    return h(
      'ol',
      { class: 'predictions' },
      ...predictions.map(({ label, probability }) => {
        const fill = h('div', { class: 'bar-fill' });
        fill.style.width = `${Math.min(1, Math.max(0, probability)) * 100}%`;
        return h(
          'li',
          {},
          h(
            'div',
            { class: 'prediction' },
            h('span', { class: 'prediction-label', title: label }, label),
            h('span', { class: 'prediction-share' }, this.formats.percent(probability)),
          ),
          h('div', { class: 'bar', 'aria-hidden': 'true' }, fill),
        );
      }),
    );
  }
}
