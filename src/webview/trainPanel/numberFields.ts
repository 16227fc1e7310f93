/** Numeric inputs of the training form: their values and validity. */
import { type TextControl, textField } from '../controls.js';
import type { NumberRule } from '../protocol.js';
import { checkNumber } from './checkNumber.js';

export interface NumberField {
  /** Of the input, for people who test the page. */
  name: string;
  label: string;
  /** Its explanation. */
  title: string;
  rule: NumberRule;
  /** Placeholder where the rule has no default. */
  empty?: string;
}

/** Inputs by the keys of `fields`; `onInput` is called after each change. */
export class NumberFields<Key extends string> {
  private readonly controls: Record<Key, TextControl>;
  private readonly values = new Map<Key, number>();
  private readonly invalid = new Set<Key>();

  constructor(
    private readonly fields: Readonly<Record<Key, NumberField>>,
    onInput: () => void,
  ) {
    const entries = this.keys().map((key) => {
      const { name, label, title } = fields[key];
      const onTyped = () => {
        this.check(key);
        onInput();
      };
      return [key, textField({ name, label, title, numeric: true, onInput: onTyped })] as const;
    });
    this.controls = Object.fromEntries(entries) as Record<Key, TextControl>;
    for (const key of this.keys())
      this.setPlaceholder(key, String(fields[key].rule.default ?? fields[key].empty ?? ''));
  }

  /** In the order of the fields. */
  get elements(): HTMLElement[] {
    return this.keys().map((key) => this.element(key));
  }

  element(key: Key): HTMLElement {
    return this.controls[key].element;
  }

  /** Shows values by key; a key left out is empty. */
  show(values: Readonly<Record<string, unknown>>): void {
    for (const key of this.keys()) {
      const value = values[key];
      this.controls[key].setValue(typeof value === 'number' ? String(value) : '');
      this.check(key);
    }
  }

  /** Says what an empty field means. */
  setPlaceholder(key: Key, words: string): void {
    this.controls[key].setPlaceholder(words);
  }

  /** What is typed and valid, by key. */
  read(): Partial<Record<Key, number>> {
    return Object.fromEntries(this.values) as Partial<Record<Key, number>>;
  }

  /** The first (in the order of the fields) that holds something wrong. */
  firstInvalid(): TextControl | undefined {
    const key = this.keys().find((candidate) => this.invalid.has(candidate));
    return key && this.controls[key];
  }

  private keys(): Key[] {
    return Object.keys(this.fields) as Key[];
  }

  private check(key: Key): void {
    const checked = checkNumber(this.controls[key].value, this.fields[key].rule);
    const problem = 'problem' in checked ? checked.problem : null;
    this.controls[key].setProblem(problem);
    this.values.delete(key);
    this.invalid.delete(key);
    if ('problem' in checked) this.invalid.add(key);
    else if (checked.value !== undefined) this.values.set(key, checked.value);
  }
}
