/** The ways from a run's figures to its images. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import type { ImageQuery } from '../protocol.js';

export interface ImageWay {
  title: string;
  query: Partial<ImageQuery>;
}

/** The images of a cell of the confusion matrix, the most confident first. */
export function cellWay(truth: string, prediction: string): ImageWay {
  const isRight = truth === prediction;
  return {
    title: isRight ? l10n.t('{0}, classified correctly', truth) : l10n.t('{0} predicted as {1}', truth, prediction),
    query: {
      words: { label: [truth], prediction: [prediction] },
      sort: { column: 'probability', descending: true },
    },
  };
}

/** Links to the mistakes, to what the model is unsure of or does not know where it can tell, and to all images. */
export function imageWays(open: (way: ImageWay) => void, canTellUnknown: boolean): HTMLElement[] {
  const ways: ImageWay[] = [
    {
      title: l10n.t('Mistakes, most confident first'),
      query: { verdict: 'wrong', sort: { column: 'probability', descending: true } },
    },
    { title: l10n.t('Low confidence'), query: { sort: { column: 'probability', descending: false } } },
    ...(canTellUnknown ? [{ title: l10n.t('Unknown images'), query: { words: { likeness: ['unknown'] } } }] : []),
    { title: l10n.t('All images'), query: {} },
  ];
  return ways.map((way) => textButton(way.title, () => open(way)));
}
