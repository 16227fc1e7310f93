/**
 * The form controls of all views. The only importer of @vscode/webview-ui-toolkit, which is archived upstream:
 * to replace it, rewrite this file.
 */
import {
  type Button,
  type Checkbox,
  type Dropdown,
  type Option,
  type TextField,
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { h, icon } from './element.js';

provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeDropdown(),
  vsCodeOption(),
  vsCodeTextField(),
);

function make<T extends HTMLElement>(tag: string): T {
  return document.createElement(tag) as T;
}

let labels = 0;

export interface ButtonControl {
  element: HTMLElement;
  setDisabled(disabled: boolean): void;
  setLabel(label: string): void;
}

export function button(o: { label: string; appearance: 'primary' | 'secondary'; onClick: () => void }): ButtonControl {
  const element = make<Button>('vscode-button');
  element.setAttribute('appearance', o.appearance);
  element.textContent = o.label;
  element.addEventListener('click', () => {
    if (!element.disabled) o.onClick();
  });
  return {
    element,
    setDisabled: (disabled) => {
      element.disabled = disabled;
    },
    setLabel: (label) => {
      if (element.textContent !== label) element.textContent = label;
    },
  };
}

/** A small action in running text. */
export function textButton(label: string, onClick: () => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'text-button', click: onClick }, label);
}

/** A square button that is only an icon; `label` is its name for screen readers and its tooltip. */
export function iconButton(name: Parameters<typeof icon>[0], label: string, onClick: () => void): HTMLButtonElement {
  return h(
    'button',
    { type: 'button', class: 'icon-button', title: label, 'aria-label': label, click: onClick },
    icon(name),
  );
}

export interface TextControl {
  element: HTMLElement;
  readonly value: string;
  setValue(value: string): void;
  setPlaceholder(text: string): void;
  /** Words below the field, read out at once, or null: all is well. */
  setProblem(problem: string | null): void;
  focus(): void;
}

/**
 * The visible label is outside the toolkit's field, so fields in a row line up when one label needs two lines. The
 * field's own label is hidden and serves screen readers.
 */
export function textField(o: {
  name: string;
  label: string;
  title?: string;
  placeholder?: string;
  numeric: boolean;
  onInput: () => void;
}): TextControl {
  const field = make<TextField>('vscode-text-field');
  field.textContent = o.label;
  field.dataset.field = o.name;
  if (o.placeholder) field.placeholder = o.placeholder;
  if (o.title) field.title = o.title;
  const label = h(
    'label',
    { class: 'label', 'aria-hidden': 'true', title: o.title, click: () => input()?.focus() },
    o.label,
  );
  const problem = h('p', { class: 'problem', role: 'alert' });
  problem.hidden = true;
  const input = () => field.shadowRoot?.querySelector('input');
  field.addEventListener('input', o.onInput);
  return {
    element: h('div', { class: 'field' }, label, field, problem),
    get value() {
      return field.value;
    },
    setValue: (value) => {
      field.value = value;
    },
    setPlaceholder: (text) => {
      field.placeholder = text;
      if (o.numeric) input()?.setAttribute('inputmode', 'decimal');
    },
    setProblem: (text) => {
      problem.hidden = text === null;
      if (problem.textContent !== (text ?? '')) problem.textContent = text ?? '';
      field.toggleAttribute('data-invalid', text !== null);
      field.ariaInvalid = String(text !== null);
      // An id cannot be named across the shadow root, so the words themselves describe the input.
      input()?.setAttribute('aria-description', text ?? '');
    },
    focus: () => {
      field.scrollIntoView({ block: 'nearest' });
      input()?.focus();
    },
  };
}

export interface ChoiceOption {
  value: string;
  label: string;
  disabled?: boolean;
}

export interface ChoiceControl {
  element: HTMLElement;
  readonly value: string;
  setOptions(options: ChoiceOption[], chosen: string): void;
  setProblem(problem: string | null): void;
  focus(): void;
}

/** A drop-down list under a label; `action` is a small button on the label's line. */
export function dropdown(o: {
  name: string;
  label: string;
  action?: HTMLElement;
  onChange: (value: string) => void;
}): ChoiceControl {
  const id = `label-${++labels}`;
  const list = make<Dropdown>('vscode-dropdown');
  list.dataset.field = o.name;
  list.setAttribute('aria-labelledby', id);
  const label = h('label', { id, class: 'label', click: () => list.focus() }, o.label);
  const problem = h('p', { class: 'problem', role: 'alert' });
  problem.hidden = true;
  let shown = '';
  let value = '';
  // The toolkit also says `change` when options are replaced under it; only a new value is one.
  list.addEventListener('change', () => {
    if (list.value === value) return;
    value = list.value;
    o.onChange(value);
  });
  return {
    element: h('div', { class: 'field' }, h('div', { class: 'label-line' }, label, o.action), list, problem),
    get value() {
      return value;
    },
    setOptions: (options, chosen) => {
      const wanted = JSON.stringify([options, chosen]);
      if (wanted === shown && value === chosen) return;
      shown = wanted;
      value = chosen;
      // Among new options the toolkit would look for its old value first, and keep that where both are there.
      list.value = chosen;
      list.replaceChildren(
        ...options.map((option) => {
          const element = make<Option>('vscode-option');
          element.setAttribute('value', option.value);
          element.textContent = option.label;
          element.title = option.label;
          if (option.disabled) element.setAttribute('disabled', '');
          if (option.value === chosen) element.setAttribute('selected', '');
          return element;
        }),
      );
    },
    setProblem: (text) => {
      problem.hidden = text === null;
      if (problem.textContent !== (text ?? '')) problem.textContent = text ?? '';
      list.toggleAttribute('data-invalid', text !== null);
      list.setAttribute('aria-invalid', String(text !== null));
    },
    focus: () => {
      list.scrollIntoView({ block: 'nearest' });
      list.focus();
    },
  };
}

export interface CheckControl {
  element: HTMLElement;
  readonly checked: boolean;
  setChecked(checked: boolean): void;
}

export function checkbox(o: { name: string; label: string; title?: string; onChange: () => void }): CheckControl {
  const box = make<Checkbox>('vscode-checkbox');
  box.textContent = o.label;
  box.dataset.field = o.name;
  if (o.title) box.title = o.title;
  let checked = false;
  box.addEventListener('change', () => {
    if (box.checked === checked) return;
    checked = box.checked;
    o.onChange();
  });
  return {
    element: box,
    get checked() {
      return checked;
    },
    setChecked: (value) => {
      checked = value;
      box.checked = value;
    },
  };
}
