/** What the active checkpoint says of the image: bars of the top predictions, or why there are none. */
import * as l10n from '@vscode/l10n';
import { button, textButton } from '../controls.js';
import type { Prediction, UnknownAnswer } from '../../trainer/protocol.js';
import { h } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { errorBox } from '../message.js';
import { progressBar } from '../progressBar.js';
import type { FromImageEditor, ImageEditorState } from '../protocol.js';

const sliderId = 'known-share';

export class Verdict {
  readonly element: HTMLElement;
  private readonly by = h('p', { class: 'quiet by' });
  private readonly change: HTMLElement;
  private readonly content = h('div', { class: 'verdict-content', 'aria-live': 'polite' });

  constructor(
    private readonly formats: Formats,
    private readonly post: (message: FromImageEditor) => void,
    why: HTMLElement,
  ) {
    this.change = textButton(l10n.t('Change checkpoint…'), () => post({ type: 'chooseCheckpoint' }));
    this.element = h(
      'aside',
      { class: 'verdict', 'aria-label': l10n.t('Classification') },
      h('h2', {}, l10n.t('Predictions')),
      this.content,
      why,
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
    // A slider that is moved by keys keeps the focus when its new figures arrive.
    const hadFocus = document.activeElement?.id === sliderId;
    this.content.replaceChildren(...this.parts(verdict));
    if (hadFocus) document.getElementById(sliderId)?.focus();
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
      case 'predictions': {
        const { predictions, tasks, unknown } = verdict;
        const lists = tasks
          ? tasks.flatMap((each) => [h('h3', {}, each.task), this.list(each.predictions)])
          : [this.list(predictions)];
        if (!unknown) return lists;
        if (unknown.isUnknown) for (const list of lists) list.classList.add('doubtful');
        return [...this.unknownParts(unknown), ...lists, this.knownSlider(unknown)];
      }
    }
  }

  /** What an image that is unlike the training images is nearest to. */
  private unknownParts({ isUnknown, nearest }: UnknownAnswer): HTMLElement[] {
    if (!isUnknown) return [];
    return [
      h(
        'div',
        { class: 'unknown' },
        h('strong', {}, l10n.t('Unknown')),
        h('p', {}, l10n.t('Unlike the training images. Nearest: {0}.', nearest.join(', '))),
      ),
    ];
  }

  /** Sets from where on an image is unknown, and says what that costs. */
  private knownSlider({ recall, precision }: UnknownAnswer): HTMLElement {
    const { formats } = this;
    const words = h('p', { class: 'quiet', id: 'known-words' });
    words.textContent = l10n.t(
      'Of the validation images {0} count as known (recall), and {1} of these are right (precision).',
      formats.percent(recall),
      formats.percent(precision),
    );
    const slider = h('input', {
      type: 'range',
      min: 0.5,
      max: 1,
      step: 0.01,
      id: sliderId,
      'aria-describedby': 'known-words',
      change: () => this.post({ type: 'accept', share: Number(slider.value) }),
    });
    slider.value = String(recall);
    return h(
      'div',
      { class: 'known' },
      h('label', { for: sliderId }, l10n.t('Images that count as known')),
      slider,
      words,
    );
  }

  /** The likeliest labels, each with a bar. */
  private list(predictions: readonly Prediction[]): HTMLElement {
    return h(
      'ol',
      { class: 'predictions' },
      ...predictions.map(({ label, probability, rawProbability = probability }) => {
        const fill = h('div', { class: 'bar-fill' });
        fill.style.width = `${Math.min(1, Math.max(0, probability)) * 100}%`;
        return h(
          'li',
          {},
          h(
            'div',
            { class: 'prediction' },
            h('span', { class: 'prediction-label', title: label }, label),
            h(
              'span',
              {
                class: 'prediction-share',
                title: l10n.t('Calibrated; the model itself gives {0}.', this.formats.percent(rawProbability)),
              },
              this.formats.percent(probability),
            ),
          ),
          h('div', { class: 'bar', 'aria-hidden': 'true' }, fill),
        );
      }),
    );
  }
}
