/** Cuts a stream of bytes into lines of JSON, and keeps the objects that a trainer printed. */

/** What a trainer prints: each object has a `type`. */
export type Printed = { readonly type: string } & Readonly<Record<string, unknown>>;

export class JsonLines {
  #rest = Buffer.alloc(0);

  /** The objects of the lines that `chunk` completes. */
  push(chunk: Buffer): Printed[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(10) + 1;
    this.#rest = bytes.subarray(end);
    return parseLines(bytes.subarray(0, end).toString('utf8'));
  }
}

/** The objects of a text's lines. Other lines (torn by a crash, a warning of a library) are left out. */
export function parseLines(text: string): Printed[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      const object = JSON.parse(line) as Partial<Printed>;
      return typeof object.type === 'string' ? [object as Printed] : [];
    } catch {
      // A torn line: the writer was killed while it wrote. The lines around it are whole.
      return [];
    }
  });
}
