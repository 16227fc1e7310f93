/** The inputs of one method's options, made from what the config's schema says of them. */
import * as l10n from '@vscode/l10n';
import { type CheckControl, type ChoiceControl, type TextControl, checkbox, dropdown, textField } from '../controls.js';
import { h } from '../element.js';
import type { MethodChoice, MethodForm, MethodOption } from '../protocol.js';
import { ModuleBoxes } from './moduleBoxes.js';
import { NumberFields, type NumberField } from './numberFields.js';
import { optionName } from './optionNames.js';

type Kind<K extends MethodOption['kind']> = Extract<MethodOption, { kind: K }>;

/** An input that is no number: an option's value to show, and to read where it is not the default. */
interface Field {
  key: string;
  show(value: unknown): void;
  /** Undefined: the schema's default. */
  read(): unknown;
  firstInvalid?(): { focus(): void } | undefined;
}

export class MethodFields {
  readonly element = h('div', { class: 'method-options' });
  private readonly numbers: NumberFields<string>;
  private readonly others: Field[] = [];
  private modules: ModuleBoxes | undefined;

  constructor(
    private readonly choice: MethodChoice,
    private readonly onInput: () => void,
  ) {
    const { options } = choice;
    const of = <K extends MethodOption['kind']>(kind: K) => options.filter((option): option is Kind<K> => option.kind === kind);
    this.numbers = new NumberFields(
      Object.fromEntries(
        of('number').map(({ key, title, rule }): [string, NumberField] => [key, { name: `method.${key}`, label: optionName(key), title, rule }]),
      ),
      onInput,
    );
    const numbers = of('number').map(({ key }) => this.numbers.element(key));
    const lists = of('list').map((option) => this.list(option));
    const choices = of('choice').map((option) => this.dropdown(option));
    const checks = of('check').map((option) => this.check(option));
    if (numbers.length) this.element.append(h('div', { class: 'grid' }, ...numbers));
    this.element.append(...choices, ...lists);
    for (const option of of('modules')) {
      this.modules = new ModuleBoxes(optionName(option.key), option.default, onInput);
      this.others.push({ key: option.key, ...bound(this.modules) });
      this.element.append(this.modules.element);
    }
    if (checks.length) this.element.append(h('div', { class: 'checks' }, ...checks));
    this.element.hidden = options.length === 0;
  }

  /** The modules that LoRA may adapt in the chosen model. */
  setTargetModules(names: readonly string[]): void {
    this.modules?.setNames(names);
  }

  show(method: MethodForm): void {
    this.numbers.show(method);
    for (const field of this.others) field.show(method[field.key]);
  }

  read(): MethodForm {
    const others = this.others.map((field) => [field.key, field.read()] as const).filter(([, value]) => value !== undefined);
    return { type: this.choice.type, ...this.numbers.read(), ...Object.fromEntries(others) };
  }

  firstInvalid(): { focus(): void } | undefined {
    return this.numbers.firstInvalid() ?? this.others.map((field) => field.firstInvalid?.()).find((invalid) => invalid !== undefined);
  }

  private check({ key, title, default: usual }: Kind<'check'>): HTMLElement {
    const box: CheckControl = checkbox({ name: `method.${key}`, label: optionName(key), title, onChange: this.onInput });
    this.others.push({
      key,
      show: (value) => box.setChecked(typeof value === 'boolean' ? value : usual),
      read: () => (box.checked === usual ? undefined : box.checked),
    });
    return box.element;
  }

  private dropdown({ key, title, values, default: usual }: Kind<'choice'>): HTMLElement {
    const control: ChoiceControl = dropdown({ name: `method.${key}`, label: optionName(key), onChange: this.onInput });
    control.element.title = title;
    const options = values.map((value) => ({ value, label: value }));
    this.others.push({
      key,
      show: (value) => control.setOptions(options, typeof value === 'string' ? value : (usual ?? values[0]!)),
      read: () => (control.value === usual ? undefined : control.value),
    });
    return control.element;
  }

  private list({ key, title, of }: Kind<'list'>): HTMLElement {
    const onTyped = () => {
      control.setProblem(wrong() ? l10n.t('Whole numbers with commas between them.') : null);
      this.onInput();
    };
    const control: TextControl = textField({ name: `method.${key}`, label: optionName(key), title, numeric: false, onInput: onTyped });
    const items = () =>
      control.value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean);
    const wrong = () => of === 'integer' && items().some((item) => !/^\d+$/.test(item));
    this.others.push({
      key,
      show: (value) => control.setValue(Array.isArray(value) ? value.join(', ') : ''),
      read: () => (items().length && !wrong() ? items().map((item) => (of === 'integer' ? Number(item) : item)) : undefined),
      firstInvalid: () => (wrong() ? control : undefined),
    });
    return control.element;
  }
}

const bound = (boxes: ModuleBoxes): Omit<Field, 'key'> => ({
  show: (value) => boxes.show(value),
  read: () => boxes.read(),
  firstInvalid: () => boxes.firstInvalid(),
});
