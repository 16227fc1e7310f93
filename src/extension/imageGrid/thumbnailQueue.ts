/**
 * Which thumbnails are made next: those that the view wishes for now, a few at a time. Earlier wishes are dropped.
 * Where the process dies, the images it was at are tried one by one, so that only the culprit gets the blame.
 */
import { TrainerDied } from '../trainer/trainerDied.js';

/** Images decoded at a time. */
const atOnce = 4;

export class ThumbnailQueue {
  #wanted: number[] = [];
  readonly #underWay = new Set<number>();
  /** Images that were at work when the process died. */
  readonly #suspects = new Set<number>();
  #isClosed = false;

  constructor(
    private readonly make: (row: number) => Promise<string>,
    private readonly onMade: (row: number, src: string) => void,
    /** `isCulprit`: it ended the process twice, the second time alone. */
    private readonly onFailed: (row: number, error: unknown, isCulprit: boolean) => void,
  ) {}

  /** The rows whose thumbnails are wanted, in this order, in the place of all earlier wishes. */
  want(rows: readonly number[]): void {
    this.#wanted = rows.filter((row) => !this.#underWay.has(row));
    this.#proceed();
  }

  close(): void {
    this.#isClosed = true;
    this.#wanted = [];
  }

  #proceed(): void {
    for (let row = this.#next(); row !== undefined; row = this.#next()) {
      this.#wanted = this.#wanted.filter((each) => each !== row);
      this.#underWay.add(row);
      void this.#makeOne(row);
    }
  }

  #next(): number | undefined {
    if (this.#underWay.size >= atOnce || [...this.#underWay].some((row) => this.#suspects.has(row))) return undefined;
    const innocent = this.#wanted.find((row) => !this.#suspects.has(row));
    if (innocent !== undefined) return innocent;
    return this.#underWay.size === 0 ? this.#wanted[0] : undefined;
  }

  async #makeOne(row: number): Promise<void> {
    try {
      const src = await this.make(row);
      if (!this.#isClosed) this.onMade(row, src);
      this.#suspects.delete(row);
    } catch (error) {
      const isFirstDeath = error instanceof TrainerDied && !this.#suspects.has(row);
      if (isFirstDeath) this.#suspects.add(row);
      if (isFirstDeath && !this.#isClosed) this.#wanted.push(row);
      else if (!this.#isClosed) this.onFailed(row, error, error instanceof TrainerDied);
    } finally {
      this.#underWay.delete(row);
      this.#proceed();
    }
  }
}
