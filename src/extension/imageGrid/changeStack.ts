/** What was changed of images and can be undone, and what was undone and can be done again; the last first. */

/** Something that was done or undone: `work` takes it back. */
export interface Entry<Work> {
  /** What was done, in words. */
  title: string;
  dataset: string;
  work: Work;
}

/** So many are kept. */
const most = 100;

export class ChangeStack<Work> {
  readonly #undo: Entry<Work>[] = [];
  readonly #redo: Entry<Work>[] = [];

  /** Entries that are kept no longer are handed to `onDrop`. */
  constructor(private readonly onDrop: (entry: Entry<Work>) => void) {}

  /** Something new was done: what was undone before cannot be done again. */
  add(entry: Entry<Work>): void {
    this.#undo.push(entry);
    for (const dropped of [...this.#redo.splice(0), ...this.#undo.splice(0, Math.max(0, this.#undo.length - most))])
      this.onDrop(dropped);
  }

  isLast(entry: Entry<Work>): boolean {
    return this.#undo.at(-1) === entry;
  }

  take(direction: 'undo' | 'redo'): Entry<Work> | undefined {
    return this.#of(direction).pop();
  }

  put(direction: 'undo' | 'redo', entry: Entry<Work>): void {
    this.#of(direction).push(entry);
  }

  #of(direction: 'undo' | 'redo'): Entry<Work>[] {
    return direction === 'undo' ? this.#undo : this.#redo;
  }
}
