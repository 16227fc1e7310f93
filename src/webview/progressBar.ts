/** A thin progress bar in VS Code's colour, determinate or not. */
import { h } from './element.js';

export interface ProgressBar {
  element: HTMLElement;
  /** 0 to 1, or null while nobody knows; `label` names it for screen readers. */
  set(share: number | null, label: string): void;
}

export function progressBar(): ProgressBar {
  const fill = h('div', { class: 'progress-fill' });
  const element = h('div', { class: 'progress', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 }, fill);
  return {
    element,
    set: (share, label) => {
      element.setAttribute('aria-label', label);
      element.toggleAttribute('data-indeterminate', share === null);
      if (share === null) {
        element.removeAttribute('aria-valuenow');
        fill.style.width = '';
      } else {
        const percent = Math.min(100, Math.max(0, share * 100));
        element.setAttribute('aria-valuenow', String(Math.round(percent)));
        fill.style.width = `${percent}%`;
      }
    },
  };
}
