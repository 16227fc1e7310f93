/** Why the checkpoint answers so: the places that count for a class, and the training images that are most alike. */
import * as l10n from '@vscode/l10n';
import type { Explanation } from '../../shared/explanation.js';
import type { Formats } from '../../shared/formats.js';
import { heatColour } from '../../shared/heat.js';
import { button, dropdown, textButton } from '../controls.js';
import { h, icon } from '../element.js';
import { errorBox } from '../message.js';
import { progressBar } from '../progressBar.js';
import type { FromImageEditor, ImageEditorState } from '../protocol.js';

export class Why {
  readonly element = h('section', { class: 'why', 'aria-label': l10n.t('Why?') });
  private readonly label = dropdown({
    name: 'label',
    label: l10n.t('What speaks for'),
    onChange: (label) => this.post({ type: 'explain', label }),
  });
  private readonly open: HTMLElement;
  private readonly close: HTMLElement;

  constructor(
    private readonly formats: Formats,
    private readonly post: (message: FromImageEditor) => void,
  ) {
    this.open = button({
      label: l10n.t('Why?'),
      appearance: 'secondary',
      onClick: () => post({ type: 'explain' }),
    }).element;
    this.close = button({
      label: l10n.t('Hide Explanation'),
      appearance: 'secondary',
      onClick: () => post({ type: 'hideExplanation' }),
    }).element;
  }

  show({ verdict, why }: Pick<ImageEditorState, 'verdict' | 'why'>): void {
    this.element.hidden = verdict.kind !== 'predictions';
    if (verdict.kind !== 'predictions') return;
    this.element.dataset.why = why.kind;
    switch (why.kind) {
      case 'hidden':
        return this.element.replaceChildren(this.open);
      case 'asking': {
        const bar = progressBar();
        bar.set(null, l10n.t('Explaining…'));
        return this.element.replaceChildren(h('p', { class: 'quiet' }, l10n.t('Explaining…')), bar.element, this.close);
      }
      case 'error':
        return this.element.replaceChildren(errorBox(why.error, this.post), this.open);
      case 'shown': {
        const { explanation } = why;
        // With several tasks the classes of each have its name before theirs.
        const labels =
          verdict.tasks?.flatMap(({ task, predictions }) => predictions.map(({ label }) => `${task}: ${label}`)) ??
          verdict.predictions.map(({ label }) => label);
        const all = labels.includes(explanation.label) ? labels : [explanation.label, ...labels];
        this.label.setOptions(
          all.map((label) => ({ value: label, label })),
          explanation.label,
        );
        return this.element.replaceChildren(
          this.label.element,
          this.scale(),
          h('p', { class: 'quiet' }, methodWords(explanation)),
          ...this.similar(explanation, why.previews),
          this.close,
        );
      }
    }
  }

  /** What the colours mean. */
  private scale(): HTMLElement {
    const width = 128;
    const canvas = h('canvas', { width, height: 1, 'aria-hidden': 'true' });
    const context = canvas.getContext('2d');
    const pixels = context?.createImageData(width, 1);
    for (let x = 0; x < width; x++) {
      const [red, green, blue] = heatColour(x / (width - 1));
      pixels?.data.set([red, green, blue, 255], 4 * x);
    }
    if (pixels) context?.putImageData(pixels, 0, 0);
    return h('div', { class: 'why-scale' }, l10n.t('Little'), canvas, l10n.t('Much'));
  }

  private similar({ similar, missing }: Explanation, previews: readonly (string | null)[]): HTMLElement[] {
    if (missing === 'calibration')
      return [
        h(
          'p',
          { class: 'quiet' },
          l10n.t('Similar training images are not known for this checkpoint. Calibrate its run to know them.'),
        ),
        textButton(l10n.t('Calibrate'), () => this.post({ type: 'calibrate' })),
      ];
    if (missing === 'export')
      return [
        h(
          'p',
          { class: 'quiet' },
          l10n.t('An export has no training images with it: explain the checkpoint to see similar ones.'),
        ),
      ];
    if (missing === 'images')
      return [h('p', { class: 'quiet' }, l10n.t('The training images are not where the run had them.'))];
    return [
      h('h3', {}, l10n.t('It looks like these training images')),
      h(
        'ol',
        { class: 'similar' },
        ...similar.map(({ path, label, similarity }, i) => {
          const src = previews[i];
          const words = `${label} ${this.formats.wholePercent(similarity)}`;
          return h(
            'li',
            {},
            h(
              'button',
              { type: 'button', title: path, click: () => this.post({ type: 'openImage', path }) },
              src
                ? h('img', { class: 'similar-image', src, alt: '' })
                : h('span', { class: 'similar-image' }, icon('image')),
              h('span', { class: 'similar-words' }, words),
            ),
          );
        }),
      ),
    ];
  }
}

const methodWords = ({ method, rows, columns }: Explanation): string =>
  method === 'attention'
    ? l10n.t('Attention of the network, by its gradient for the class, on {0} × {1} patches.', rows, columns)
    : l10n.t('How much probability covering a place takes away, on {0} × {1} places.', rows, columns);
