/** Whether methods differ from the most accurate one by more than chance, in words: a line each. */
import * as l10n from '@vscode/l10n';
import { pairedWords } from '../../shared/pairedTest.js';
import type { ComparisonRow } from '../../trainer/protocol.js';
import { h } from '../element.js';
import { methodName } from '../names.js';

/** Nothing where no two methods were compared image by image. */
export const pairedItems = (rows: readonly ComparisonRow[]): HTMLElement[] =>
  rows.flatMap(({ method, paired }) =>
    paired ? [h('li', {}, `${methodName(method)}: ${pairedWords(paired, methodName(paired.against), l10n.t)}`)] : [],
  );
