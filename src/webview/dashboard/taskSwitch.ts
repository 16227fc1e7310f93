/** Chooses which of several tasks is shown; with one task there is nothing to choose. */
import * as l10n from '@vscode/l10n';
import { h } from '../element.js';

export class TaskSwitch {
  readonly element = h('div', {
    class: 'task-switch',
    role: 'radiogroup',
    'aria-label': l10n.t('Task'),
    keydown: (event: KeyboardEvent) => this.key(event),
  });
  private names: readonly string[] = [];

  constructor(
    /** What was chosen before. */
    private wanted: string | undefined,
    private readonly onChoose: () => void,
  ) {}

  /** The task that is shown: what was chosen, if it is there, else the first. */
  get chosen(): string | undefined {
    return this.wanted !== undefined && this.names.includes(this.wanted) ? this.wanted : this.names[0];
  }

  show(names: readonly string[]): void {
    if (names.join('\n') === this.names.join('\n') && this.element.childElementCount > 0) return;
    this.names = names;
    this.element.hidden = names.length < 2;
    this.draw();
  }

  private draw(): void {
    this.element.replaceChildren(
      ...this.names.map((name) => {
        const isChosen = name === this.chosen;
        return h(
          'button',
          {
            type: 'button',
            role: 'radio',
            'aria-checked': String(isChosen),
            tabindex: isChosen ? 0 : -1,
            click: () => this.choose(name),
          },
          name,
        );
      }),
    );
  }

  private choose(name: string): void {
    if (name === this.chosen) return;
    this.wanted = name;
    this.draw();
    this.element.querySelector<HTMLElement>('[aria-checked="true"]')?.focus();
    this.onChoose();
  }

  private key(event: KeyboardEvent): void {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    const at = this.names.indexOf(this.chosen ?? '');
    this.choose(this.names[(at + way + this.names.length) % this.names.length]!);
  }
}
