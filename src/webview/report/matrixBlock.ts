/** The confusion matrix of a report, whose cells open their images. */
import { ConfusionMatrix } from '../charts/confusionMatrix.js';
import { h } from '../element.js';
import type { Host } from '../host.js';
import type { FromReport, KeptByReport, ReportBlock } from '../protocol.js';
import { onThemeChange } from '../theme.js';

export class MatrixBlock {
  readonly element: HTMLElement;
  private readonly matrix: ConfusionMatrix;
  private readonly stopWatching: () => void;

  constructor(
    { heading, lead, task, labels, counts }: Extract<ReportBlock, { kind: 'matrix' }>,
    { post, formats }: Host<FromReport, KeptByReport>,
  ) {
    this.matrix = new ConfusionMatrix(formats, ({ truth, prediction }) => {
      // An empty cell has no images to show.
      if (!counts[truth]?.[prediction]) return;
      const action = { type: 'showConfused', task, truth: labels[truth]!, prediction: labels[prediction]! } as const;
      post({ type: 'act', action });
    });
    this.element = h(
      'section',
      { class: 'card' },
      h('h2', {}, heading),
      h('p', { class: 'quiet' }, lead),
      this.matrix.element,
    );
    this.matrix.show(labels, counts);
    this.stopWatching = onThemeChange(() => this.matrix.draw());
  }

  dispose(): void {
    this.stopWatching();
    this.matrix.dispose();
  }
}
