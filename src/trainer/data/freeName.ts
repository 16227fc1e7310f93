/** Names of files that nothing else in their folder has: a name that is taken gets a number. */
import { extname } from 'node:path';

/** As systems compare names that do not tell `A` from `a`: then no name is lost where a dataset is copied to one. */
const keyOf = (name: string): string => name.normalize('NFC').toLowerCase();

export class FreeNames {
  readonly #taken: Set<string>;

  constructor(names: Iterable<string>) {
    this.#taken = new Set([...names].map(keyOf));
  }

  /** The name, or `name-2.jpg` and so on; it is taken from then on. */
  take(name: string): string {
    const ending = extname(name);
    const stem = name.slice(0, name.length - ending.length);
    let free = name;
    for (let number = 2; this.#taken.has(keyOf(free)); number++) free = `${stem}-${number}${ending}`;
    this.#taken.add(keyOf(free));
    return free;
  }
}
