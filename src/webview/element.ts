/** `h` makes one DOM element: attributes, listeners and children in one call, text always as text. */

export type Child = Node | string | null | undefined | false;
type AttributeValue = string | number | boolean | undefined | ((event: never) => void);

/**
 * Attributes that are `false` or undefined are left out, `true` is an empty attribute, a function listens to the event
 * of that name.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, AttributeValue> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value as (event: Event) => void);
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(
    ...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Makes one element of an SVG. */
export function svg(tag: string, attributes: Record<string, string | number>, text?: string): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** Replaces what is in `parent`, unless it would stay the same text: a live region is then not read out twice. */
export function setText(parent: Element, text: string): void {
  if (parent.textContent !== text) parent.textContent = text;
}

/** A 16 px line icon in the colour of the text around it; decoration only, so hidden from screen readers. */
export function icon(name: keyof typeof paths): SVGSVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', paths[name]);
  svg.append(path);
  return svg;
}

const paths = {
  error: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13M5.5 5.5l5 5M10.5 5.5l-5 5',
  warning: 'M8 2L14.5 13.5H1.5ZM8 6.5v3.5M8 11.5v.5',
  info: 'M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0 -13M8 7v4.5M8 4.5v.5',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5l3.5 3.5l6.5 -8',
  up: 'M8 13V3M4 7l4 -4l4 4',
  down: 'M8 3v10M4 9l4 4l4 -4',
  chevron: 'M6 4l4 4l-4 4',
  image: 'M1.5 3.5h13v9h-13ZM1.5 11l4 -4l3 3l2 -2l4 4M11 6v.1',
};
