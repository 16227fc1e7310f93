/**
 * The inputs of one method's options, made from what the config's schema says of them; those that few people need are
 * folded away.
 */
import * as l10n from '@vscode/l10n';
import { type CheckControl, type TextControl, checkbox, textField } from '../controls.js';
import { h, icon } from '../element.js';
import type { MethodChoice, MethodForm, MethodOption } from '../protocol.js';
import { choiceField } from './choiceField.js';
import { ModuleBoxes } from './moduleBoxes.js';
import { NumberFields, type NumberField } from './numberFields.js';

type Kind<K extends MethodOption['kind']> = Extract<MethodOption, { kind: K }>;

/** A non-numeric input: shows an option's value, and reads it if it is not the default. */
interface Field {
  readonly key: string;
  show(value: unknown): void;
  /** Undefined: the schema's default. */
  read(): unknown;
  firstInvalid?(): { focus(): void } | undefined;
}

export class MethodFields {
  readonly element = h('div', { class: 'method-options' });
  private readonly numbers: NumberFields<string>;
  private readonly others: Field[] = [];
  /** Of the options that are shown only for one solver, by key. */
  private readonly elements = new Map<string, HTMLElement>();
  private readonly more: HTMLDetailsElement;
  private modules: ModuleBoxes | undefined;

  constructor(
    private readonly choice: MethodChoice,
    private readonly onInput: () => void,
  ) {
    const { options } = choice;
    const numbers = options.filter((option): option is Kind<'number'> => option.kind === 'number');
    this.numbers = new NumberFields(
      Object.fromEntries(
        numbers.map((option): [string, NumberField] => [option.key, { ...option, name: `method.${option.key}` }]),
      ),
      onInput,
    );
    const rare = this.inputs(options.filter(({ isFolded }) => isFolded));
    const moreInputs = h('div', { class: 'more-options' }, ...rare);
    this.more = h('details', { class: 'fold' }, h('summary', {}, icon('chevron'), l10n.t('More options')), moreInputs);
    this.element.append(...this.inputs(options.filter(({ isFolded }) => !isFolded)), this.more);
    this.element.hidden = options.length === 0;
    this.show({ type: choice.type });
  }

  /** The modules that LoRA may adapt in the chosen model. */
  setTargetModules(names: readonly string[]): void {
    this.modules?.setNames(names);
  }

  show(method: MethodForm): void {
    this.numbers.show(method);
    for (const field of this.others) field.show(method[field.key]);
    this.showSolver();
    if (this.choice.options.some(({ key, isFolded }) => isFolded && method[key] !== undefined)) this.more.open = true;
  }

  /** Whether the method takes steps, as its options are. */
  get takesSteps(): boolean {
    return this.choice.learningRate !== '' && this.solver !== 'ridge';
  }

  private get solver(): unknown {
    return this.others.find(({ key }) => key === 'solver')?.read();
  }

  private readonly changed = (): void => {
    this.showSolver();
    this.onInput();
  };

  /** Hides what the solver does not read. */
  private showSolver(): void {
    for (const [key, element] of this.elements) element.hidden = this.isUnread(key);
    const rare = this.choice.options.filter(({ isFolded }) => isFolded);
    this.more.hidden = rare.every(({ key }) => this.isUnread(key));
  }

  private isUnread(key: string): boolean {
    const option = this.choice.options.find((each) => each.key === key)!;
    return this.solver === 'ridge' ? option.needsTraining === true : option.needsRidge === true;
  }

  read(): MethodForm {
    const others = this.others
      .map((field) => [field.key, field.read()] as const)
      .filter(([, value]) => value !== undefined);
    const all = Object.entries({ ...this.numbers.read(), ...Object.fromEntries(others) });
    return { type: this.choice.type, ...Object.fromEntries(all.filter(([key]) => !this.isUnread(key))) };
  }

  firstInvalid(): { focus(): void } | undefined {
    const invalid =
      this.numbers.firstInvalid() ??
      this.others.map((field) => field.firstInvalid?.()).find((each) => each !== undefined);
    return invalid && { focus: () => this.reach(invalid) };
  }

  /** What has the fault may be folded away. */
  private reach(invalid: { focus(): void }): void {
    if (this.more.querySelector('[data-invalid]')) this.more.open = true;
    invalid.focus();
  }

  /** Numbers in a grid, then lists to choose from, texts, modules, and check boxes in a row. */
  private inputs(options: readonly MethodOption[]): HTMLElement[] {
    const of = <K extends MethodOption['kind']>(kind: K) =>
      options.filter((option): option is Kind<K> => option.kind === kind);
    const group = (name: string, inputs: HTMLElement[]) =>
      inputs.length ? [h('div', { class: name }, ...inputs)] : [];
    return [
      ...group(
        'grid',
        of('number').map(({ key }) => {
          const element = this.numbers.element(key);
          this.elements.set(key, element);
          return element;
        }),
      ),
      ...of('choice').map((option) => this.dropdown(option)),
      ...of('list').map((option) => this.list(option)),
      ...of('modules').map((option) => this.boxes(option)),
      ...group(
        'checks',
        of('check').map((option) => this.check(option)),
      ),
    ];
  }

  private boxes({ key, label, default: usual }: Kind<'modules'>): HTMLElement {
    this.modules = new ModuleBoxes(key, label, usual, this.onInput);
    this.others.push(this.modules);
    return this.modules.element;
  }

  private check({ key, label, title, default: usual }: Kind<'check'>): HTMLElement {
    const box: CheckControl = checkbox({
      name: `method.${key}`,
      label,
      title,
      onChange: this.onInput,
    });
    this.others.push({
      key,
      show: (value) => box.setChecked(typeof value === 'boolean' ? value : usual),
      read: () => (box.checked === usual ? undefined : box.checked),
    });
    return box.element;
  }

  private dropdown(option: Kind<'choice'>): HTMLElement {
    const { element, ...field } = choiceField(`method.${option.key}`, option, this.changed);
    this.others.push({ key: option.key, ...field });
    return element;
  }

  private list({ key, label, title, empty, of }: Kind<'list'>): HTMLElement {
    const onTyped = () => {
      control.setProblem(wrong() ? l10n.t('Whole numbers with commas between them.') : null);
      this.onInput();
    };
    const control: TextControl = textField({
      name: `method.${key}`,
      label,
      title,
      placeholder: empty,
      numeric: false,
      onInput: onTyped,
    });
    const items = () =>
      control.value
        .split(',')
        .map((item) => item.trim())
        .filter(Boolean);
    const wrong = () => of === 'integer' && items().some((item) => !/^\d+$/.test(item));
    this.others.push({
      key,
      show: (value) => control.setValue(Array.isArray(value) ? value.join(', ') : ''),
      read: () =>
        items().length && !wrong() ? items().map((item) => (of === 'integer' ? Number(item) : item)) : undefined,
      firstInvalid: () => (wrong() ? control : undefined),
    });
    return control.element;
  }
}
