/** Builds HTML whose inserted values are always escaped. */

/** A piece of HTML that is safe to insert as it is. */
export class Html {
  constructor(readonly text: string) {}
}

type Value = Html | string | number | readonly Html[];

function textOf(value: Value): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map((piece) => piece.text).join('');
  return String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** html`<b>${name}</b>`: strings and numbers are escaped, pieces of HTML and lists of them go in as they are. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return new Html(parts.reduce((text, part, i) => text + textOf(values[i - 1] ?? '') + part));
}

/** A link that runs a command with arguments; the panel must allow it. */
export function commandLink(command: string, args: unknown[], label: Value): Html {
  return html`<a href="command:${command}?${encodeURIComponent(JSON.stringify(args))}">${label}</a>`;
}
