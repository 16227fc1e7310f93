/** A list to choose one of several words from, with what the chosen one means below it. */
import { type ChoiceControl, dropdown } from '../controls.js';
import { h } from '../element.js';
import type { MethodOption } from '../protocol.js';

export interface ChoiceField {
  element: HTMLElement;
  show(value: unknown): void;
  /** Undefined: the schema's default. */
  read(): string | undefined;
}

/** `name` is the input's, for people who test the page. */
export function choiceField(
  name: string,
  option: Extract<MethodOption, { kind: 'choice' }>,
  onInput: () => void,
): ChoiceField {
  const { label, title, values, details, default: usual = values[0]! } = option;
  const detail = h('p', { class: 'hint' });
  const showDetail = () => (detail.textContent = details?.[values.indexOf(control.value)] ?? '');
  const onChange = () => {
    showDetail();
    onInput();
  };
  const control: ChoiceControl = dropdown({ name, label, onChange });
  control.element.title = title;
  const options = values.map((value) => ({ value, label: value }));
  return {
    element: h('div', {}, control.element, details ? detail : null),
    show: (value) => {
      control.setOptions(options, typeof value === 'string' ? value : usual);
      showDetail();
    },
    read: () => (control.value === usual ? undefined : control.value),
  };
}
