/** Cuts a stream of bytes into lines of JSON; what is no JSON object is left out. */

export class JsonLines {
  #rest = Buffer.alloc(0);

  /**
   * The objects of the lines that `chunk` completes. A line that is no JSON (torn by a crash, a warning of a library)
   * is left out.
   */
  push(chunk: Buffer): unknown[] {
    const bytes = Buffer.concat([this.#rest, chunk]);
    const end = bytes.lastIndexOf(10) + 1;
    this.#rest = bytes.subarray(end);
    return parseLines(bytes.subarray(0, end).toString('utf8'));
  }
}

export function parseLines(text: string): unknown[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      // A torn line: the writer was killed while it wrote. The lines around it are whole.
      return [];
    }
  });
}
