/** The images of a split with their labels, in little memory: a run holds up to a million of them. */
import { Column } from './digestTable.js';
import { PathTable } from './pathTable.js';
import type { Labels, Sample } from './sample.js';

export class Samples implements Iterable<Sample> {
  readonly #paths = new PathTable();
  /** What labels there are, and which each image has. */
  readonly #labels: Labels[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #label = new Column(new Uint32Array(16));

  static of(samples: Iterable<Sample>): Samples {
    const made = new Samples();
    for (const { path, ...labels } of samples) made.push(path, labels);
    return made;
  }

  get length(): number {
    return this.#paths.length;
  }

  push(path: string, labels: Labels): void {
    this.#label.set(this.length, this.#numberOf(labels));
    this.#paths.push(path);
  }

  #numberOf(labels: Labels): number {
    if (labels === this.#labels.at(-1)) return this.#labels.length - 1;
    const key = JSON.stringify([labels.label, labels.targets]);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#labels.length);
    return this.#labels.push(labels) - 1;
  }

  /** The image number `row`, counted from 0. */
  at(row: number): Sample {
    return { path: this.pathAt(row), ...this.labelsAt(row) };
  }

  pathAt(row: number): string {
    return this.#paths.at(row);
  }

  labelsAt(row: number): Labels {
    return this.#labels[this.#label.get(row)]!;
  }

  /** Those of which `isKept` says so by their numbers, in their order. */
  filter(isKept: (row: number) => boolean): Samples {
    const kept = new Samples();
    for (let row = 0; row < this.length; row++) if (isKept(row)) kept.push(this.pathAt(row), this.labelsAt(row));
    return kept;
  }

  *[Symbol.iterator](): Generator<Sample, void, undefined> {
    for (let row = 0; row < this.length; row++) yield this.at(row);
  }
}
