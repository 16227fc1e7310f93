/** What columns are called, and their values in words. */
import * as l10n from '@vscode/l10n';
import type { Formats } from '../../shared/formats.js';
import type { ImageColumn, NumberColumn } from '../../shared/imageList.js';

/** Of a column by its `id`; one that the view does not know brings its own title. */
export function columnTitle({ id, title }: Pick<ImageColumn, 'id' | 'title'>): string {
  const titles: Record<string, string> = {
    label: l10n.t('Class'),
    prediction: l10n.t('Predicted class'),
    was: l10n.t('Answer before'),
    change: l10n.t('Change'),
    edit: l10n.t('Change'),
    labelBefore: l10n.t('Label before'),
    split: l10n.t('Split'),
    likeness: l10n.t('Known or unknown'),
    probability: l10n.t('Confidence'),
    loss: l10n.t('Loss'),
    size: l10n.t('File size'),
    date: l10n.t('Date changed'),
    name: l10n.t('File name'),
    mark: l10n.t('Remark'),
    group: l10n.t('Group'),
    finding: l10n.t('Finding'),
    margin: l10n.t('Margin'),
  };
  return titles[id] ?? title ?? id;
}

/** A word of a column as it is shown: splits and changes have names in the user's language. */
export function wordOf(id: string, word: string): string {
  const words: Record<string, Record<string, string>> = {
    split: { train: l10n.t('Training'), validation: l10n.t('Validation'), test: l10n.t('Test') },
    likeness: { known: l10n.t('Known'), unknown: l10n.t('Unknown') },
    change: {
      wasRight: l10n.t('Was right before'),
      isRight: l10n.t('Is right now'),
      neither: l10n.t('Wrong both times'),
    },
    finding: {
      'label-error': l10n.t('Label probably wrong'),
      leakage: l10n.t('Also in another split'),
      duplicate: l10n.t('Same file twice'),
      'near-duplicate': l10n.t('Nearly the same image twice'),
      constant: l10n.t('Hardly shows anything'),
      blurred: l10n.t('Blurred'),
      tiny: l10n.t('Tiny'),
      stretched: l10n.t('Very long'),
      outlier: l10n.t('Unlike all others'),
      burst: l10n.t('Burst or frame of a video'),
    },
    edit: {
      relabelled: l10n.t('Label changed'),
      added: l10n.t('Added'),
      removed: l10n.t('Removed'),
      resplit: l10n.t('In another split'),
      edited: l10n.t('Edited'),
    },
  };
  const own = Object.hasOwn(words, id) ? words[id]![word] : undefined;
  return own ?? (word === '' ? l10n.t('(none)') : word);
}

export function figureOf(format: NumberColumn['format'], value: number, formats: Formats): string {
  switch (format) {
    case 'percent':
      return formats.percent(value);
    case 'bytes':
      return formats.bytes(value);
    case 'date':
      return formats.moment(value);
    case 'figure':
      return formats.loss(value);
    case 'rank':
      return '';
  }
}
