/** The selected images of a list: a bit each, so that a million are selected as easily as one. */

export class Selection {
  readonly #bits: Uint8Array;
  #size = 0;

  constructor(readonly images: number) {
    this.#bits = new Uint8Array(Math.ceil(images / 8));
  }

  get size(): number {
    return this.#size;
  }

  has(row: number): boolean {
    return ((this.#bits[row >> 3]! >> (row & 7)) & 1) === 1;
  }

  set(row: number, isSelected: boolean): void {
    if (this.has(row) === isSelected) return;
    this.#bits[row >> 3]! ^= 1 << (row & 7);
    this.#size += isSelected ? 1 : -1;
  }

  setAll(): void {
    this.#bits.fill(255);
    // The last byte may have places for rows that are not there.
    if (this.images & 7) this.#bits[this.#bits.length - 1]! &= (1 << (this.images & 7)) - 1;
    this.#size = this.images;
  }

  clear(): void {
    this.#bits.fill(0);
    this.#size = 0;
  }

  /** All rows that are selected, in the order of the list. */
  rows(): Uint32Array<ArrayBuffer> {
    const rows = new Uint32Array(this.#size);
    let found = 0;
    for (let row = 0; row < this.images && found < rows.length; row++) if (this.has(row)) rows[found++] = row;
    return rows;
  }

  /** For what a view keeps: base64 of the bits; empty where nothing is selected. */
  toText(): string {
    if (this.#size === 0) return '';
    let text = '';
    // Not all as arguments of one call.
    for (let at = 0; at < this.#bits.length; at += 8192)
      text += String.fromCharCode(...this.#bits.subarray(at, at + 8192));
    return btoa(text);
  }

  /** Selects what `toText` gave for a list of as many images; another text selects nothing. */
  restore(text: string): void {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    if (bytes.length !== this.#bits.length) return;
    this.#bits.set(bytes);
    this.#size = 0;
    for (let row = 0; row < this.images; row++) if (this.has(row)) this.#size++;
  }
}
