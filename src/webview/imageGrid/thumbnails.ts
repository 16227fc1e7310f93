/** The thumbnails that the view has, those used last; and the wish for those that it lacks. */
import type { ErrorInfo } from '../../trainer/protocol.js';

/** A data URI, or why there is none. */
export type Thumbnail = { src: string } | { error: ErrorInfo };

/** Milliseconds in which wishes are gathered: what a quick movement passes is not asked for. */
const gather = 60;

/** So many are kept, of some ten thousand bytes each. */
const most = 1500;

export class Thumbnails {
  readonly #known = new Map<number, Thumbnail>();
  #seen: readonly number[] = [];
  #wanted = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly want: (rows: number[]) => void) {}

  get(row: number): Thumbnail | undefined {
    const known = this.#known.get(row);
    if (known) {
      // The most recent last, so that the one used longest ago is forgotten first.
      this.#known.delete(row);
      this.#known.set(row, known);
    }
    return known;
  }

  set(row: number, thumbnail: Thumbnail): void {
    this.#known.set(row, thumbnail);
    if (this.#known.size > most) this.#known.delete(this.#known.keys().next().value!);
  }

  /** These rows are seen now, or soon: those without a thumbnail are asked for, in this order. */
  show(rows: readonly number[]): void {
    this.#seen = rows;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const wanted = this.#seen.filter((row) => !this.#known.has(row));
      const key = wanted.join();
      if (key === this.#wanted) return;
      this.#wanted = key;
      this.want(wanted);
    }, gather);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
