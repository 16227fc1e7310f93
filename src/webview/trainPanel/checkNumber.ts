/** Parses the text of a numeric field and describes what is wrong with it. */
import * as l10n from '@vscode/l10n';
import type { NumberRule } from '../protocol.js';

export type Checked = { value: number | undefined } | { problem: string };

/** Empty text is `undefined` (the default). A comma counts as the decimal point; `1e-3` is a number. */
export function checkNumber(text: string, rule: NumberRule): Checked {
  const typed = text.trim();
  if (typed === '') return { value: undefined };
  const plain = /^[-+]?\d*,\d+$/.test(typed) ? typed.replace(',', '.') : typed;
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : Number.NaN;
  if (!Number.isFinite(value)) return { problem: l10n.t('Not a number.') };
  if (rule.integer && !Number.isSafeInteger(value)) return { problem: l10n.t('Must be a whole number.') };
  if (rule.minimum !== undefined && value < rule.minimum)
    return { problem: l10n.t('Must be {0} or more.', rule.minimum) };
  if (rule.exclusiveMinimum !== undefined && value <= rule.exclusiveMinimum)
    return { problem: l10n.t('Must be more than {0}.', rule.exclusiveMinimum) };
  if (rule.maximum !== undefined && value > rule.maximum)
    return { problem: l10n.t('Must be {0} or less.', rule.maximum) };
  if (rule.exclusiveMaximum !== undefined && value >= rule.exclusiveMaximum)
    return { problem: l10n.t('Must be less than {0}.', rule.exclusiveMaximum) };
  return { value };
}
