/** The numeric inputs of the training form: their names, explanations, values and validity. */
import * as l10n from '@vscode/l10n';
import { type TextControl, textField } from '../controls.js';
import type { NumberKey, NumberRule, TrainForm } from '../protocol.js';
import { checkNumber } from './checkNumber.js';

interface Words {
  label: string;
  title: string;
}

function wordsOf(): Record<NumberKey, Words> {
  return {
    'method.rank': { label: l10n.t('Rank'), title: l10n.t('Width of the LoRA matrices. More learns more and needs more memory.') },
    'method.alpha': { label: l10n.t('Alpha'), title: l10n.t('LoRA updates are scaled by alpha / rank.') },
    'method.dropout': { label: l10n.t('Dropout'), title: l10n.t('Share of LoRA inputs that are dropped in training, 0 to 1.') },
    epochs: { label: l10n.t('Epochs'), title: l10n.t('How often every training picture is seen.') },
    batchSize: { label: l10n.t('Batch size'), title: l10n.t('Pictures in each step. Less needs less memory.') },
    learningRate: { label: l10n.t('Learning rate'), title: l10n.t('Highest learning rate, reached after the warm-up. Empty: the default of the method.') },
    seed: { label: l10n.t('Seed'), title: l10n.t('The same seed gives the same split, order and result.') },
    validationSplit: { label: l10n.t('Validation share'), title: l10n.t('Share of pictures kept for validation where the dataset has no validation folder.') },
    warmupRatio: { label: l10n.t('Warm-up'), title: l10n.t('Share of the steps in which the learning rate rises from 0.') },
    weightDecay: { label: l10n.t('Weight decay'), title: l10n.t('How strongly weights are pulled towards 0 (AdamW).') },
    labelSmoothingFactor: { label: l10n.t('Label smoothing'), title: l10n.t('Share of certainty taken from the right answer and spread over all classes.') },
    earlyStoppingPatience: { label: l10n.t('Early stopping'), title: l10n.t('Stop after this many evaluations without a better result. Empty: never.') },
  };
}

/** All numeric inputs; `onInput` is called after each change. */
export class NumberFields {
  private readonly fields: Record<NumberKey, TextControl>;
  private readonly values = new Map<NumberKey, number>();
  private readonly invalid = new Set<NumberKey>();

  constructor(
    private rules: Record<NumberKey, NumberRule>,
    onInput: () => void,
  ) {
    const words = wordsOf();
    const keys = Object.keys(words) as NumberKey[];
    this.fields = Object.fromEntries(
      keys.map((key) => {
        const field = textField({
          name: key,
          ...words[key],
          numeric: true,
          onInput: () => {
            this.check(key);
            onInput();
          },
        });
        return [key, field];
      }),
    ) as Record<NumberKey, TextControl>;
  }

  element(key: NumberKey): HTMLElement {
    return this.fields[key].element;
  }

  /** Shows the form's values, `learningRate` as the default of that field. */
  show(form: TrainForm): void {
    const lora = form.method.type === 'lora' ? form.method : undefined;
    for (const key of this.keys()) {
      // A method other than LoRA says nothing of LoRA's options: what was typed there stays, in case the person comes back.
      if (key.startsWith('method.') && !lora) continue;
      const value = key.startsWith('method.') ? lora?.[key.slice(7) as 'rank'] : form[key as 'epochs'];
      this.fields[key].setValue(value === undefined ? '' : String(value));
      this.check(key);
    }
  }

  setRules(rules: Record<NumberKey, NumberRule>, learningRate: number): void {
    this.rules = rules;
    for (const key of this.keys()) {
      const standard = key === 'learningRate' ? learningRate : rules[key].default;
      const none = key === 'earlyStoppingPatience' ? l10n.t('Never') : '';
      this.fields[key].setPlaceholder(standard === undefined ? none : String(standard));
      this.check(key);
    }
  }

  get(key: NumberKey): number | undefined {
    return this.values.get(key);
  }

  /** The first of `keys` (in the order of the page) that holds something wrong. */
  firstInvalid(keys: NumberKey[]): TextControl | undefined {
    const key = keys.find((candidate) => this.invalid.has(candidate));
    return key && this.fields[key];
  }

  private keys(): NumberKey[] {
    return Object.keys(this.fields) as NumberKey[];
  }

  private check(key: NumberKey): void {
    const checked = checkNumber(this.fields[key].value, this.rules[key]);
    const problem = 'problem' in checked ? checked.problem : null;
    this.fields[key].setProblem(problem);
    this.values.delete(key);
    this.invalid.delete(key);
    if ('problem' in checked) this.invalid.add(key);
    else if (checked.value !== undefined) this.values.set(key, checked.value);
  }
}
