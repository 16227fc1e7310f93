/** What the theme's variables resolve to, for what is drawn rather than styled, and a call when the theme changes. */

/** A variable that the theme leaves unset, or undefined where all are: high contrast themes set few colours. */
export function themeValue(name: string, ...fallbacks: string[]): string {
  const style = getComputedStyle(document.body);
  for (const each of [name, ...fallbacks]) {
    const value = style.getPropertyValue(each).trim();
    if (value !== '') return value;
  }
  return '';
}

/** The font of charts, which are drawn on a canvas. */
export const chartFont = (): string => `11px ${themeValue('--vscode-font-family') || 'sans-serif'}`;

/** Calls back when the theme is another; gives what ends it. */
export function onThemeChange(changed: () => void): () => void {
  const changes = new MutationObserver(changed);
  changes.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => changes.disconnect();
}
