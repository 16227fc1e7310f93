/** Check boxes for the modules that a method adapts; at least one must be chosen. */
import * as l10n from '@vscode/l10n';
import { type CheckControl, checkbox } from '../controls.js';
import { h } from '../element.js';

export class ModuleBoxes {
  private readonly group = h('fieldset', { class: 'modules' });
  private readonly problem = h('p', { class: 'problem', role: 'alert' });
  readonly element = h('div', {}, this.group, this.problem);
  private boxes = new Map<string, CheckControl>();
  private names: readonly string[] = [];
  private chosen: readonly string[];

  constructor(
    /** The option's, in the config. */
    readonly key: string,
    private readonly label: string,
    private readonly standard: readonly string[],
    private readonly onInput: () => void,
  ) {
    this.chosen = standard;
  }

  /** The modules to offer; those of the form are offered too. */
  setNames(names: readonly string[]): void {
    this.names = names;
    this.draw();
  }

  show(value: unknown): void {
    this.chosen = Array.isArray(value) ? (value as string[]) : this.standard;
    this.draw();
  }

  /** Undefined: the schema's default. */
  read(): readonly string[] | undefined {
    const same =
      this.chosen.length === this.standard.length && this.standard.every((name) => this.chosen.includes(name));
    return same || this.boxes.size === 0 ? undefined : this.chosen;
  }

  firstInvalid(): { focus(): void } | undefined {
    if (this.boxes.size === 0 || this.chosen.length) return undefined;
    return { focus: () => this.boxes.values().next().value?.element.focus() };
  }

  private draw(): void {
    const names = [...new Set([...this.names, ...this.chosen])];
    if (names.join() !== [...this.boxes.keys()].join()) {
      this.boxes = new Map(
        names.map((name) => {
          const box = checkbox({ name: `targetModules.${name}`, label: name, onChange: () => this.changed() });
          box.element.replaceChildren(...breakable(name));
          return [name, box];
        }),
      );
      this.group.replaceChildren(
        h('legend', { class: 'label' }, this.label),
        h('div', { class: 'boxes' }, ...[...this.boxes.values()].map(({ element }) => element)),
      );
    }
    for (const [name, box] of this.boxes) box.setChecked(this.chosen.includes(name));
    this.element.hidden = names.length === 0;
    this.showProblem();
  }

  private changed(): void {
    this.chosen = [...this.boxes].filter(([, box]) => box.checked).map(([name]) => name);
    this.showProblem();
    this.onInput();
  }

  private showProblem(): void {
    const none = this.firstInvalid() !== undefined;
    this.problem.textContent = none ? l10n.t('Choose at least one.') : '';
    this.problem.hidden = !none;
  }
}

/** The name of a layer, e.g. `attention.output.dense`, which may go on in the next line after each of its dots. */
function breakable(name: string): (string | Node)[] {
  return name.split('.').flatMap((part, index) => (index === 0 ? [part] : ['.', h('wbr'), part]));
}
